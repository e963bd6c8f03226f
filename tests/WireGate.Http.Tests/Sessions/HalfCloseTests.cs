using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Http.Tests.Sessions;

/// <summary>A client of HTTP/2 that sends nothing more is gone, as it is to nginx and Node: one of HTTP/1.1 may wait for its answers.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HalfCloseTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] };

    [Test]
    public async Task A_client_that_ends_its_connection_takes_back_what_it_asked_on_it()
    {
        Http2Peer client = await ConnectHttp2Async();
        await client.AskAsync(Fields("GET", "/watch"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await client.FinishAsync();
        await upstream.ReadToEndAsync();

        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }
}
