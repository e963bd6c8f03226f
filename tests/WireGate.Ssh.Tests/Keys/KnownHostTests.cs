using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Tests.Keys;

/// <summary>What an upstream is asked for by what is known of it, and what it may then show.</summary>
public sealed class KnownHostTests
{
    private const string Host = "Web.example.com";

    private static readonly string[] Plain =
    [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com", "rsa-sha2-512", "rsa-sha2-256",
    ];

    private static readonly string[] Certificates =
    [
        "ssh-ed25519-cert-v01@openssh.com", "ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
        "ecdsa-sha2-nistp521-cert-v01@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
        "rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com",
    ];

    private SshKeygen _keygen = null!;

    [OneTimeSetUp]
    public void MakeKeys()
    {
        _keygen = new SshKeygen();
        _keygen.Generate("authority", "ed25519");
        _keygen.Generate("other", "ed25519");
        _keygen.Generate("old", "rsa:3072");
        _keygen.Generate("host", "ed25519");
    }

    [OneTimeTearDown]
    public void RemoveDirectory() => _keygen.Remove();

    [Test]
    public void A_host_of_which_keys_are_known_is_asked_for_those_first_and_for_what_else_it_has_behind_them() =>
        Assert.That(Known($"* {Line("old")}\n* {Line("host")}").SignatureAlgorithms, Is.EqualTo(new[]
        {
            "rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
            "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
        }.Concat(Certificates)));

    [Test]
    public void A_host_of_which_an_authority_is_known_is_asked_for_certificates_first_and_for_those_of_known_keys_before_others() =>
        Assert.That(Known($"@cert-authority * {Line("authority")}\n* {Line("old")}").SignatureAlgorithms, Is.EqualTo(
            Certificates[^2..].Concat(Certificates[..^2]).Concat(Plain[^2..]).Concat(Plain[..^2])));

    [Test]
    public void A_host_of_which_nothing_is_known_is_asked_for_what_it_has() =>
        Assert.That(Parse("").Lookup(Host, 22).SignatureAlgorithms, Is.EqualTo(Plain.Concat(Certificates)));

    [Test]
    public void A_key_is_refused_with_its_fingerprint_and_with_what_else_is_known()
    {
        Assert.That(Why($"* {Line("old")}", "host"), Is.EqualTo($"{Shown("host")}, which is not known of it"));
        Assert.That(Why(Authority(), "host"), Is.EqualTo($"{Shown("host")}, which is not known of it"));
        Assert.That(Why("", "old"), Is.EqualTo($"{Shown("old")}, and no host key is known of it"));
        Assert.That(
            Why($"@cert-authority * {Line("authority")}\n@revoked * {Line("authority")}", "host"),
            Is.EqualTo($"{Shown("host")}, and no host key is known of it"),
            "a revoked authority is none");
        Assert.That(Why($"* {Line("host")}\n@revoked * {Line("host")}", "host"), Is.EqualTo($"{Shown("host")}, which is revoked"));
        Assert.That(Why($"* {Line("host")}", "host"), Is.Null);
    }

    [TestCase("*.example.com", 22, true)]
    [TestCase("*.example.com", 2222, true)]
    [TestCase("[*.example.com]:2222", 2222, true)]
    [TestCase("[*.example.com]:2222", 22, false)]
    [TestCase("*.example.org", 2222, false)]
    public void Certificates_know_no_ports(string hosts, int port, bool isKnown)
    {
        KnownHost known = Parse($"@cert-authority {hosts} {Line("authority")}\n@revoked {hosts} {Line("other")}").Lookup(Host, port);
        Assert.That((known.Authorities.Length, known.Revoked.Length), Is.EqualTo(isKnown ? (1, 1) : (0, 0)));
    }

    [TestCase("ed25519")]
    [TestCase("ecdsa:256")]
    [TestCase("ecdsa:384")]
    [TestCase("ecdsa:521")]
    [TestCase("rsa:2048")]
    public void A_certificate_of_the_authority_for_the_host_is_enough(string type) => Assert.That(Why(Authority(), Certify(type)), Is.Null);

    [Test]
    public void A_certificate_of_an_authority_that_is_RSA_is_signed_by_SHA_2()
    {
        string known = $"@cert-authority * {Line("old")}";
        Assert.That(Why(known, Certify("ed25519", by: "old", more: ["-t", "rsa-sha2-256"])), Is.Null);
        Assert.That(Why(known, Certify("ed25519", by: "old", more: ["-t", "ssh-rsa"])), Does.EndWith(": the certificate is not signed by it, or with SHA-1"));
    }

    [Test]
    public void What_is_refused_is_told_with_the_fingerprints_and_the_reason()
    {
        Assert.That(Why(Authority(), Certify("ed25519", by: "other")), Is.EqualTo(
            $"its host key is ssh-ed25519 {_keygen.PublicKey("ed25519").Fingerprint}, certified by ssh-ed25519 {_keygen.PublicKey("other").Fingerprint}, "
            + "which is not known to certify it"));
        Assert.That(Why(Authority(), Certify("ed25519", principals: "db.example.com,a\u001bb")), Does.EndWith(
            ": the certificate is for db.example.com, a b, not for Web.example.com"));
        Assert.That(Why(Authority(), Certify("ed25519", principals: null)), Does.EndWith(": the certificate names no host"));
        Assert.That(Why(Authority(), Certify("ed25519"), 0x2000), Does.EndWith(": the certificate held until 1970-01-01 02:16:32Z"));
        Assert.That(Why(Authority(), Certify("ed25519"), 0xfff), Does.EndWith(": the certificate holds only from 1970-01-01 01:08:16Z"));
        Assert.That(Why(Authority(), Certify("ed25519", kind: null)), Does.EndWith(": the certificate is not a host's"));
        Assert.That(
            Why(Authority(), Certify("ed25519", more: ["-O", "critical:tunnel@example.com=no"])),
            Does.EndWith(": the certificate has a critical option, which no host's has"));
        Assert.That(Why($"{Authority()}\n@revoked * {Line("ed25519")}", Certify("ed25519")), Does.EndWith(", which is revoked").And.Not.Contain("certified"));
        Assert.That(
            Why($"{Authority()}\n@revoked * {Line("other")}", Certify("ed25519", by: "other")),
            Does.Contain(_keygen.PublicKey("other").Fingerprint).And.EndWith(", which is revoked"));
    }

    [Test]
    public void A_key_that_is_known_itself_needs_no_authority_but_none_that_is_known_to_have_ended()
    {
        SshCertificate certificate = Certify("host", by: "other");
        Assert.That(Why($"{Authority()}\n* {Line("host")}", certificate), Is.Null);
        Assert.That(Why($"@cert-authority * {Line("other")}\n* {Line("host")}", certificate, 0x2000), Does.Contain("held until"));
        Assert.That(Why($"* {Line("host")}\n@revoked * {Line("other")}", certificate), Does.EndWith("which is revoked"));
    }

    private string Line(string name) => _keygen.PublicKey(name).ToString();

    private string Authority() => $"@cert-authority *.example.com {Line("authority")}";

    private string Shown(string name) => $"its host key is {_keygen.PublicKey(name).KeyType} {_keygen.PublicKey(name).Fingerprint}";

    private string? Why(string lines, string key) => Known(lines).WhyRefused(_keygen.PublicKey(key), null, DateTimeOffset.UnixEpoch);

    private static string? Why(string lines, SshCertificate certificate, long at = 0x1800) =>
        Known(lines).WhyRefused(certificate.Key, certificate, DateTimeOffset.FromUnixTimeSeconds(at));

    private SshCertificate Certify(string type, string by = "authority", string? principals = "web.example.com", string? kind = "-h", string[]? more = null)
    {
        _keygen.Generate(type, type);
        _keygen.Run([
            "-q", "-s", _keygen.PathOf(by), "-I", "id", "-V", "0x1000:0x2000", .. kind is null ? Array.Empty<string>() : [kind],
            .. principals is null ? Array.Empty<string>() : ["-n", principals], .. more ?? [], _keygen.PathOf(type + ".pub")]);
        return SshCertificate.Parse(Peer.Upstream, _keygen.Certificate(type));
    }

    private static KnownHost Known(string lines) => Parse(lines).Lookup(Host, 22);

    private static KnownHosts Parse(string lines) => KnownHosts.Parse(Encoding.ASCII.GetBytes(lines));
}
