using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Transport.Tls;
using WireGate.Testing.Tls;

namespace WireGate.Core.Tests.Transport.Tls;

/// <summary>Clients that come back go on with their session of TLS, at who gave it to them and nowhere else.</summary>
public sealed class SessionResumptionTests : IDisposable
{
    private readonly TestCertificate _certificate = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wiregate-sessions-");

    private string Kept => Path.Combine(_folder.FullName, "session");

    public void Dispose()
    {
        _certificate.Dispose();
        _folder.Delete(recursive: true);
    }

    [TestCase("-tls1_3")]
    [TestCase("-tls1_2")]
    [TestCase("-tls1_2", "-no_ticket", Description = "by the id of its session")]
    public async Task A_client_that_comes_back_resumes_its_session(params string[] options)
    {
        await using var server = new EchoServer(TransportKind.Epoll, ServerTls.OptionsFor(_certificate.Certificate, []));
        await KeepAsync(server.Address, options);
        Assert.That(await ComeBackAsync(server.Address, options), Is.EqualTo("Reused"));
    }

    [TestCase("-tls1_3")]
    [TestCase("-tls1_2")]
    public async Task A_session_of_another_certificate_is_not_resumed(string version)
    {
        using var other = new TestCertificate();
        await using (var first = new EchoServer(TransportKind.Epoll, ServerTls.OptionsFor(other.Certificate, [])))
        {
            await KeepAsync(first.Address, version);
        }

        await using var server = new EchoServer(TransportKind.Epoll, ServerTls.OptionsFor(_certificate.Certificate, []));
        Assert.That(await ComeBackAsync(server.Address, version), Is.EqualTo("New"));
    }

    // Who forgot what signed the certificate adds it to the file, and reloads.
    [Test]
    public async Task A_chain_that_was_completed_is_shown_to_the_next_client()
    {
        using var above = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 authority = Sign("CN=above", above, isAuthority: true, "CN=root", above);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 bare = Sign("CN=localhost", key, isAuthority: false, "CN=above", above);
        using X509Certificate2 leaf = bare.CopyWithPrivateKey(key);
        await using (var before = new EchoServer(TransportKind.Epoll, ServerTls.OptionsFor(leaf, [])))
        {
            Assert.That(await CountShownAsync(before.Address), Is.EqualTo(1));
        }

        await using var server = new EchoServer(TransportKind.Epoll, ServerTls.OptionsFor(leaf, [authority]));
        Assert.That(await CountShownAsync(server.Address), Is.EqualTo(2));
    }

    private async Task KeepAsync(EndPoint address, params IEnumerable<string> options)
    {
        await using var client = new OpensslClient(address, ["-sess_out", Kept, .. options]);
        // Behind the tickets, if there are any.
        await client.SayAsync("something");
        await client.CommandAsync("Q");
        await client.EndAsync();
    }

    /// <returns>Whether the session is new, or used again.</returns>
    private async Task<string> ComeBackAsync(EndPoint address, params IEnumerable<string> options)
    {
        await using var client = new OpensslClient(address, ["-sess_in", Kept, .. options]);
        await client.SeenAsync("CONNECTED");
        string before = await client.SeenAsync(", TLSv1.");
        return before[(before.LastIndexOf('\n') + 1)..];
    }

    private static async Task<int> CountShownAsync(EndPoint address)
    {
        await using var client = new OpensslClient(address, "-showcerts");
        return (await client.SeenAsync("Server certificate")).Split("-----BEGIN CERTIFICATE-----").Length - 1;
    }

    private static X509Certificate2 Sign(string name, ECDsa key, bool isAuthority, string by, ECDsa byKey)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return request.Create(
            new X500DistinguishedName(by), X509SignatureGenerator.CreateForECDsa(byKey), now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
    }
}
