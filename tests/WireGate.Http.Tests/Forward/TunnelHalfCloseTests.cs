using System.Net.Security;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Forward;

/// <summary>A client that says within TLS that it sends nothing more (close_notify).</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class TunnelHalfCloseTests(TransportKind transport) : ForwardFixture(transport)
{
    [Test]
    public async Task A_client_that_has_said_all_within_TLS_is_answered_all_the_same()
    {
        RawPeer client = await TunnelAsync();
        await client.SendAsync(Request("GET /one").Replace("Host: api.test", $"Host: {Place}", StringComparison.Ordinal));
        await client.FinishSecureAsync();
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

        Assert.That(await client.ReadToEndAsync(), Does.EndWith("\r\n\r\nok"));
        Assert.That(client.WasReset, Is.False);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }

    [Test]
    public async Task A_client_that_ends_its_connection_takes_back_what_it_asked_on_it()
    {
        using Http2Peer client = await (await TunnelAsync("api.test", SslApplicationProtocol.Http2, SslApplicationProtocol.Http11)).SpeakHttp2Async();
        await client.AskAsync(Fields("GET", "/own").Replace("http\n:authority: api.test\n", $"https\n:authority: {Place}\n", StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await client.FinishAsync();
        await upstream.ReadToEndAsync();

        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }
}
