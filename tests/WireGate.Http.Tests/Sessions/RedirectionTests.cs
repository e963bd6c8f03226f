using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Who follows a redirection of an upstream comes back to the gateway.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class RedirectionTests(TransportKind transport) : HttpFixture(transport)
{
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
}
