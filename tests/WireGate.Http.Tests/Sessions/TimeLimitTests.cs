using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Nobody holds a connection by doing next to nothing on it.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class TimeLimitTests(TransportKind transport) : HttpFixture(transport)
{
    private const int Rate = 100;

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
        Limits = new LimitsConfig
        {
            RequestHead = TimeSpan.FromSeconds(20),
            RequestBodyRate = Rate,
            FirstByte = TimeSpan.FromSeconds(60),
            ResponseIdle = TimeSpan.FromSeconds(90),
        },
    };

    [Test]
    public async Task T04_A_first_head_that_drips_ends_with_the_time_to_authenticate()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a");
        TimeSpan took = await PassAsync(client.ReadToEndAsync());

        Assert.That(took, Is.GreaterThanOrEqualTo(Config.Limits.Authentication));
    }

    [Test]
    public async Task T04_Another_head_that_drips_ends_in_its_time()
    {
        RawPeer client = await ConnectAsync();
        await AnswerOneAsync(client);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a");
        Task<string> end = client.ReadToEndAsync();
        TimeSpan took = await PassAsync(end, async () => await client.SendAsync("x"));

        Assert.That(took, Is.InRange(TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(10)));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.HandshakeTimeout));
    }

    [Test]
    public async Task T04_A_body_that_drips_is_cut()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Content-Length: 100000\r\n", "x"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await PassAsync(client.ReadToEndAsync(), async () => await client.SendAsync("x"));

        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.HandshakeTimeout));
        Assert.That(await upstream.ReadToEndAsync(), Does.Not.Contain("HTTP"));
    }

    [Test]
    public async Task T04_A_body_of_a_known_length_that_drips_is_cut_also_while_it_is_answered()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Content-Length: 100000\r\n", "x"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
        await client.HeadAsync();
        Task<string> answer = client.ReadToEndAsync();
        await PassAsync(answer, async () =>
        {
            await client.SendAsync("x");
            await upstream.SendAsync("y");
        });

        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.HandshakeTimeout));
        Assert.That(await answer, Does.Not.EndWith("0\r\n\r\n"), "what it got is not all");
        await upstream.ReadToEndAsync();
    }

    [Test]
    public async Task T04_A_body_of_a_known_length_that_drips_on_a_stream_is_cut_also_while_it_is_answered()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/", "content-length: 100000\n"), "x", isWhole: false);
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
        await client.AnswerAsync(stream, a => a.Heads.Count == 1);
        Task<Http2Answer> answer = client.AnswerAsync(stream);
        await PassAsync(answer, async () => await client.SendAsync(stream, "x", isLast: false));

        Assert.That((await answer).Reset, Is.EqualTo(ErrorCode.CANCEL));
        await upstream.ReadToEndAsync();
        Assert.That(Records(Core.Audit.AuditEventKind.SessionEnded), Is.Empty, "other streams go on");
    }

    [Test]
    public async Task A_stream_of_no_known_length_may_be_silent_while_it_is_answered()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/"), "x", isWhole: false);
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("x\r\n");
        await upstream.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
        await client.AnswerAsync(stream, a => a.Heads.Count == 1);
        for (int i = 0; i < 3; i++)
        {
            await PassAsync(80);
            await client.SendAsync(stream, "z", isLast: false);
            await upstream.ReadUntilAsync("z\r\n");
        }

        await client.SendAsync(stream, "", isLast: true);
        await upstream.ReadUntilAsync("0\r\n\r\n");
        await upstream.SendAsync("done");
        upstream.Finish();
        Assert.That((await client.AnswerAsync(stream)).Body, Is.EqualTo("done"));
    }

    [Test]
    public async Task A_body_in_chunks_may_be_silent_while_it_is_answered()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Transfer-Encoding: chunked\r\n", "1\r\nx\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("x\r\n");
        await upstream.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
        await client.HeadAsync();
        await PassAsync(80);
        await client.SendAsync("0\r\n\r\n");
        await upstream.ReadUntilAsync("0\r\n\r\n");
        await upstream.SendAsync("done");
        upstream.Finish();

        Assert.That(await client.ReadUntilAsync("done"), Does.EndWith("done"));
    }

    [Test]
    public async Task Who_is_answered_before_it_was_asked_for_its_body_owes_none()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Expect: 100-continue\r\nContent-Length: 100000\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno");
        await client.ReadUntilAsync("\r\n\r\nno");
        await PassAsync(80);
        await upstream.SendAsync("t");

        Assert.That(await client.ReadAsync(1), Is.EqualTo("t"));
    }

    [Test]
    public async Task T04_Who_was_asked_for_its_body_and_drips_is_cut()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Expect: 100-continue\r\nContent-Length: 100000\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
        await client.HeadAsync();
        await client.SendAsync("x");
        await upstream.ReadAsync(1);
        TimeSpan took = await PassAsync(client.ReadToEndAsync());

        Assert.That(took, Is.LessThan(TimeSpan.FromSeconds(60)));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.HandshakeTimeout));
    }

    [Test]
    public async Task An_answer_that_has_ended_ends_the_body_as_well()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Content-Length: 100000\r\n", "x"));
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("\r\n\r\nx");
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.That(await client.ReadUntilAsync("ok"), Does.Contain("Connection: close\r\n"));
        await upstream.ReadToEndAsync();
        await PassAsync(client.ReadToEndAsync(), async () => await client.SendAsync("x"));

        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }

    [Test]
    public async Task An_answer_that_has_ended_ends_the_body_on_a_stream_as_well()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/"), "x", isWhole: false);
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("x\r\n");
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Http2Answer answer = await client.AnswerAsync(stream, a => a.Reset is not null);

        Assert.That((answer.Body, answer.IsWhole, answer.Reset), Is.EqualTo(("ok", true, ErrorCode.NO_ERROR)));
        await upstream.ReadToEndAsync();
    }

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
    public async Task A_body_that_comes_fast_enough_may_take_its_time()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Content-Length: 12000\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        for (int second = 0; second < 60; second++)
        {
            await client.SendAsync(new string('x', 2 * Rate));
            await upstream.ReadAsync(2 * Rate);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.That(await client.ReadUntilAsync("\r\n\r\nok"), Does.StartWith("HTTP/1.1 200 "));
    }

    [TestCase("GET /", "", "")]
    [TestCase("POST /", "Content-Length: 3\r\n", "a=1")]
    public async Task An_upstream_that_does_not_answer_is_504(string line, string fields, string body)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(line, fields, body));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Task<string> answer = client.ReadUntilAsync("}\n");
        TimeSpan took = await PassAsync(answer);

        Assert.That(await answer, Does.StartWith("HTTP/1.1 504 Gateway Timeout\r\n").And.Contain("the upstream did not answer in time"));
        Assert.That(took, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(60)));
        Assert.That(IsUpstreamAsked, Is.False, "it is not made again");
    }

    [Test]
    public async Task A_client_that_waits_for_100_waits_for_the_upstream()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Task<string> answer = client.ReadUntilAsync("}\n");
        await PassAsync(answer);

        Assert.That(await answer, Does.StartWith("HTTP/1.1 504 "));
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

    [Test]
    public async Task An_answer_that_stands_still_is_cut()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx");
        await client.ReadUntilAsync("\r\n\r\nx");
        TimeSpan took = await PassAsync(client.ReadToEndAsync());

        Assert.That(took, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(90)));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.UpstreamClosed));
    }

    [Test]
    public async Task An_answer_that_goes_on_may_take_hours()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n");
        await client.HeadAsync();
        for (int i = 0; i < 50; i++)
        {
            await upstream.SendAsync("x");
            await client.ReadAsync(1);
            Time.Advance(TimeSpan.FromSeconds(60));
        }

        Assert.That(Records(Core.Audit.AuditEventKind.SessionEnded), Is.Empty);
    }

    [Test]
    public async Task What_follows_an_upgrade_ends_when_both_are_silent()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        await client.HeadAsync();
        for (int i = 0; i < 5; i++)
        {
            await client.SendAsync("x");
            await upstream.ReadAsync(1);
            Time.Advance(TimeSpan.FromSeconds(60));
        }

        await PassAsync(client.ReadToEndAsync());
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.UpstreamClosed));
    }

    /// <summary>So many seconds go by, and each is looked at.</summary>
    private async Task PassAsync(int seconds)
    {
        DateTimeOffset until = Time.GetUtcNow() + TimeSpan.FromSeconds(seconds);
        await PassAsync(Until.TrueAsync(() => Time.GetUtcNow() >= until, "time to go by"));
    }

    private async Task AnswerOneAsync(RawPeer client)
    {
        await client.SendAsync(Request("GET /ok"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await client.ReadUntilAsync("\r\n\r\nok");
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

    /// <summary>Time goes by, second by second, faster than it does.</summary>
    /// <returns>How long it took.</returns>
    private async Task<TimeSpan> PassAsync(Task until, Func<Task>? meanwhile = null)
    {
        DateTimeOffset before = Time.GetUtcNow();
        while (!until.IsCompleted)
        {
            try
            {
                await (meanwhile?.Invoke() ?? Task.CompletedTask);
            }
            catch (IOException)
            {
                // It has ended.
            }

            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(until, Task.Delay(2));
        }

        await until;
        return Time.GetUtcNow() - before;
    }
}

/// <summary>Limits that are shorter than the time between two looks at what is under way.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class ShortTimeLimitTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with { Limits = new LimitsConfig { FirstByte = TimeSpan.FromSeconds(1) } };

    [Test]
    public async Task An_upstream_is_late_when_it_is()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Task<string> answer = client.HeadAsync();
        int seconds = 0;
        while (!answer.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            seconds++;
            await Task.WhenAny(answer, Task.Delay(TimeSpan.FromSeconds(2)));
        }

        Assert.That(await answer, Does.StartWith("HTTP/1.1 504 "));
        Assert.That(seconds, Is.LessThanOrEqualTo(3));
    }
}
