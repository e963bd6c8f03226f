using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Who follows a redirection of an upstream comes back to the gateway.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class RedirectionTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] };

    [TestCase("GET /x", "api.test:8080", "", "")]
    [TestCase("GET /api/x", "gate", "", "/api")]
    public async Task Places_of_the_upstream_are_the_gateways_for_the_client(string line, string host, string fields, string prefix)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(line, fields).Replace("Host: api.test", $"Host: {host}", StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync(
            $"HTTP/1.1 302 Found\r\nX-Before: 1\r\nLocation: http://127.0.0.1:{UpstreamPort}/y\r\nX-Between: 2\r\nSet-Cookie: a=b; Domain=127.0.0.1\r\n"
            + "Set-Cookie: c=d\r\nContent-Location: https://elsewhere.test/\r\nX-Behind: 3\r\nContent-Length: 0\r\n\r\n");

        Assert.That(await client.HeadAsync(), Is.EqualTo(
            $"HTTP/1.1 302 Found\r\nX-Before: 1\r\nLocation: http://{host}{prefix}/y\r\nX-Between: 2\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n"
            + "Content-Location: https://elsewhere.test/\r\nX-Behind: 3\r\nContent-Length: 0\r\n\r\n"));
    }

    [Test]
    public async Task Links_of_the_upstream_lead_to_the_gateway_also_before_the_answer()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /api/x").Replace("Host: api.test", "Host: gate", StringComparison.Ordinal));
        await AnswerAsync(await AcceptAsync());

        Assert.That(await client.HeadAsync(), Is.EqualTo("HTTP/1.1 103 Early Hints\r\nLink: </api/a.css>; rel=preload\r\n\r\n"));
        Assert.That(await client.HeadAsync(), Is.EqualTo(
            "HTTP/1.1 200 OK\r\nLink: <http://gate/api/x?page=2>; rel=\"next\", <https://elsewhere.test/>\r\nLink: </x\r\n"
            + "Access-Control-Allow-Origin: http://gate\r\nContent-Length: 0\r\n\r\n"));
    }

    [Test]
    public async Task Links_of_the_upstream_lead_to_the_gateway_on_a_stream_as_well()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("GET", "/api/x").Replace(":authority: api.test", ":authority: gate", StringComparison.Ordinal));
        await AnswerAsync(await AcceptAsync());
        Http2Answer answer = await client.AnswerAsync(stream);

        Assert.That(answer.Heads[0], Is.EqualTo(":status: 103\nlink: </api/a.css>; rel=preload\n"));
        Assert.That(answer.Heads[1], Is.EqualTo(
            ":status: 200\nlink: <http://gate/api/x?page=2>; rel=\"next\", <https://elsewhere.test/>\nlink: </x\naccess-control-allow-origin: http://gate\ncontent-length: 0\n"));
    }

    private async Task AnswerAsync(RawPeer upstream)
    {
        await upstream.HeadAsync();
        await upstream.SendAsync(
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
            + $"HTTP/1.1 200 OK\r\nLink: <http://127.0.0.1:{UpstreamPort}/x?page=2>; rel=\"next\", <https://elsewhere.test/>\r\nLink: </x\r\n"
            + $"Access-Control-Allow-Origin: http://127.0.0.1:{UpstreamPort}\r\nContent-Length: 0\r\n\r\n");
    }

    [Test]
    public async Task Who_ends_TLS_before_the_gateway_gets_places_of_https()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("GET", "/x").Replace(":scheme: http\n", ":scheme: https\n", StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{UpstreamPort}/y\r\nContent-Length: 0\r\n\r\n");

        Assert.That((await client.AnswerAsync(stream)).Head, Does.Contain("location: https://api.test/y\n"));
    }

    [Test]
    public async Task A_URL_of_https_in_clear_is_misdirected()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET https://api.test/x"));

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 421 ").And.Contain("another scheme"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_URL_of_http_in_clear_is_served()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET http://api.test/x"));
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /x HTTP/1.1\r\n"));
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await client.HeadAsync();
    }
}
