using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Connections that an upstream closes, before a request reaches it and behind that.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class LostUpstreamTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] };

    [Test]
    public async Task A_connection_that_the_upstream_has_closed_meanwhile_costs_no_request()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        await client.ReadUntilAsync("\r\n\r\nx");
        upstream.Dispose();
        await client.SendAsync(Request("GET /2"));
        RawPeer another = await AcceptAsync();
        Assert.That(await another.HeadAsync(), Does.StartWith("GET /2 "));
        await another.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny");
        Assert.That(await client.ReadUntilAsync("\r\n\r\ny"), Does.StartWith("HTTP/1.1 200 OK"));
    }

    [Test]
    public async Task A_408_that_closes_a_connection_which_waited_is_no_answer_to_what_is_safe_to_ask_twice()
    {
        RawPeer client = await ConnectAsync();
        RawPeer upstream = await AskTwiceAsync(client, Request("GET /2"));
        await upstream.SendAsync(TimedOut);

        RawPeer another = await AcceptAsync();
        Assert.That(await another.HeadAsync(), Does.StartWith("GET /2 "));
        await another.SendAsync(TimedOut);
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 408 "), "on a new connection it is one");
    }

    [Test]
    public async Task A_408_to_what_may_have_run_is_passed_on()
    {
        RawPeer client = await ConnectAsync();
        RawPeer upstream = await AskTwiceAsync(client, Request("POST /2"));
        await upstream.SendAsync(TimedOut);

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 408 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    // As HAProxy, nginx and Node say it.
    private const string TimedOut = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    private async Task<RawPeer> AskTwiceAsync(RawPeer client, string second)
    {
        await client.SendAsync(Request("GET /1"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await client.HeadAsync();
        await client.SendAsync(second);
        Assert.That(await upstream.HeadAsync(), Does.Contain(" /2 "));
        return upstream;
    }

    [Test]
    public async Task A_request_that_may_have_run_is_not_made_again()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Content-Length: 1\r\n", "x"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        upstream.Dispose();

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 ").And.Contain("closed before it answered"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_request_that_is_lost_on_one_that_waited_is_made_once_more_and_on_a_new_one()
    {
        Http2Peer client = await ConnectHttp2Async();
        List<RawPeer> waiting = await KeepAsync(client, 3);
        int lost = await client.AskAsync(Fields("GET", "/lost"));
        Task<string>[] asked = [.. waiting.Select(w => w.HeadAsync())];
        Task<string> first = await Task.WhenAny(asked);
        Assert.That(await first, Does.StartWith("GET /lost "));
        waiting[Array.IndexOf(asked, first)].Dispose();
        RawPeer anew = await AcceptAsync();
        Assert.That(await anew.HeadAsync(), Does.StartWith("GET /lost "));
        anew.Dispose();

        Assert.That((await client.AnswerAsync(lost)).Head, Does.StartWith(":status: 502\n"));
        Assert.That(asked.Count(a => a.IsCompleted), Is.EqualTo(1), "of those that waited one was asked");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_request_of_which_some_answer_came_is_not_made_again(bool isReset)
    {
        Http2Peer client = await ConnectHttp2Async();
        RawPeer upstream = (await KeepAsync(client, 1))[0];
        int lost = await client.AskAsync(Fields("GET", "/lost"));
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Le");

        // What came before a reset is read before it.
        if (isReset)
        {
            upstream.Reset();
        }
        else
        {
            upstream.Finish();
        }

        string head = (await client.AnswerAsync(lost)).Head;
        Assert.That(head, Does.StartWith(":status: 502\n"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    // As many connections as that wait for another request, when all of theirs were answered.
    private async Task<List<RawPeer>> KeepAsync(Http2Peer client, int count)
    {
        var streams = new List<int>();
        var upstreams = new List<RawPeer>();
        for (int i = 0; i < count; i++)
        {
            streams.Add(await client.AskAsync(Fields("GET", "/kept")));
            RawPeer upstream = await AcceptAsync();
            await upstream.HeadAsync();
            upstreams.Add(upstream);
        }

        for (int i = 0; i < count; i++)
        {
            await upstreams[i].SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
            await client.AnswerAsync(streams[i]);
        }

        return upstreams;
    }
}
