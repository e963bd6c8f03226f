using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Nobody has the gateway keep answers that it does not read.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class UnreadAnswerTests(TransportKind transport) : TimedFixture(transport)
{
    [TestCase(false)]
    [TestCase(true)]
    public async Task T04_A_whole_answer_whose_window_stays_shut_is_cut_and_others_go_on(bool drips)
    {
        Http2Peer client = await ConnectHttp2Async((SettingId.INITIAL_WINDOW_SIZE, 10));
        client.GivesWindow = false;
        int goesOn = await client.AskAsync(Fields("GET", "/goes-on"));
        RawPeer other = await AcceptAsync();
        await other.HeadAsync();
        await other.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
        await client.AnswerAsync(goesOn, a => a.Heads.Count == 1);
        int stalled = await client.AskAsync(Fields("GET", "/stalled"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n{new string('x', 2000)}");
        await client.AnswerAsync(stalled, a => a.Body.Length == 10);
        Task<Http2Answer> answer = client.AnswerAsync(stalled);
        TimeSpan took = await PassAsync(answer, async () =>
        {
            await other.SendAsync("y");
            await client.WriteAsync(output => FrameWriter.WriteWindowUpdate(output, drips ? stalled : goesOn, 1));
        });

        Assert.That((await answer).Reset, Is.EqualTo(ErrorCode.CANCEL));
        Assert.That(took, Is.InRange(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(600)));
        await other.SendAsync("z");
        await client.WriteAsync(output => FrameWriter.WriteWindowUpdate(output, goesOn, 1000));
        await client.AnswerAsync(goesOn, a => a.Body.EndsWith('z'));
    }

    [Test]
    public async Task T04_A_client_that_reads_none_of_its_refusals_is_cut()
    {
        RawPeer client = await ConnectAsync();
        string requests = string.Concat(Enumerable.Repeat(Request("GET /admin/x"), 100));
        int sent = 0, still = 0;
        Task sending = Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    await client.SendAsync(requests);
                    Interlocked.Increment(ref sent);
                }
            }
            catch (IOException)
            {
                // The gateway has ended it.
            }
        });
        int seen = 0;
        await Until.TrueAsync(
            () =>
            {
                int now = Volatile.Read(ref sent);
                still = now == seen && now > 0 ? still + 1 : 0;
                seen = now;
                return still == 50;
            },
            "all buffers between the two to be full");
        await PassAsync(sending);

        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }

    [Test]
    public async Task T04_A_client_that_does_not_read_its_answer_is_cut()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
        Task sending = SendForeverAsync(upstream);
        TimeSpan took = await PassAsync(sending);

        Assert.That(took, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(60)));
        Assert.That((await EndAsync()).Detail, Is.EqualTo("it did not take its answer in time"));
        await client.ReadToEndAsync();
        Assert.That(client.WasReset);
    }

    [Test]
    public async Task A_client_that_reads_slowly_gets_all_of_its_answer()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        string body = new('x', 20_000_000);
        Task sending = upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await client.HeadAsync();
        for (int read = 0; read < body.Length; read += 1_000_000)
        {
            await client.ReadAsync(1_000_000);
            Time.Advance(TimeSpan.FromSeconds(5));
        }

        await sending;
    }

    [Test]
    public async Task T04_A_stream_whose_window_stays_shut_is_cut_and_others_go_on()
    {
        Http2Peer client = await ConnectHttp2Async();
        client.GivesWindow = false;
        int stalled = await client.AskAsync(Fields("GET", "/stalled"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
        Task sending = SendForeverAsync(upstream);
        await client.AnswerAsync(stalled, a => a.Body.Length == 65_535);
        TimeSpan took = await PassAsync(sending);

        Assert.That(took, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(60)));
        Assert.That((await client.AnswerAsync(stalled, a => a.Reset is not null)).Reset, Is.EqualTo(ErrorCode.CANCEL));
        int next = await client.AskAsync(Fields("GET", "/next"));
        RawPeer other = await AcceptAsync();
        await other.HeadAsync();
        await other.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.That((await client.AnswerAsync(next)).Head, Does.Contain(":status: 204"));
    }

    private static async Task SendForeverAsync(RawPeer peer)
    {
        byte[] block = new byte[100_000];
        try
        {
            while (true)
            {
                await peer.SendAsync(block);
            }
        }
        catch (IOException)
        {
            // The gateway has ended it.
        }
    }
}
