using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Requests that wait for a stream of an upstream that takes no more: first come, first served.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class UpstreamQueueTests(TransportKind transport) : HttpFixture(transport)
{
    private const int MostConnections = 64;

    private readonly List<Http2UpstreamPeer> _full = [];

    private static readonly (SettingId, uint) OneStream = (SettingId.MAX_CONCURRENT_STREAMS, 1);

    protected override GatewayConfig Change(GatewayConfig config) =>
        WithHttp2(config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] });

    [Test]
    public async Task Who_has_waited_longest_gets_the_room_that_comes()
    {
        Http2Peer one = await FillAsync();

        // There each session has connections of its own.
        Http2Peer two = Kind == TransportKind.Streams ? one : await ConnectHttp2Async();
        for (int i = 0; i < 8; i++)
        {
            await WaitAsync(i % 2 == 0 ? one : two, $"/waits/{i}");
        }

        Http2UpstreamPeer upstream = _full[7];
        for (int i = 0; i < 8; i++)
        {
            await upstream.HeadersAsync(1 + (2 * i), ":status: 204\n", isLast: true);
            Assert.That((await upstream.RequestAsync(3 + (2 * i))).Head, Does.Contain($":path: /waits/{i}\n"));
        }

        foreach (Http2UpstreamPeer other in _full)
        {
            await other.ReadAvailableAsync();
            Assert.That(other.Streams, Is.EqualTo(other == upstream ? 9 : 1));
        }

        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Who_comes_when_room_does_goes_behind_those_that_wait()
    {
        Http2Peer client = await FillAsync();
        Http2UpstreamPeer upstream = _full[0];
        for (int stream = 1; stream < 160; stream += 4)
        {
            await WaitAsync(client, $"/waits/{stream}");
            Task freed = upstream.HeadersAsync(stream, ":status: 204\n", isLast: true);
            await client.AskAsync(Fields("GET", $"/new/{stream}"));
            await freed;
            Assert.That((await upstream.RequestAsync(stream + 2)).Head, Does.Contain($":path: /waits/{stream}\n"));
            await upstream.HeadersAsync(stream + 2, ":status: 204\n", isLast: true);
            Assert.That((await upstream.RequestAsync(stream + 4)).Head, Does.Contain($":path: /new/{stream}\n"));
        }
    }

    [Test]
    public async Task Who_is_gone_loses_no_place_to_the_others()
    {
        Http2Peer client = await FillAsync();
        int[] streams = new int[4];
        for (int i = 0; i < streams.Length; i++)
        {
            streams[i] = await WaitAsync(client, $"/waits/{i}");
        }

        await client.ResetAsync(streams[1], ErrorCode.CANCEL);
        await RoundTripAsync(client);
        Http2UpstreamPeer upstream = _full[0];
        int stream = 1;
        foreach (int i in (int[])[0, 2, 3])
        {
            await upstream.HeadersAsync(stream, ":status: 204\n", isLast: true);
            stream += 2;
            Assert.That((await upstream.RequestAsync(stream)).Head, Does.Contain($":path: /waits/{i}\n"));
        }

        await upstream.HeadersAsync(stream, ":status: 204\n", isLast: true);
        await client.AnswerAsync(streams[3]);
        await upstream.ReadAvailableAsync();
        Assert.That(upstream.Streams, Is.EqualTo(4), "nothing is asked for who is gone");
    }

    [Test]
    public async Task Who_leaves_as_room_comes_gives_it_to_the_next()
    {
        Http2Peer client = await FillAsync();
        Http2UpstreamPeer upstream = _full[0];
        int open = 1;
        for (int round = 0; round < 20; round++)
        {
            int leaves = await WaitAsync(client, "/leaves"), stays = await WaitAsync(client, "/stays");
            Task freed = upstream.HeadersAsync(open, ":status: 204\n", isLast: true);
            await client.ResetAsync(leaves, ErrorCode.CANCEL);
            await freed;

            // Whether it was asked before it left or not: the other is asked.
            do
            {
                open += 2;
                Http2Request asked = await upstream.RequestAsync(open);
                if (asked.Head.Contains(":path: /leaves\n", StringComparison.Ordinal))
                {
                    await upstream.RequestAsync(open, r => r.Reset is not null);
                }
            }
            while (!(await upstream.RequestAsync(open)).Head.Contains(":path: /stays\n", StringComparison.Ordinal));

            await upstream.HeadersAsync(open, ":status: 204\n", isLast: true);
            Assert.That((await client.AnswerAsync(stays)).Head, Is.EqualTo(":status: 204\n"));
            await client.AskAsync(Fields("GET", "/next"));
            open += 2;
            await upstream.RequestAsync(open);
        }
    }

    [Test]
    public async Task A_connection_that_goes_away_or_is_lost_makes_room_for_another_and_they_keep_their_order([Values] bool isLost)
    {
        Http2Peer client = await FillAsync();
        int[] streams = new int[3];
        for (int i = 0; i < streams.Length; i++)
        {
            streams[i] = await WaitAsync(client, $"/waits/{i}");
        }

        if (isLost)
        {
            _full[5].Dispose();
        }
        else
        {
            await _full[5].GoAwayAsync(1);
            await RoundTripAsync(client);
            Assert.That(IsUpstreamAsked, Is.False, "as long as it goes on");
            await _full[5].HeadersAsync(1, ":status: 204\n", isLast: true);
        }

        Http2UpstreamPeer another = await AcceptHttp2Async(OneStream);
        for (int i = 0; i < streams.Length; i++)
        {
            Assert.That((await another.RequestAsync(1 + (2 * i))).Head, Does.Contain($":path: /waits/{i}\n"));
            await another.HeadersAsync(1 + (2 * i), ":status: 204\n", isLast: true);
            Assert.That((await client.AnswerAsync(streams[i])).Head, Is.EqualTo(":status: 204\n"));
        }

        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task While_a_connection_is_opened_room_on_another_goes_to_who_has_waited_longest()
    {
        Http2Peer client = await ConnectHttp2Async();
        int first = await client.AskAsync(Fields("GET", "/first"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async(OneStream);
        await upstream.RequestAsync(1);
        for (int i = 0; i < 3; i++)
        {
            await WaitAsync(client, $"/waits/{i}");
        }

        // It was accepted by the system and says nothing.
        Assert.That(IsUpstreamAsked, Is.True);
        await upstream.HeadersAsync(1, ":status: 204\n", isLast: true);
        Assert.That((await upstream.RequestAsync(3)).Head, Does.Contain(":path: /waits/0\n"));
        Http2UpstreamPeer another = await AcceptHttp2Async((SettingId.MAX_CONCURRENT_STREAMS, 2));

        // Both at once, in any order.
        string[] others = [(await another.RequestAsync(1)).Head, (await another.RequestAsync(3)).Head];
        Assert.That(others, Has.One.Contains(":path: /waits/1\n").And.One.Contains(":path: /waits/2\n"));
        Assert.That((await client.AnswerAsync(first)).Head, Is.EqualTo(":status: 204\n"));
    }

    [Test]
    public async Task Where_no_other_connection_can_be_had_they_wait_for_room_on_one_that_is_open()
    {
        (Http2Peer client, Http2UpstreamPeer upstream, int[] streams) = await WaitWhileNoneIsOpenedAsync();
        for (int i = 0; i < streams.Length; i++)
        {
            await upstream.HeadersAsync(1 + (2 * i), ":status: 204\n", isLast: true);
            Assert.That((await upstream.RequestAsync(3 + (2 * i))).Head, Does.Contain($":path: /waits/{i}\n"));
        }

        await upstream.HeadersAsync(5, ":status: 204\n", isLast: true);
        foreach (int stream in streams)
        {
            Assert.That((await client.AnswerAsync(stream)).Head, Is.EqualTo(":status: 204\n"));
        }

        Assert.That(Logged.Count(l => l.Contains("no other connection can be opened", StringComparison.Ordinal)), Is.EqualTo(1), "the operator is told once");
    }

    [Test]
    public async Task When_the_one_that_was_open_is_lost_another_is_opened_for_those_that_wait([Values] bool isHad)
    {
        (Http2Peer client, Http2UpstreamPeer upstream, int[] streams) = await WaitWhileNoneIsOpenedAsync();
        upstream.Dispose();
        Http2UpstreamPeer another = await AcceptHttp2Async((SettingId.MAX_CONCURRENT_STREAMS, isHad ? 1u : 0));
        for (int i = 0; i < streams.Length && isHad; i++)
        {
            Assert.That((await another.RequestAsync(1 + (2 * i))).Head, Does.Contain($":path: /waits/{i}\n"));
            await another.HeadersAsync(1 + (2 * i), ":status: 204\n", isLast: true);
        }

        foreach (int stream in streams)
        {
            Assert.That((await client.AnswerAsync(stream)).Head, isHad ? Is.EqualTo(":status: 204\n") : Does.StartWith(":status: 502\n"));
        }
    }

    /// <summary>Two wait, and of the connections that were opened for them none takes a request.</summary>
    private async Task<(Http2Peer Client, Http2UpstreamPeer Upstream, int[] Streams)> WaitWhileNoneIsOpenedAsync()
    {
        Http2Peer client = await ConnectHttp2Async();
        await client.AskAsync(Fields("POST", "/first"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async(OneStream);
        await upstream.RequestAsync(1);
        int[] streams = new int[2];
        for (int i = 0; i < streams.Length; i++)
        {
            streams[i] = await WaitAsync(client, $"/waits/{i}");

            // It is closed when that is known.
            await (await AcceptHttp2Async((SettingId.MAX_CONCURRENT_STREAMS, 0))).ReadToEndAsync();
        }

        return (client, upstream, streams);
    }

    /// <summary>A client for which the upstream takes no more: as many connections as there may be, and each with the one stream that it takes.</summary>
    private async Task<Http2Peer> FillAsync()
    {
        _full.Clear();
        Http2Peer client = await ConnectHttp2Async();
        for (int i = 0; i < MostConnections; i++)
        {
            await client.AskAsync(Fields("POST", $"/{i}"));
            Http2UpstreamPeer upstream = await AcceptHttp2Async(OneStream);
            await upstream.RequestAsync(1);
            _full.Add(upstream);
        }

        return client;
    }

    /// <summary>Asks for what has to wait.</summary>
    private async Task<int> WaitAsync(Http2Peer client, string path)
    {
        int stream = await client.AskAsync(Fields("GET", path));
        await RoundTripAsync(client);
        return stream;
    }

    // What was sent before it was read.
    private async Task RoundTripAsync(Http2Peer client) => await client.AnswerAsync(await client.AskAsync(Fields("GET", "/admin/x")));
}
