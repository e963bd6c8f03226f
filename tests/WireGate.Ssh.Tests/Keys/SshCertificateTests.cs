using System.Net;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Tests.Keys;

public sealed class SshCertificateTests
{
    private const string Validity = "0x1000:0x2000";

    private static readonly DateTimeOffset Within = DateTimeOffset.FromUnixTimeSeconds(0x1800);

    private SshKeygen _keygen = null!;
    private SshPublicKey[] _authorities = null!;

    [OneTimeSetUp]
    public void MakeAuthority()
    {
        _keygen = new SshKeygen();
        _keygen.Generate("authority", "ed25519");
        _authorities = [_keygen.PublicKey("authority")];
    }

    [OneTimeTearDown]
    public void RemoveDirectory() => _keygen.Remove();

    [TestCase("ed25519", "ssh-ed25519-cert-v01@openssh.com")]
    [TestCase("ecdsa:256", "ecdsa-sha2-nistp256-cert-v01@openssh.com")]
    [TestCase("ecdsa:384", "ecdsa-sha2-nistp384-cert-v01@openssh.com")]
    [TestCase("ecdsa:521", "ecdsa-sha2-nistp521-cert-v01@openssh.com")]
    [TestCase("rsa:2048", "ssh-rsa-cert-v01@openssh.com")]
    public void Reads_what_ssh_keygen_certifies(string type, string certificateType)
    {
        byte[] blob = Certify(type, "-z", "77", "-O", "force-command=uname -a", "-O", "source-address=10.0.0.0/8,::1", "-O", "verify-required");
        SshCertificate certificate = SshCertificate.Parse(Peer.Client, blob);
        Assert.That(certificate.KeyType, Is.EqualTo(certificateType));
        Assert.That(SshCertificate.CertificateName(certificate.Key.KeyType), Is.EqualTo(certificateType));
        Assert.That(certificate.Key, Is.EqualTo(_keygen.PublicKey(type)));
        Assert.That(certificate.Authority, Is.EqualTo(_authorities[0]));
        Assert.That(certificate.Type, Is.EqualTo(CertificateType.User));
        Assert.That(certificate.Serial, Is.EqualTo(77));
        Assert.That(certificate.KeyId, Is.EqualTo("an id"));
        Assert.That(certificate.Principals, Is.EqualTo(new[] { "alice", "bob" }));
        Assert.That(certificate.ForceCommand, Is.EqualTo("uname -a"));
        Assert.That(certificate.RequiresUserVerification, Is.True);
        Assert.That(certificate.Extensions.Keys, Is.EquivalentTo(
            new[] { "permit-X11-forwarding", "permit-agent-forwarding", "permit-port-forwarding", "permit-pty", "permit-user-rc" }));
        Assert.That(certificate.CheckUser(_authorities, "alice", IPAddress.Parse("10.1.2.3"), Within), Is.EqualTo(CertificateStatus.Valid));
    }

    [TestCase("rsa:3072", "rsa-sha2-512", "rsa-sha2-512")]
    [TestCase("rsa:3072", "rsa-sha2-256", "rsa-sha2-256")]
    [TestCase("ecdsa:384", null, "ecdsa-sha2-nistp384")]
    public void An_authority_may_have_another_type(string type, string? algorithm, string signedWith)
    {
        byte[] blob = Certify("ed25519", [.. By(type), .. algorithm is null ? Array.Empty<string>() : ["-t", algorithm]]);
        SshCertificate certificate = SshCertificate.Parse(Peer.Client, blob);
        Assert.That(certificate.SignatureAlgorithm, Is.EqualTo(signedWith));
        Assert.That(certificate.CheckUser([_keygen.PublicKey("by-" + type)], "bob", null, Within), Is.EqualTo(CertificateStatus.Valid));
        Assert.That(certificate.CheckUser(_authorities, "bob", null, Within), Is.EqualTo(CertificateStatus.UntrustedAuthority));
    }

    [Test]
    public void Refuses_what_was_signed_with_SHA1()
    {
        byte[] blob = Certify("ed25519", [.. By("rsa:3072"), "-t", "ssh-rsa"]);
        SshCertificate certificate = SshCertificate.Parse(Peer.Client, blob);
        Assert.That(certificate.SignatureAlgorithm, Is.EqualTo("ssh-rsa"));
        Assert.That(certificate.CheckUser([_keygen.PublicKey("by-rsa:3072")], "bob", null, Within), Is.EqualTo(CertificateStatus.BadSignature));
    }

    [TestCase(0x0fff, nameof(CertificateStatus.NotYetValid))]
    [TestCase(0x1000, nameof(CertificateStatus.Valid))]
    [TestCase(0x1fff, nameof(CertificateStatus.Valid))]
    [TestCase(0x2000, nameof(CertificateStatus.Expired))]
    [TestCase(-1, nameof(CertificateStatus.NotYetValid))]
    public void Is_valid_in_its_time(long second, string status)
    {
        SshCertificate certificate = SshCertificate.Parse(Peer.Client, Certify("ed25519"));
        Assert.That(certificate.CheckUser(_authorities, null, null, DateTimeOffset.FromUnixTimeSeconds(second)).ToString(), Is.EqualTo(status));
    }

    [Test]
    public void Refuses_other_principals_types_and_options()
    {
        SshCertificate user = SshCertificate.Parse(Peer.Client, Certify("ed25519"));
        Assert.That(user.CheckUser(_authorities, "carol", null, Within), Is.EqualTo(CertificateStatus.WrongPrincipal));
        Assert.That(user.CheckHost(_authorities, "alice", Within), Is.EqualTo(CertificateStatus.WrongType));
        Assert.That(user.CheckUser([], "alice", null, Within), Is.EqualTo(CertificateStatus.UntrustedAuthority));
        SshCertificate critical = SshCertificate.Parse(Peer.Client, Certify("ed25519", "-O", "critical:expire@example.com=soon"));
        Assert.That(critical.CheckUser(_authorities, "alice", null, Within), Is.EqualTo(CertificateStatus.UnknownCriticalOption));
        _keygen.Run("-q", "-s", _keygen.PathOf("authority"), "-I", "id", "-V", Validity, _keygen.PathOf("ed25519.pub"));
        Assert.That(Read("ed25519").CheckUser(_authorities, null, null, Within), Is.EqualTo(CertificateStatus.NoPrincipals));
    }

    [TestCase("10.0.0.0/8", "10.200.0.1", true)]
    [TestCase("10.0.0.0/8", "::ffff:10.200.0.1", true)]
    [TestCase("10.0.0.0/8", "11.0.0.1", false)]
    [TestCase("192.0.2.1,fd00::/8", "192.0.2.1", true)]
    [TestCase("192.0.2.1,fd00::/8", "fd12::1", true)]
    [TestCase("192.0.2.1,fd00::/8", "fe80::1", false)]
    [TestCase("10.0.0.0/8,nonsense", "10.0.0.1", false)]
    [TestCase("10.0.0.0/8", null, false)]
    [TestCase("", "10.0.0.1", false)]
    public void May_be_used_from_its_source_addresses_only(string networks, string? source, bool may) =>
        Assert.That(SourceAddresses.Contain(networks, source is null ? null : IPAddress.Parse(source)), Is.EqualTo(may));

    [Test]
    public void Refuses_a_certificate_used_from_elsewhere()
    {
        SshCertificate certificate = SshCertificate.Parse(Peer.Client, Certify("ed25519", "-O", "source-address=10.0.0.0/8"));
        Assert.That(certificate.CheckUser(_authorities, "alice", IPAddress.Loopback, Within), Is.EqualTo(CertificateStatus.WrongSource));
        Assert.That(certificate.CheckUser(_authorities, "alice", null, Within), Is.EqualTo(CertificateStatus.WrongSource));
    }

    [TestCase("web.example.com", nameof(CertificateStatus.Valid))]
    [TestCase("WEB.example.com", nameof(CertificateStatus.Valid))]
    [TestCase("a.db.example.com", nameof(CertificateStatus.Valid))]
    [TestCase("example.com", nameof(CertificateStatus.WrongPrincipal))]
    public void A_hosts_certificate_is_for_its_names(string host, string status)
    {
        _keygen.Generate("host", "ed25519");
        _keygen.Run(
            "-q", "-h", "-s", _keygen.PathOf("authority"), "-I", "id", "-V", Validity, "-n", "web.example.com,*.db.example.com", _keygen.PathOf("host.pub"));
        SshCertificate certificate = Read("host");
        Assert.That(certificate.CheckHost(_authorities, host, Within).ToString(), Is.EqualTo(status));
        Assert.That(certificate.CheckUser(_authorities, host, null, Within), Is.EqualTo(CertificateStatus.WrongType));
    }

    [TestCase("ed25519")]
    [TestCase("rsa:2048")]
    [TestCase("ecdsa:256")]
    public void A_mutated_certificate_is_never_valid(string type)
    {
        byte[] blob = Certify(type, "-O", "force-command=uname -a");
        foreach (byte[] mutated in Mutations.Of(blob, 1000).Where(mutated => !mutated.AsSpan().SequenceEqual(blob)))
        {
            try
            {
                SshCertificate certificate = SshCertificate.Parse(Peer.Client, mutated);
                Assert.That(certificate.CheckUser(_authorities, null, null, Within), Is.Not.EqualTo(CertificateStatus.Valid));
            }
            catch (ProtocolException)
            {
                continue;
            }
        }

        for (int i = 0; i < blob.Length; i++)
        {
            byte[] prefix = blob[..i];
            Assert.That(() => SshCertificate.Parse(Peer.Client, prefix), Throws.TypeOf<ProtocolException>());
        }

        Assert.That(() => SshCertificate.Parse(Peer.Client, [.. blob, 0]), Throws.TypeOf<ProtocolException>());
    }

    [Test]
    public void Its_key_signs_under_the_certificates_algorithm_name()
    {
        SshCertificate certificate = SshCertificate.Parse(Peer.Client, Certify("rsa:2048"));
        using SshPrivateKey key = SshPrivateKey.Parse(_keygen.Read("rsa:2048"), []);
        byte[] signature = key.Sign("rsa-sha2-512", "data"u8);
        Assert.That(certificate.Verify("rsa-sha2-512-cert-v01@openssh.com", "data"u8, signature, out _), Is.True);
        Assert.That(certificate.Verify("rsa-sha2-512-cert-v01@openssh.com", "date"u8, signature, out _), Is.False);
        foreach (string other in new[] { "rsa-sha2-512", "rsa-sha2-256-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com", "" })
        {
            Assert.That(() => certificate.Verify(other, "data"u8, signature, out _), Throws.TypeOf<ProtocolException>());
        }
    }

    [TestCase("sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com")]
    [TestCase("sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com")]
    [TestCase("rsa-sha2-512", "rsa-sha2-512-cert-v01@openssh.com")]
    public void Names_of_keys_and_certificates_belong_together(string plain, string certificate)
    {
        Assert.That(SshCertificate.CertificateName(plain), Is.EqualTo(certificate));
        Assert.That(SshCertificate.PlainName(certificate), Is.EqualTo(plain));
        Assert.That(SshCertificate.PlainName(plain), Is.Null);
    }

    [TestCase("ed25519", "ed25519")]
    [TestCase("rsa:2048", "rsa:3072")]
    [TestCase("ecdsa:256", "ecdsa:384")]
    public void Makes_certificates_that_ssh_keygen_reads(string type, string authorityType)
    {
        _keygen.Generate(type, type);
        By(authorityType);
        using SshPrivateKey authority = SshPrivateKey.Parse(_keygen.Read("by-" + authorityType), []);
        byte[] blob = Builder(_keygen.PublicKey(type)).Sign(authority);
        string name = SshCertificate.Parse(Peer.Client, blob).KeyType;
        _keygen.Write("made.pub", Encoding.ASCII.GetBytes($"{name} {Convert.ToBase64String(blob)}\n"));
        string printed = _keygen.Run("-L", "-f", _keygen.PathOf("made.pub"));
        Assert.That(printed, Does.Contain($"Type: {name} user certificate").And.Contain(_keygen.PublicKey(type).Fingerprint)
            .And.Contain(authority.PublicKey.Fingerprint).And.Contain("Key ID: \"alice@corp\"").And.Contain("Serial: 9")
            .And.Match(@"Principals:\s+deploy\s+backup\s+Critical Options:\s+source-address 10.0.0.0/8\s+Extensions:\s+permit-port-forwarding\s+permit-pty"));
        Assert.That(
            SshCertificate.Parse(Peer.Client, blob).CheckUser([authority.PublicKey], "backup", IPAddress.Parse("10.0.0.1"), Within),
            Is.EqualTo(CertificateStatus.Valid));
    }

    [Test]
    public void Makes_certificates_of_security_keys()
    {
        using SshPrivateKey authority = SshPrivateKey.Generate();
        using var blob = new Ssh.Messages.SshWriter();
        blob.String(SshPublicKey.SkEd25519Type).String(authority.PublicKey.Blob.Span[^32..]).String("ssh:");
        SshPublicKey key = SshPublicKey.Parse(Peer.Client, blob.WrittenSpan);
        SshCertificate certificate = SshCertificate.Parse(Peer.Client, Builder(key).Sign(authority));
        Assert.That(certificate.KeyType, Is.EqualTo("sk-ssh-ed25519-cert-v01@openssh.com"));
        Assert.That(certificate.Key, Is.EqualTo(key));
    }

    [TestCase]
    [TestCase("")]
    public void Makes_no_certificate_for_nobody(params string[] principals)
    {
        using SshPrivateKey authority = SshPrivateKey.Generate();
        var builder = new SshCertificateBuilder
        {
            Key = authority.PublicKey,
            KeyId = "id",
            Principals = principals,
            ValidAfter = Within,
            ValidBefore = Within,
        };
        Assert.That(() => builder.Sign(authority), Throws.InvalidOperationException);
    }

    [Test]
    public void Refuses_options_out_of_order_or_twice()
    {
        using SshPrivateKey authority = SshPrivateKey.Generate();
        var builder = Builder(authority.PublicKey);
        builder.Extensions["permit-ptz"] = "";
        byte[] blob = builder.Sign(authority);
        Assert.That(() => SshCertificate.Parse(Peer.Client, blob), Throws.Nothing);
        foreach (string name in new[] { "permit-pty", "permit-ptx" })
        {
            Encoding.ASCII.GetBytes(name).CopyTo(blob, blob.AsSpan().LastIndexOf("permit-pt"u8));
            Assert.That(() => SshCertificate.Parse(Peer.Client, blob), Throws.TypeOf<ProtocolException>().With.Message.Contains("order"));
        }
    }

    private static SshCertificateBuilder Builder(SshPublicKey key) => new()
    {
        Key = key,
        KeyId = "alice@corp",
        Principals = ["deploy", "backup"],
        ValidAfter = DateTimeOffset.FromUnixTimeSeconds(0x1000),
        ValidBefore = DateTimeOffset.FromUnixTimeSeconds(0x2000),
        Serial = 9,
        CriticalOptions = { ["source-address"] = "10.0.0.0/8" },
        Extensions = { ["permit-pty"] = "", ["permit-port-forwarding"] = "" },
    };

    private string[] By(string type)
    {
        _keygen.Generate("by-" + type, type);
        return ["-s", _keygen.PathOf("by-" + type)];
    }

    /// <summary>A certificate of a key, by the authority unless the arguments say otherwise.</summary>
    private byte[] Certify(string type, params string[] more)
    {
        _keygen.Generate(type, type);
        string[] by = more is ["-s", ..] ? [] : ["-s", _keygen.PathOf("authority")];
        _keygen.Run(["-q", .. by, .. more, "-I", "an id", "-n", "alice,bob", "-V", Validity, _keygen.PathOf(type + ".pub")]);
        return Read(type).Blob.ToArray();
    }

    private SshCertificate Read(string name) => SshCertificate.Parse(
        Peer.Client, Convert.FromBase64String(File.ReadAllText(_keygen.PathOf(name + "-cert.pub")).Split(' ')[1]));
}
