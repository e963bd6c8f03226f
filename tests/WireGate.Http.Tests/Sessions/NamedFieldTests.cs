using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Http.Tests.Sessions;

/// <summary>A field of an API's own for the credential.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class NamedFieldTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) =>
        WithLogin(config, new HttpLoginConfig { Secret = "real", Surface = HttpSurface.Header, Name = "X-Api-Key" });

    [Test]
    public async Task No_other_spelling_of_it_goes_on()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: api.test\r\nX_Api_Key: mine\r\nx-api-key: {Token}\r\nX-Api_key: mine\r\nX-Api-Keys: 1\r\n\r\n");
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.Contain($"X-Api-Key: {Real}\r\n").And.Contain("X-Api-Keys: 1").And.Not.Contain("mine"));
    }
}
