using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Sessions;

/// <summary>When a connection of HTTP/2 to an upstream takes no more, goes away, or says nothing.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class Http2PoolTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) =>
        WithHttp2(config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] });

    [Test]
    public async Task More_requests_than_an_upstream_takes_at_once_are_made_on_another_connection()
    {
        Http2Peer client = await ConnectHttp2Async();
        Http2UpstreamPeer one = await FirstAsync(client, (SettingId.MAX_CONCURRENT_STREAMS, 1));
        int second = await client.AskAsync(Fields("GET", "/second")), third = await client.AskAsync(Fields("GET", "/third"));
        Http2UpstreamPeer two = await AcceptHttp2Async((SettingId.MAX_CONCURRENT_STREAMS, 100));
        await two.RequestAsync(1);
        await two.RequestAsync(3);
        await two.HeadersAsync(1, ":status: 204\n", isLast: true);
        await two.HeadersAsync(3, ":status: 204\n", isLast: true);
        await client.AnswerAsync(second);
        await client.AnswerAsync(third);
        Assert.That(one.Streams, Is.EqualTo(1));
    }

    [Test]
    public async Task Of_many_that_come_at_once_none_is_made_before_there_is_room()
    {
        Http2Peer client = await ConnectHttp2Async();
        int[] streams = new int[12];
        for (int i = 0; i < streams.Length; i++)
        {
            streams[i] = await client.AskAsync(Fields("POST", "/a"), "abc");
        }

        // None is answered before all are there: whoever comes later would find room.
        var asked = new List<(Http2UpstreamPeer Upstream, int Stream)>();
        while (asked.Count < streams.Length)
        {
            Http2UpstreamPeer upstream = await AcceptHttp2Async((SettingId.MAX_CONCURRENT_STREAMS, 5));
            for (int i = 0; i < 5 && asked.Count < streams.Length; i++)
            {
                Assert.That((await upstream.RequestAsync((2 * i) + 1, r => r.IsWhole)).Body, Is.EqualTo("abc"));
                asked.Add((upstream, (2 * i) + 1));
            }
        }

        foreach ((Http2UpstreamPeer upstream, int stream) in asked)
        {
            await upstream.HeadersAsync(stream, ":status: 204\n", isLast: true);
        }

        foreach (int stream in streams)
        {
            Assert.That((await client.AnswerAsync(stream)).Head, Is.EqualTo(":status: 204\n"));
        }
    }

    [Test]
    public async Task What_an_upgrade_left_is_for_no_request_of_HTTP_2()
    {
        RawPeer first = await ConnectAsync();
        await first.SendAsync(Request("GET /ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
        RawPeer left = await AcceptAsync();
        await left.HeadAsync();
        await left.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
        await first.ReadUntilAsync("\r\n\r\nno");

        await first.SendAsync(Request("GET /a"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        Assert.That((await upstream.RequestAsync(1)).Head, Does.Contain(":path: /a\n"));
    }

    [Test]
    public async Task Callers_share_no_connection()
    {
        string another = Placeholders.Mint(p => p with { Targets = ["api"], Identity = p.Identity with { Subject = "bob" } }).Token;
        Http2Peer alice = await ConnectHttp2Async(), bob = await ConnectHttp2Async();
        Http2UpstreamPeer one = await FirstAsync(alice);
        int stream = await bob.AskAsync(Fields("GET", "/bob", token: another));
        Http2UpstreamPeer two = await AcceptHttp2Async();
        Assert.That((await two.RequestAsync(1)).Head, Does.Contain(":path: /bob\n"));
        await alice.AskAsync(Fields("GET", "/again"));
        Assert.That((await one.RequestAsync(3)).Head, Does.Contain(":path: /again\n"));

        await one.GoAwayAsync(0, ErrorCode.PROTOCOL_ERROR);
        one.Dispose();
        await two.AnswerAsync(1, ":status: 200\n", "bob's");
        Assert.That((await bob.AnswerAsync(stream)).Body, Is.EqualTo("bob's"));
    }

    [Test]
    public async Task A_stream_that_was_refused_is_made_once_more_and_not_twice()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1);
        await upstream.ResetAsync(1, ErrorCode.REFUSED_STREAM);
        Http2Request again = await upstream.RequestAsync(3);
        Assert.That(again.Head, Does.StartWith(":method: POST\n").And.Contain($"authorization: Bearer {Real}\n"));
        await upstream.ResetAsync(3, ErrorCode.REFUSED_STREAM);

        Http2Answer answer = await client.AnswerAsync(stream);
        Assert.That((answer.Head, answer.Reset), Is.EqualTo(("", ErrorCode.REFUSED_STREAM)));
        Assert.That(upstream.Streams, Is.EqualTo(2));
    }

    [Test]
    public async Task A_refused_request_whose_body_was_sent_on_is_not_made_again()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a"), "abc");
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1, r => r.IsWhole);
        await upstream.ResetAsync(1, ErrorCode.REFUSED_STREAM);
        Assert.That((await client.AnswerAsync(stream)).Reset, Is.EqualTo(ErrorCode.REFUSED_STREAM), "its client may make it again");
        Assert.That(upstream.Streams, Is.EqualTo(1));
    }

    [Test]
    public async Task Of_a_connection_that_goes_away_streams_that_it_did_not_take_are_made_on_another_and_others_go_on()
    {
        Http2Peer client = await ConnectHttp2Async();
        Http2UpstreamPeer one = await FirstAsync(client);
        int taken = await client.AskAsync(Fields("POST", "/taken"));
        await one.RequestAsync(3);
        int left = await client.AskAsync(Fields("POST", "/left"));
        await one.RequestAsync(5);
        await one.GoAwayAsync(3);

        Http2UpstreamPeer two = await AcceptHttp2Async();
        Assert.That((await two.RequestAsync(1)).Head, Does.Contain(":path: /left\n"));
        await two.AnswerAsync(1, ":status: 200\n", "left");
        await one.AnswerAsync(3, ":status: 200\n", "taken");
        Assert.That((await client.AnswerAsync(left)).Body + (await client.AnswerAsync(taken)).Body, Is.EqualTo("lefttaken"));

        int next = await client.AskAsync(Fields("GET", "/next"));
        Assert.That((await two.RequestAsync(3)).Head, Does.Contain(":path: /next\n"));
        await two.HeadersAsync(3, ":status: 204\n", isLast: true);
        await client.AnswerAsync(next);
    }

    [TestCase("GET", true)]
    [TestCase("POST", false)]
    public async Task A_connection_that_is_lost_without_a_word_is_repeated_only_for_what_may_be_done_twice(string method, bool isRepeated)
    {
        Http2Peer client = await ConnectHttp2Async();
        Http2UpstreamPeer one = await FirstAsync(client, isAnswered: true);
        int stream = await client.AskAsync(Fields(method, "/a"));
        await one.RequestAsync(3);
        one.Dispose();
        if (isRepeated)
        {
            Http2UpstreamPeer two = await AcceptHttp2Async();
            await two.RequestAsync(1);
            await two.HeadersAsync(1, ":status: 204\n", isLast: true);
        }

        Assert.That((await client.AnswerAsync(stream)).Head, Does.StartWith(isRepeated ? ":status: 204\n" : ":status: 502\n"));
    }

    [Test]
    public async Task What_has_to_be_asked_in_HTTP_1_is()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("GET", "/a"));
        Http2UpstreamPeer one = await AcceptHttp2Async();
        await one.RequestAsync(1);
        await one.ResetAsync(1, ErrorCode.HTTP_1_1_REQUIRED);
        RawPeer two = await AcceptAsync();
        Assert.That(await two.HeadAsync(), Does.StartWith("GET /a HTTP/1.1\r\n"));
        await two.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.That((await client.AnswerAsync(stream)).Head, Is.EqualTo(":status: 204\n"));
    }

    [Test]
    public async Task An_upgrade_is_asked_for_in_HTTP_1()
    {
        RawPeer first = await ConnectAsync(), client = await ConnectAsync();
        await first.SendAsync(Request("GET /a"));
        Http2UpstreamPeer shared = await AcceptHttp2Async();
        await shared.RequestAsync(1);
        await client.SendAsync(Request("GET /ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /ws HTTP/1.1\r\n"));
        await upstream.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi");
        Assert.That(await client.ReadUntilAsync("hi"), Does.StartWith("HTTP/1.1 101 "));
        await client.SendAsync("there");
        Assert.That(await upstream.ReadAsync(5), Is.EqualTo("there"));
    }

    [Test]
    public async Task Nobody_needs_it_for_a_while_and_it_is_closed()
    {
        Http2Peer client = await ConnectHttp2Async();
        Http2UpstreamPeer upstream = await FirstAsync(client, isAnswered: true);
        Task end = upstream.ReadToEndAsync();
        await Until.TrueAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(5));
                return end.IsCompleted;
            },
            "the connection to end");
        Assert.That(upstream.GoAway, Is.EqualTo((0, ErrorCode.NO_ERROR)));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_silent_stream_has_its_connection_asked_for_a_sign_of_life(bool isAlive)
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("GET", "/watch"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1);
        await upstream.HeadersAsync(1, ":status: 200\n");
        await client.AnswerAsync(stream, a => a.Heads.Count == 1);
        upstream.AnswersPings = isAlive;
        TimeSpan passed = default;
        for (; upstream.Pings == 0; passed += TimeSpan.FromSeconds(5))
        {
            await PassAsync(client);
            await upstream.ReadAvailableAsync();
        }

        Assert.That(passed, Is.GreaterThan(TimeSpan.FromMinutes(5)), "servers of gRPC take it for an attack");
        if (isAlive)
        {
            await upstream.DataAsync(1, "alive", isLast: true);
            Assert.That((await client.AnswerAsync(stream)).Body, Is.EqualTo("alive"));
            return;
        }

        for (int i = 0; i < 5; i++)
        {
            await PassAsync(client);
        }

        Assert.That((await client.AnswerAsync(stream)).Reset, Is.EqualTo(ErrorCode.INTERNAL_ERROR));
    }

    [Test]
    public async Task A_client_that_does_not_read_stops_its_own_streams_and_no_other()
    {
        Http2Peer slow = await ConnectHttp2Async((SettingId.INITIAL_WINDOW_SIZE, 0)), quick = await ConnectHttp2Async();
        if (Kind == TransportKind.Streams)
        {
            // There each session is a loop by itself, with connections of its own.
            return;
        }

        const int Streams = 99;
        string block = new('x', 16_000);
        for (int i = 0; i < Streams; i++)
        {
            await slow.AskAsync(Fields("GET", $"/slow/{i}"));
        }

        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        for (int i = 0; i < Streams; i++)
        {
            await upstream.RequestAsync(1 + (2 * i));
            await upstream.HeadersAsync(1 + (2 * i), ":status: 200\n");

            // As much as each may have on its way: together they are more than the window of the connection.
            for (int sent = 0; sent + block.Length <= Http2Limits.Usual.FirstWindow; sent += block.Length)
            {
                await upstream.DataAsync(1 + (2 * i), block);
            }
        }

        Assert.That(Streams * Http2Limits.Usual.FirstWindow, Is.GreaterThan(Http2Limits.Usual.ConnectionWindow));
        int stream = await quick.AskAsync(Fields("GET", "/quick"));
        await upstream.RequestAsync(1 + (2 * Streams));
        await upstream.AnswerAsync(1 + (2 * Streams), ":status: 200\n", "quick");
        Assert.That((await quick.AnswerAsync(stream)).Body, Is.EqualTo("quick"));
        await upstream.ReadUntilAsync(() => true);
        for (int i = 0; i < Streams; i++)
        {
            Assert.That((await upstream.RequestAsync(1 + (2 * i))).Window, Is.LessThan(Http2Limits.Usual.FirstWindow), "what nobody reads is not given back");
        }
    }

    // Five seconds, and what the gateway does then.
    private async Task PassAsync(Http2Peer client)
    {
        Time.Advance(TimeSpan.FromSeconds(5));
        int stream = await client.AskAsync(Fields("GET", "/admin/x"));
        await client.AnswerAsync(stream);
    }

    private async Task<Http2UpstreamPeer> FirstAsync(Http2Peer client, params (SettingId, uint)[] settings) => await FirstAsync(client, false, settings);

    private async Task<Http2UpstreamPeer> FirstAsync(Http2Peer client, bool isAnswered, params (SettingId, uint)[] settings)
    {
        int stream = await client.AskAsync(Fields("GET", "/first"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async(settings);
        await upstream.RequestAsync(1);
        await upstream.HeadersAsync(1, ":status: 200\n");
        await client.AnswerAsync(stream, a => a.Heads.Count == 1);
        if (isAnswered)
        {
            await upstream.DataAsync(1, "", isLast: true);
            await client.AnswerAsync(stream);
        }

        return upstream;
    }
}
