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
        Task serving = ServeAsync("HTTP/1.1 405 Method Not Allowed\r\n\r\n");
        Assert.That(await CheckAsync(tls), Is.Null, "whatever it answers");
        await serving;

        _listener.Stop();

        Assert.That(await CheckAsync(tls), Is.Not.Null);
    }

    [TestCase("SSH-2.0-OpenSSH_9.2\r\n", TargetHttp2.Tls, "it answers, and not in HTTP")]
    [TestCase("no", TargetHttp2.Tls, "it answers, and not in HTTP")]
    [TestCase("HTTP/1.1 400 Bad Request\r\n\r\n", TargetHttp2.Clear, "it answers, and not in HTTP/2")]
    [TestCase("\0\0\0\u0004\0\0\0\0\0", TargetHttp2.Clear, null)]
    [TestCase("", TargetHttp2.Tls, null)]
    public async Task Tells_of_an_upstream_that_does_not_speak_HTTP(string answer, TargetHttp2 http2, string? problem)
    {
        Task serving = ServeAsync(answer);

        Assert.That(await CheckAsync(new ClientTlsConfig { Mode = TlsMode.Disable }, http2: http2), Is.EqualTo(problem));
        await serving;
    }

    [Test]
    public async Task Tells_of_an_upstream_that_speaks_no_TLS()
    {
        Task serving = ServeAsync("HTTP/1.1 400 Bad Request\r\n\r\n");

        Assert.That(await CheckAsync(new ClientTlsConfig { Mode = TlsMode.VerifyFull }), Is.EqualTo("the TLS handshake failed: it speaks no TLS: is it http://?"));
        await serving;
    }

    [Test]
    public async Task Waits_no_longer_than_its_deadline()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        Assert.That(await CheckAsync(new ClientTlsConfig { Mode = TlsMode.VerifyFull }, cancellationToken: deadline.Token), Is.Not.Null, "nobody answers the handshake");
    }

    private async Task ServeTlsAsync()
    {
        using TcpClient client = await _listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsServerAsync(_certificate.Certificate);
            byte[] asked = new byte["OPTIONS * HTTP/1.1\r\n".Length];
            await tls.ReadExactlyAsync(asked);
            Assert.That(asked, Is.EqualTo("OPTIONS * HTTP/1.1\r\n"u8.ToArray()), "nothing that does anything");
            await tls.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray());
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            // The other end did not like the certificate.
        }
    }

    // Once it is asked.
    private async Task ServeAsync(string answer)
    {
        using TcpClient client = await _listener.AcceptTcpClientAsync();
        Assert.That(await client.GetStream().ReadAsync(new byte[1024]), Is.Positive);
        await client.GetStream().WriteAsync(System.Text.Encoding.Latin1.GetBytes(answer));
    }

    private async Task<string?> CheckAsync(ClientTlsConfig tls, TargetHttp2 http2 = default, CancellationToken cancellationToken = default)
    {
        Assert.That(Address.TryParse($"127.0.0.1:{_port}", 0, out Address? address));
        var target = new TargetConfig { Name = "api", Protocol = ProtocolNames.Http, Addresses = [address!], Tls = tls, Http2 = http2, Logins = [] };
        return await HttpReach.RunAsync(new PoolLoop(), target, address!, cancellationToken);
    }
}
