using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Tests.Keys;
using WireGate.Ssh.Upstream;
using WireGate.Testing.Time;

namespace WireGate.Ssh.Tests.Authentication;

/// <summary>The certificate that is made for one session of a login.</summary>
internal sealed class LoginCertificateTests
{
    private readonly ManualTime _time = new();
    private SshKeygen _keygen = null!;

    [OneTimeSetUp]
    public void MakeAuthority()
    {
        _keygen = new SshKeygen();
        _keygen.Generate("ca", "ed25519");
    }

    [OneTimeTearDown]
    public void RemoveDirectory() => _keygen.Remove();

    [Test]
    public async Task It_is_the_logins_users_for_as_long_as_the_config_says_and_names_who_is_behind_it()
    {
        (UpstreamCredential credential, SshCertificate certificate) = await MakeAsync(new LoginCertificateConfig { Authority = "ca", Lifetime = TimeSpan.FromMinutes(5) });
        using (credential)
        {
            long now = _time.GetUtcNow().ToUnixTimeSeconds();
            Assert.That(certificate.Key, Is.EqualTo(credential.Key!.PublicKey));
            Assert.That(certificate.Principals, Is.EqualTo(new[] { "deploy" }));
            Assert.That(certificate.KeyId, Is.EqualTo("users:alice 0123"));
            Assert.That(((long)certificate.ValidAfter, (long)certificate.ValidBefore), Is.EqualTo((now - 60, now + 300)));
            Assert.That(certificate.Extensions.Keys, Is.EquivalentTo(LoginCertificateConfig.DefaultExtensions));
            Assert.That(certificate.CriticalOptions, Is.Empty);
            Assert.That(certificate.CheckUser([_keygen.PublicKey("ca")], "deploy", null, _time.GetUtcNow()), Is.EqualTo(CertificateStatus.Valid));
        }
    }

    [Test]
    public async Task What_the_config_says_of_it_is_in_it()
    {
        (UpstreamCredential credential, SshCertificate certificate) = await MakeAsync(
            new LoginCertificateConfig { Authority = "ca", Principals = ["ops", "root"], Extensions = ["permit-pty"] });
        using (credential)
        {
            Assert.That(certificate.Principals, Is.EqualTo(new[] { "ops", "root" }));
            Assert.That(certificate.Extensions.Keys, Is.EqualTo(new[] { "permit-pty" }));
        }
    }

    [Test]
    public async Task Each_has_a_key_and_a_serial_of_its_own()
    {
        var config = new LoginCertificateConfig { Authority = "ca" };
        (UpstreamCredential one, SshCertificate first) = await MakeAsync(config);
        (UpstreamCredential other, SshCertificate second) = await MakeAsync(config);
        using (one)
        using (other)
        {
            Assert.That(first.Key, Is.Not.EqualTo(second.Key));
            Assert.That(first.Serial, Is.Not.EqualTo(second.Serial));
        }
    }

    [Test]
    public void Without_its_authority_there_is_none() =>
        Assert.That(async () => await MakeAsync(new LoginCertificateConfig { Authority = "gone" }), Throws.TypeOf<SecretUnavailableException>());

    private async Task<(UpstreamCredential Credential, SshCertificate Certificate)> MakeAsync(LoginCertificateConfig config)
    {
        FrozenDictionary<string, SecretConfig> configured = new[]
        {
            new SecretConfig { Name = "ca", File = _keygen.PathOf("ca") }, new SecretConfig { Name = "gone", File = _keygen.PathOf("gone") },
        }.ToFrozenDictionary(s => s.Name);
        using EnvironmentSecrets environment = EnvironmentSecrets.Capture([]);
        using var secrets = new SecretProvider(configured, environment, _time);
        var login = new LoginConfig { Name = "deploy", User = "deploy", Certificate = config };
        UpstreamCredential credential = await UpstreamCredentials.FetchAsync(secrets, configured, login, "users:alice 0123", _time, fresh: false, CancellationToken.None);
        return (credential, SshCertificate.Parse(Peer.Upstream, credential.Certificate));
    }
}
