using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Http2;

namespace WireGate.Http.Tests.Sessions;

/// <summary>The same over HTTP/2: the client is told in two steps where it ends, and loses nothing.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class Http2DrainTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] };

    [Test]
    public async Task What_was_begun_before_the_second_word_is_served_and_what_comes_behind_it_is_not()
    {
        Http2Peer client = await ConnectHttp2Async();
        int first = await client.AskAsync(Fields("GET", "/a"));
        RawPeer one = await AcceptAsync();
        await one.HeadAsync();
        await DrainAsync();

        await client.ReadUntilAsync(() => client.GoAway is not null);
        Assert.That(client.GoAway, Is.EqualTo((int.MaxValue, ErrorCode.NO_ERROR)));
        int between = await client.AskAsync(Fields("POST", "/b", "content-length: 3\n"), "a=1");
        RawPeer two = await AcceptAsync();
        await two.ReadUntilAsync("\r\n\r\na=1");
        await client.ReadUntilAsync(() => client.GoAway?.Last != int.MaxValue);
        Assert.That(client.GoAway, Is.EqualTo((between, ErrorCode.NO_ERROR)));
        await client.AskAsync(Fields("GET", "/late"));
        await client.SettleAsync();

        string body = new('b', 200_000);
        await one.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.That((await client.AnswerAsync(first)).Body, Is.EqualTo(body));
        await two.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.That((await client.AnswerAsync(between)).Body, Is.EqualTo("ok"));
        await client.ReadToEndAsync();
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
        Assert.That((IsUpstreamAsked, Audit.Operations.Count), Is.EqualTo((false, 2)));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_connection_that_waits_ends_as_soon_as_the_client_knows(bool isProven)
    {
        Http2Peer client = await ConnectHttp2Async();
        if (isProven)
        {
            int stream = await client.AskAsync(Fields("GET", "/a"));
            RawPeer upstream = await AcceptAsync();
            await upstream.HeadAsync();
            await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
            await client.AnswerAsync(stream);
        }

        await client.SettleAsync();
        await DrainAsync();

        await client.ReadToEndAsync();
        Assert.That(client.GoAway, Is.EqualTo((isProven ? 1 : 0, ErrorCode.NO_ERROR)));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
    }

    [Test]
    public async Task What_is_under_way_is_cut_when_the_time_is_over()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("GET", "/a"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await DrainAsync();
        await client.ReadUntilAsync(() => client.GoAway is not null);

        Sessions.KillAll(SessionEnd.Shutdown);
        await client.ReadToEndAsync();
        Assert.That(await upstream.ReadToEndAsync(), Is.Empty);
        Assert.That((await client.AnswerAsync(stream, a => !a.IsWhole)).Head, Is.Empty);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
    }
}
