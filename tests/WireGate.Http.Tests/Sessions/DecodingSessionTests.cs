using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Time;
using static WireGate.Http.Tests.Credentials.Bodies.CodedBodies;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Compressed bodies of one caller, which wait for each other, and those of others, which do not.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class DecodingSessionTests(TransportKind transport) : HttpFixture(transport)
{
    private const int Many = 6;

    private readonly byte[] _body = Compress("gzip", new byte[3 * 1024 * 1024]);

    [Test]
    public async Task The_body_of_another_caller_does_not_wait_behind_many_of_one()
    {
        string another = Placeholders.Mint(p => p with { Targets = ["api"], Identity = p.Identity with { Subject = "another" } }).Token;
        using var first = new ManualResetEventSlim();
        Task begun = TakeTurnAsync(first);
        try
        {
            var clients = new List<RawPeer>();
            var upstreams = new List<RawPeer>();
            for (int i = 0; i < Many; i++)
            {
                clients.Add(await PostAsync(Token));
                upstreams.Add(await AcceptAsync());
            }

            await Until.TrueAsync(() => Held.Turns.Waiting == Many, "all of them to wait");
            RawPeer other = await PostAsync(another);
            await AnswerAsync(await AcceptAsync());
            Assert.That(await other.ReadUntilAsync("ok"), Does.StartWith("HTTP/1.1 200 OK\r\n"));
            Assert.That(Held.Turns.Waiting, Is.EqualTo(Many), "those of the other wait still");

            clients[0].Reset();
            first.Set();
            for (int i = 1; i < Many; i++)
            {
                await AnswerAsync(upstreams[i]);
                Assert.That(await clients[i].ReadUntilAsync("ok"), Does.StartWith("HTTP/1.1 200 OK\r\n"));
            }

            // Over a stream it is not known who has left before something is sent to them.
            upstreams[0].Dispose();
            await Until.TrueAsync(() => Records(AuditEventKind.SessionEnded).Count == 1, "the session of who left to end");
            Assert.That((Held.Turns.Waiting, Held.Bytes), Is.EqualTo((0, 0)));
        }
        finally
        {
            first.Set();
            await begun;
        }
    }

    [Test]
    public async Task A_session_that_is_ended_while_its_body_waits_leaves()
    {
        using var first = new ManualResetEventSlim();
        Task begun = TakeTurnAsync(first);
        try
        {
            RawPeer client = await PostAsync(Token);
            RawPeer upstream = await AcceptAsync();
            await Until.TrueAsync(() => Held.Turns.Waiting == 1, "its body to wait");
            Sessions.KillAll(SessionEnd.Shutdown);
            first.Set();

            Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
            Assert.That(await upstream.ReadToEndAsync(), Does.Not.Contain(Encoding.Latin1.GetString(_body)), "none of it was passed on");
            await client.ReadToEndAsync();
            Assert.That(Held.Turns.Waiting, Is.Zero);
        }
        finally
        {
            first.Set();
            await begun;
        }
    }

    private async Task<RawPeer> PostAsync(string token)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /v1", $"Content-Encoding: gzip\r\nContent-Length: {_body.Length}\r\n").Replace(Token, token, StringComparison.Ordinal));
        await client.SendAsync(_body);
        return client;
    }

    private async Task AnswerAsync(RawPeer upstream)
    {
        Assert.That(await upstream.HeadAsync(), Does.Contain("Content-Encoding: gzip\r\n"));
        Assert.That(await upstream.ReadAsync(_body.Length), Is.EqualTo(Encoding.Latin1.GetString(_body)));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
}
