using System.Collections.Immutable;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NUnit.Framework;
using WireGate.Configuration;
using WireGate.Http.Forward;

namespace WireGate.Tests.Configuration;

/// <summary>The authority of a forward listener, and the hosts that it may sign for.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ForwardChecksTests
{
    private TemporaryDirectory _directory = null!;

    [SetUp]
    public void Make() => _directory = NewDirectory();

    [TearDown]
    public void Dispose() => _directory.Dispose();

    [Test]
    public void Takes_one_that_may_sign_for_all_of_them()
    {
        Write("api.example.com", "internal");

        Assert.That(Check("[api.example.com, git.internal, 10.0.0.1]"), Is.Empty, "nobody signs for an address, which only other listeners serve");
    }

    [Test]
    public void Takes_a_host_that_it_may_not_sign_for_and_warns_of_it()
    {
        Write("api.example.com");

        Assert.That(Check("[api.example.com, Api.Example.Org]"), Is.Empty, "a new target is no reason to refuse all the others");
        Assert.That(Warnings(Config("[api.example.com, Api.Example.Org]")), Is.EqualTo(new[]
        {
            "targets.api.hosts: the ca of the listener out may not sign for api.example.org: wiregate ca create --replace makes one that may, and clients trust that anew",
        }));
    }

    [Test]
    public void Says_nothing_of_a_target_in_clear()
    {
        Write("api.example.com");

        Assert.That(Warnings(Config("[ws.example.org]").Replace("https://", "http://", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Refuses_a_key_of_another()
    {
        Write("api.example.com");
        File.WriteAllText(Path.Combine(_directory.Path, "ca.key"), ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportPkcs8PrivateKeyPem());

        Assert.That(Check("[api.example.com]").Single().ToString(), Does.Contain("wiregate.yaml:3:").And.Contain("listeners[0].ca.certificate: it cannot be used ("));
    }

    [Test]
    public void Refuses_one_that_may_sign_for_any_name()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=everything", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        Write(request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1)), key);

        Assert.That(Check("[api.example.com]").Single().Message, Does.Contain("needs critical name constraints").And.Contain("wiregate ca create --replace"));
    }

    [Test]
    public void Refuses_one_that_is_no_longer_good()
    {
        using X509Certificate2 old = ForwardAuthority.Create(["api.example.com"], DateTimeOffset.UtcNow.AddYears(-6));
        Write(old, old.GetECDsaPrivateKey()!);

        Assert.That(Check("[api.example.com]").Single().Message, Does.Contain("it was good until"));
    }

    [Test]
    public void Refuses_a_key_that_others_read()
    {
        Write("api.example.com");
        File.SetUnixFileMode(Path.Combine(_directory.Path, "ca.key"), UnixFileMode.UserRead | UnixFileMode.OtherRead);

        Assert.That(Check("[api.example.com]").Single().ToString(), Does.Contain("listeners[0].ca.key: others may read"));
    }

    [TestCase("off", null)]
    [TestCase("tls", null)]
    [TestCase("clear", "spoken within its tunnels")]
    public void Speaks_HTTP2_within_its_tunnels_or_not(string http2, string? problem)
    {
        Write("api.example.com");
        File.SetUnixFileMode(_directory.Write("secret", "x"), UnixFileMode.UserRead);
        string config = Config("[api.example.com]").Replace("ca: {", $"http2: {http2}, ca: {{", StringComparison.Ordinal);

        ImmutableArray<ConfigError> errors = ConfigLoader.Load(_directory.Write("wiregate.yaml", config)).Errors;
        Assert.That(errors.Select(e => e.Message), problem is null ? Is.Empty : Has.Exactly(1).Contains(problem));
    }

    private void Write(params string[] hosts)
    {
        using X509Certificate2 authority = ForwardAuthority.Create(hosts, DateTimeOffset.UtcNow);
        Write(authority, authority.GetECDsaPrivateKey()!);
    }

    private void Write(X509Certificate2 authority, ECDsa key)
    {
        _directory.Write("ca.crt", authority.ExportCertificatePem());
        File.SetUnixFileMode(_directory.Write("ca.key", key.ExportPkcs8PrivateKeyPem()), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private ImmutableArray<ConfigError> Check(string hosts)
    {
        File.SetUnixFileMode(_directory.Write("secret", "x"), UnixFileMode.UserRead);
        return ConfigFileChecks.Check(ConfigLoader.Load(_directory.Write("wiregate.yaml", Config(hosts))));
    }

    private IEnumerable<string> Warnings(string config)
    {
        File.SetUnixFileMode(_directory.Write("secret", "x"), UnixFileMode.UserRead);
        return ConfigWarnings.Find(ConfigLoader.Load(_directory.Write("wiregate.yaml", config)).Config!).Where(w => w.Contains("sign", StringComparison.Ordinal));
    }

    private string Config(string hosts) => $$"""
        store: sqlite:/s.db
        audit: { to: /audit }
        listeners: [{ name: out, protocol: forward, address: "127.0.0.1:3128", ca: { certificate: {{_directory.Path}}/ca.crt, key: {{_directory.Path}}/ca.key } }]
        secrets: { s: { file: {{_directory.Path}}/secret } }
        targets:
          api: { protocol: http, address: "https://example.com", hosts: {{hosts}}, logins: { a: { bearer: s } } }
        """;

    private static TemporaryDirectory NewDirectory() => new();
}
