using System.Net.Security;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Forward;

/// <summary>A client that speaks HTTP/2 within a tunnel.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class TunnelHttp2Tests(TransportKind transport) : ForwardFixture(transport)
{
    [Test]
    public async Task Streams_are_requests_each()
    {
        Http2Peer client = await SpeakAsync();
        int first = await client.AskAsync(Of(Place, "/one"));
        RawPeer one = await AcceptAsync();
        Assert.That(await one.HeadAsync(), Does.StartWith("GET /one ").And.Contain($"Authorization: Bearer {Real}\r\n").And.Contain($"Host: 127.0.0.1:{UpstreamPort}\r\n"));
        int second = await client.AskAsync(Of(Place, "/two"));
        RawPeer two = await AcceptAsync();
        Assert.That(await two.HeadAsync(), Does.StartWith("GET /two "));
        await two.SendAsync($"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{UpstreamPort}/three\r\nContent-Length: 4\r\n\r\n/two");
        await one.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n/one");

        Assert.That((await client.AnswerAsync(first)).Body, Is.EqualTo("/one"));
        Http2Answer answer = await client.AnswerAsync(second);
        Assert.That((answer.Head, answer.Body), Is.EqualTo(($":status: 302\nlocation: https://{Place}/three\ncontent-length: 4\n", "/two")));
        Assert.That(Records(AuditEventKind.SessionAuthenticated).Single().Host, Is.EqualTo(Place));
    }

    [Test]
    public async Task A_stream_for_another_host_is_misdirected_and_the_others_are_served()
    {
        Http2Peer client = await SpeakAsync();
        int own = await client.AskAsync(Of(Place, "/own"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /own "));

        int other = await client.AskAsync(Of($"other.test:{UpstreamPort}", "/other")), usual = await client.AskAsync(Of("api.test", "/usual"));
        Assert.That((await client.AnswerAsync(other)).Head, Does.StartWith(":status: 421\n"));
        Assert.That((await client.AnswerAsync(usual)).Head, Does.StartWith(":status: 421\n"));

        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.That((await client.AnswerAsync(own)).Head, Does.StartWith(":status: 204\n"));
    }

    [Test]
    public async Task A_stream_of_another_scheme_is_misdirected_and_the_others_are_served()
    {
        Http2Peer client = await SpeakAsync();
        int own = await client.AskAsync(Of(Place, "/own"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();

        int other = await client.AskAsync(Of(Place, "/other").Replace(":scheme: https\n", ":scheme: http\n", StringComparison.Ordinal));
        Assert.That((await client.AnswerAsync(other)).Head, Does.StartWith(":status: 421\n"));

        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.That((await client.AnswerAsync(own)).Head, Does.StartWith(":status: 204\n"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Who_begins_with_another_host_is_told_and_let_go()
    {
        Http2Peer client = await SpeakAsync();
        int other = await client.AskAsync(Of($"other.test:{UpstreamPort}", "/other"));
        Assert.That((await client.AnswerAsync(other)).Head, Does.StartWith(":status: 421\n"));
        Assert.That(IsUpstreamAsked, Is.False);
        Assert.That(Records(AuditEventKind.SessionRefused), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task CONNECT_on_a_stream_is_not_served()
    {
        Http2Peer client = await SpeakAsync();
        int stream = await client.AskAsync($":method: CONNECT\n:authority: {Place}\nauthorization: Bearer {Token}\n");
        Assert.That((await client.AnswerAsync(stream)).Head, Does.StartWith(":status: 4").Or.Empty);
        Assert.That(IsUpstreamAsked, Is.False);
    }

    private async Task<Http2Peer> SpeakAsync() =>
        Own(await (await TunnelAsync("api.test", SslApplicationProtocol.Http2, SslApplicationProtocol.Http11)).SpeakHttp2Async());

    private string Of(string authority, string path) => Fields("GET", path).Replace(":authority: api.test\n", $":authority: {authority}\n", StringComparison.Ordinal)
        .Replace(":scheme: http\n", ":scheme: https\n", StringComparison.Ordinal);
}

/// <summary>The same where the listener has it off.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class TunnelWithoutHttp2Tests(TransportKind transport) : ForwardFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config)
    {
        GatewayConfig changed = base.Change(config);
        return changed with { Listeners = [changed.Listeners[0] with { Http2 = ListenerHttp2.Off }] };
    }

    [Test]
    public async Task It_is_not_offered() => await TunnelAsync("api.test", SslApplicationProtocol.Http11, SslApplicationProtocol.Http2);
}
