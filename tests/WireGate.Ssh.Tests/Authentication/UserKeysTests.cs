using System.Net;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Tests.Keys;

namespace WireGate.Ssh.Tests.Authentication;

/// <summary>Which keys and certificates stand for whom. Certificates are ssh-keygen's.</summary>
internal sealed class UserKeysTests
{
    private static readonly DateTimeOffset Within = DateTimeOffset.FromUnixTimeSeconds(0x1800);
    private static readonly IPAddress Source = IPAddress.Parse("10.1.2.3");

    private SshKeygen _keygen = null!;
    private int _certificates;

    [OneTimeSetUp]
    public void MakeKeys()
    {
        _keygen = new SshKeygen();
        foreach (string name in (string[])["alice", "ca", "other-ca"])
        {
            _keygen.Generate(name, "ed25519");
        }

        _keygen.Generate("rsa", "rsa:2048");
        _keygen.Generate("rsa-ca", "rsa:2048");
    }

    [OneTimeTearDown]
    public void RemoveDirectory() => _keygen.Remove();

    [Test]
    public void A_registered_key_is_its_users_with_the_groups_of_the_config()
    {
        KeyJudgement judgement = Judge(Config(), "ssh-ed25519", _keygen.PublicKey("alice").Blob.Span);

        Assert.That(judgement.Problem, Is.Null);
        Assert.That(judgement.Caller!.Identity.ToString(), Is.EqualTo("users:alice"));
        Assert.That(judgement.Caller.Identity.Groups, Is.EqualTo(new[] { "sre" }));
        Assert.That(judgement.Caller.Key!.Fingerprint, Is.EqualTo(_keygen.PublicKey("alice").Fingerprint));
        Assert.That(judgement.Caller.Placeholder, Is.Null);
    }

    [TestCase("rsa", "rsa-sha2-256", true)]
    [TestCase("rsa", "rsa-sha2-512", true)]
    [TestCase("rsa", "ssh-rsa", false)]
    [TestCase("rsa", "ssh-ed25519", false)]
    [TestCase("alice", "rsa-sha2-512", false)]
    [TestCase("alice", "ssh-ed25519", true)]
    [TestCase("ca", "ssh-ed25519", false)]
    public void A_key_is_taken_for_its_own_algorithms_if_it_is_registered(string key, string algorithm, bool isTaken) =>
        Assert.That(Judge(Config(), algorithm, _keygen.PublicKey(key).Blob.Span).Problem is null, Is.EqualTo(isTaken));

    [TestCase(null, "-n", "sre")]
    [TestCase(null, "-n", "sre,other", "-O", "source-address=10.0.0.0/8,::1")]
    [TestCase(null, "-n", "other", "-O", "verify-required", "-O", "force-command=ls")]
    [TestCase("has expired", "-n", "sre", "-V", "0x100:0x1800")]
    [TestCase("is not valid yet", "-n", "sre", "-V", "0x1801:0x2000")]
    [TestCase("is a host's", "-n", "sre", "-h")]
    [TestCase("has no principals")]
    [TestCase("is for other addresses", "-n", "sre", "-O", "source-address=10.2.0.0/16")]
    [TestCase("has a critical option", "-n", "sre", "-O", "critical:colour@example.com=red")]
    [TestCase("is revoked", "-n", "sre", "-z", "9")]
    [TestCase("is revoked", "-n", "sre", "-I", "mallory")]
    [TestCase("has no key id", "-n", "sre", "-I", "")]
    [TestCase("its key id is no name", "-n", "sre", "-I", "carol ")]
    [TestCase("its key id is no name", "-n", "sre", "-I", "ca\u200brol")]
    public void A_certificate_holds_or_says_why_not(string? problem, params string[] options)
    {
        KeyJudgement judgement = Judge(Config(), "ssh-ed25519-cert-v01@openssh.com", Certify("ca", options));

        Assert.That(judgement.Problem, problem is null ? Is.Null : Does.Contain(problem));
        Assert.That(judgement.Key is null, Is.EqualTo(problem is not null));
    }

    [Test]
    public void A_certificates_user_is_its_key_id_and_its_groups_are_principals_that_may_be_asserted()
    {
        Caller caller = Judge(Config(), "ssh-ed25519-cert-v01@openssh.com", Certify("ca", "-n", "root,sre,dba,root", "-z", "7")).Caller!;

        Assert.That(caller.Identity.ToString(), Is.EqualTo("users:carol"));
        Assert.That(caller.Identity.Groups, Is.EqualTo(new[] { "sre" }));
        Assert.That(caller.Key!.Certificate, Is.EqualTo(new CallerCertificate("carol", 7, _keygen.PublicKey("ca").Fingerprint)));
    }

    [TestCase("other-ca", "its authority is not one that is trusted")]
    [TestCase("rsa-ca", "or with SHA-1", "-t", "ssh-rsa")]
    [TestCase("rsa-ca", null, "-t", "rsa-sha2-256")]
    public void A_certificate_is_signed_by_a_trusted_authority_and_not_by_SHA1(string authority, string? problem, params string[] options) => Assert.That(
        Judge(Config(), "ssh-ed25519-cert-v01@openssh.com", Certify(authority, ["-n", "sre", .. options])).Problem, problem is null ? Is.Null : Does.Contain(problem));

    [TestCase("ssh-ed25519-cert-v01@openssh.com")]
    [TestCase("ssh-rsa-cert-v01@openssh.com")]
    [TestCase("ssh-ed25519")]
    [TestCase("rsa-sha2-512-cert-v01@openssh.com", true)]
    public void The_algorithm_is_one_of_the_certified_key(string algorithm, bool isTaken = false)
    {
        byte[] certificate = CertifyKey("rsa", "ca", "-n", "sre");

        Assert.That(Judge(Config(), algorithm, certificate).Problem is null, Is.EqualTo(isTaken));
    }

    [Test]
    public void A_certificate_by_a_certified_key_is_none()
    {
        byte[] authority = CertifyKey("other-ca", "ca", "-n", "sre");
        byte[] certificate = Certify("other-ca", "-n", "sre");
        using SshWriter plain = new SshWriter().String(_keygen.PublicKey("other-ca").Blob.Span);
        int at = certificate.AsSpan().IndexOf(plain.WrittenSpan);
        using SshWriter nested = new SshWriter(2048).Raw(certificate.AsSpan(0, at)).String(authority).Raw(certificate.AsSpan(at + plain.WrittenSpan.Length));

        Assert.That(Judge(Config(), "ssh-ed25519-cert-v01@openssh.com", nested.WrittenSpan).Problem, Does.Contain("cannot be read"));
    }

    [Test]
    public void Any_altered_byte_of_a_certificate_loses_it()
    {
        byte[] certificate = Certify("ca", "-n", "sre");
        GatewayConfig config = Config();
        for (int i = 0; i < certificate.Length; i++)
        {
            byte[] altered = [.. certificate];
            altered[i] ^= 1;

            Assert.That(Judge(config, "ssh-ed25519-cert-v01@openssh.com", altered).Problem, Is.Not.Null, $"byte {i}");
        }
    }

    [TestCase("", true)]
    [TestCase("# nothing\n\n", true)]
    [TestCase("alice", false)]
    [TestCase("key: alice", false)]
    [TestCase("sha256: alice", false)]
    [TestCase("hash: fingerprint", false)]
    [TestCase("fingerprint", false)]
    [TestCase("serial: 9", true)]
    public void A_revoked_key_is_not_taken(string revoked, bool isTaken)
    {
        SshPublicKey key = _keygen.PublicKey("alice");
        string line = revoked.Replace("fingerprint", key.Fingerprint, StringComparison.Ordinal).Replace("alice", key.ToString(), StringComparison.Ordinal);

        Assert.That(Judge(Config(line), "ssh-ed25519", key.Blob.Span).Problem is null, Is.EqualTo(isTaken));
    }

    [TestCase("serial: 7", false)]
    [TestCase("serial: 0x7", false)]
    [TestCase("serial: 1-7", false)]
    [TestCase("serial: 8-9", true)]
    [TestCase("id: carol", false)]
    [TestCase("id: caro", true)]
    [TestCase("ca", false)]
    [TestCase("alice", false)]
    public void A_certificate_is_revoked_by_serial_id_key_or_authority(string revoked, bool isTaken)
    {
        string line = revoked is "ca" or "alice" ? _keygen.PublicKey(revoked).ToString() : revoked;
        byte[] certificate = Certify("ca", "-n", "sre", "-z", "7");

        Assert.That(Judge(Config(line), "ssh-ed25519-cert-v01@openssh.com", certificate).Problem is null, Is.EqualTo(isTaken));
    }

    [TestCase("SSHKRL\n\0", "write the list as text")]
    [TestCase("serial: 0", "a serial number")]
    [TestCase("serial: 9-7", "a serial number")]
    [TestCase("serial: many", "a serial number")]
    [TestCase("sha1: ssh-ed25519 AAAA", "neither")]
    [TestCase("SHA256:abc", "not a fingerprint")]
    [TestCase("id:", "neither")]
    public void A_list_that_cannot_be_read_lets_nobody_in(string revoked, string problem)
    {
        GatewayConfig config = Config(revoked);

        Assert.That(KeyCheck.OfUsers(config.SshUsers!).Single().Problem, Does.Contain(problem));
        Assert.That(Judge(config, "ssh-ed25519", _keygen.PublicKey("alice").Blob.Span).Problem, Is.Not.Null);
        Assert.That(Judge(config, "ssh-ed25519-cert-v01@openssh.com", Certify("ca", "-n", "sre")).Problem, Is.Not.Null);
    }

    [Test]
    public void A_key_in_two_files_is_told_of_where_the_second_is_named()
    {
        SshUsersConfig users = Config().SshUsers!;
        users = users with { Users = [.. users.Users, new SshUserConfig("bob", [], [_keygen.PathOf("alice.pub")])] };

        Assert.That(KeyCheck.OfUsers(users).Single(), Is.EqualTo((
            _keygen.PathOf("alice.pub"), $"the key {_keygen.PublicKey("alice").Fingerprint} is registered already: a key stands for one identity, and once")));
    }

    [Test]
    public void A_session_stands_as_long_as_its_key_would_be_taken_for_the_same()
    {
        GatewayConfig config = Config();
        SshUsersConfig users = config.SshUsers!;
        Caller alice = Judge(config, "ssh-ed25519", _keygen.PublicKey("alice").Blob.Span).Caller!;
        Caller carol = Judge(config, "ssh-ed25519-cert-v01@openssh.com", Certify("ca", "-n", "sre", "-z", "7")).Caller!;
        SshUserConfig user = users.Users[0];

        Assert.That(Stand(users), Is.EqualTo((true, true)));
        Assert.That(Stand(users with { Users = [user with { Groups = ["sre", "dba"] }], MayAssert = ["sre", "dba"] }), Is.EqualTo((true, true)), "more groups");
        Assert.That(Stand(users with { Users = [user with { Groups = ["dba"] }] }), Is.EqualTo((false, true)), "another group");
        Assert.That(Stand(users with { Users = [user with { Subject = "bob" }] }), Is.EqualTo((false, true)), "somebody else's");
        Assert.That(Stand(users with { Users = [] }), Is.EqualTo((false, true)), "nobody's");
        Assert.That(Stand(users with { UserCertificateAuthorities = [] }), Is.EqualTo((true, false)), "no authority");
        Assert.That(Stand(users with { MayAssert = [] }), Is.EqualTo((true, false)), "no group");
        Assert.That(Stand(users with { Name = "others" }), Is.EqualTo((false, false)), "another issuer");
        Assert.That(Stand(Config("serial: 7").SshUsers), Is.EqualTo((true, false)), "a revoked serial");
        Assert.That(Stand(Config(_keygen.PublicKey("alice").Fingerprint).SshUsers), Is.EqualTo((false, false)), "a revoked key");
        Assert.That(Stand(null), Is.EqualTo((false, false)), "no keys at all");

        (bool Alice, bool Carol) Stand(SshUsersConfig? now)
        {
            GatewayConfig changed = config with { SshUsers = now };
            return (alice.StillStands(changed), carol.StillStands(changed));
        }
    }

    private static KeyJudgement Judge(GatewayConfig config, string algorithm, ReadOnlySpan<byte> blob) =>
        UserKeys.Of(config)!.Judge(algorithm, blob, Source, Within);

    private GatewayConfig Config(string revoked = "serial: 9\nid: mallory\n")
    {
        _keygen.Write("revoked", System.Text.Encoding.UTF8.GetBytes(revoked));
        return Testing.Admin.SampleConfig.Create("/nowhere/admin.sock") with
        {
            SshUsers = new SshUsersConfig
            {
                Name = "users",
                Users = [new SshUserConfig("alice", ["sre"], [$"{_keygen.PublicKey("alice")} a comment"]), new SshUserConfig("rsa", [], [_keygen.PathOf("rsa.pub")])],
                UserCertificateAuthorities = [_keygen.PublicKey("ca").ToString(), _keygen.PathOf("rsa-ca.pub")],
                MayAssert = ["sre"],
                RevokedKeysPath = _keygen.PathOf("revoked"),
            },
        };
    }

    private byte[] Certify(string authority, params string[] options) => CertifyKey("alice", authority, options);

    private byte[] CertifyKey(string key, string authority, params string[] options)
    {
        string copy = $"certified-{_certificates++}";
        _keygen.Write($"{copy}.pub", _keygen.Read($"{key}.pub"));
        _keygen.Run(["-q", "-s", authority, .. options.Contains("-I") ? Array.Empty<string>() : ["-I", "carol"], .. options.Contains("-V") ? Array.Empty<string>() : ["-V", "0x1000:0x2000"], .. options, $"{copy}.pub"]);
        return _keygen.Certificate(copy);
    }
}
