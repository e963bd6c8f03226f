using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Commands;
using WireGate.Core.Configuration;
using WireGate.Core.Transport.Streams;
using WireGate.Testing.Tls;

namespace WireGate.Tests.Commands;

/// <summary>What <c>check --connect</c> finds of a target of HTTP.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class HttpReachTests : IDisposable
{
    private readonly TestCertificate _certificate = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _port;

    public HttpReachTests()
    {
        _listener.Start();
        _port = ((IPEndPoint)_listener.LocalEndpoint).Port;
    }

    public void Dispose()
    {
        _listener.Dispose();
        _certificate.Dispose();
    }

    [Test]
    public async Task Is_content_with_a_certificate_that_verifies()
    {
        Task serving = ServeTlsAsync();

        Assert.That(await CheckAsync(new ClientTlsConfig { Mode = TlsMode.VerifyFull, CaPath = _certificate.CertificatePath }), Is.Null);
        await serving;
    }

    [Test]
    public async Task Tells_of_a_certificate_that_does_not_verify()
    {
        Task serving = ServeTlsAsync();

        Assert.That(await CheckAsync(new ClientTlsConfig { Mode = TlsMode.VerifyFull }), Does.Contain("certificate does not verify"));
        await serving;
    }

    [Test]
    public async Task Tells_of_an_upstream_that_is_not_there()
    {
        var tls = new ClientTlsConfig { Mode = TlsMode.Disable };
        Assert.That(await CheckAsync(tls), Is.Null, "in clear, it is enough that it is there");

        _listener.Stop();

        Assert.That(await CheckAsync(tls), Is.Not.Null);
    }

    [Test]
    public async Task Waits_no_longer_than_its_deadline()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        Assert.That(await CheckAsync(new ClientTlsConfig { Mode = TlsMode.VerifyFull }, deadline.Token), Is.Not.Null, "nobody answers the handshake");
    }

    private async Task ServeTlsAsync()
    {
        using TcpClient client = await _listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsServerAsync(_certificate.Certificate);
            Assert.That(tls.ReadByte(), Is.EqualTo(-1), "nothing is sent");
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            // The other end did not like the certificate.
        }
    }

    private async Task<string?> CheckAsync(ClientTlsConfig tls, CancellationToken cancellationToken = default)
    {
        Assert.That(Address.TryParse($"127.0.0.1:{_port}", 0, out Address? address));
        var target = new TargetConfig { Name = "api", Protocol = ProtocolNames.Http, Addresses = [address!], Tls = tls, Logins = [] };
        return await HttpReach.RunAsync(new PoolLoop(), target, address!, cancellationToken);
    }
}
