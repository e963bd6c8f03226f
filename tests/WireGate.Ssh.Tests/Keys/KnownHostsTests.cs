using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Tests.Keys;

public sealed class KnownHostsTests
{
    private const string First = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICNFFCUHypZEh8KiM2qnE+pYJ0jZkAUcCjfqwTjT9k1w";

    private SshKeygen _keygen = null!;
    private string _second = null!;

    [OneTimeSetUp]
    public void MakeKeys()
    {
        _keygen = new SshKeygen();
        _keygen.Generate("second", "ecdsa:256");
        _second = _keygen.PublicKey("second").ToString();
    }

    [OneTimeTearDown]
    public void RemoveDirectory() => _keygen.Remove();

    [TestCase("web", "web", 22, true)]
    [TestCase("WEB", "web", 22, true)]
    [TestCase("web", "Web", 22, true)]
    [TestCase("web", "web2", 22, false)]
    [TestCase("web", "web", 2222, false)]
    [TestCase("[web]:2222", "web", 2222, true)]
    [TestCase("[web]:2222", "web", 22, false)]
    [TestCase("db,web,10.0.0.5", "10.0.0.5", 22, true)]
    [TestCase("*.example.com", "a.example.com", 22, true)]
    [TestCase("*.example.com", "example.com", 22, false)]
    [TestCase("*.example.com,!b.example.com", "b.example.com", 22, false)]
    [TestCase("!b.example.com,*.example.com", "b.example.com", 22, false)]
    [TestCase("!b.example.com", "a.example.com", 22, false)]
    [TestCase("10.0.0.?", "10.0.0.5", 22, true)]
    [TestCase("10.0.0.?", "10.0.0.55", 22, false)]
    [TestCase("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 22, false)]
    [TestCase("::1", "::1", 22, true)]
    [TestCase("[::1]:2222", "::1", 2222, true)]
    public void A_line_is_of_the_hosts_that_it_names(string hosts, string host, int port, bool isKnown) =>
        Assert.That(Parse($"{hosts} {First}").Lookup(host, port).Keys, Has.Length.EqualTo(isKnown ? 1 : 0));

    [Test]
    public void Finds_the_names_that_ssh_keygen_hashed()
    {
        _keygen.Write("hosts", Encoding.ASCII.GetBytes($"web,10.0.0.5 {First}\n[web]:2222 {_second}\n"));
        _keygen.Run("-H", "-f", _keygen.PathOf("hosts"));
        byte[] file = _keygen.Read("hosts");
        Assert.That(Encoding.ASCII.GetString(file), Does.StartWith("|1|").And.Not.Contain("10.0.0.5").And.Not.Contain("[web]"));
        KnownHosts hosts = KnownHosts.Parse(file);
        Assert.That(hosts.Lookup("WEB", 22).Keys.Select(key => key.ToString()), Is.EqualTo(new[] { First }));
        Assert.That(hosts.Lookup("10.0.0.5", 22).Keys, Has.Length.EqualTo(1));
        Assert.That(hosts.Lookup("web", 2222).Keys.Select(key => key.ToString()), Is.EqualTo(new[] { _second }));
        Assert.That(hosts.Lookup("db", 22).Keys, Is.Empty);
    }

    [Test]
    public void Tells_keys_authorities_and_what_is_revoked_apart()
    {
        using SshPrivateKey revoked = SshPrivateKey.Generate();
        KnownHost host = Parse(
            $"# a comment\n\nweb {First} comment here\r\nweb {_second}\nweb {First}\n@cert-authority *.x,web {_second}\n"
            + $"web {revoked.PublicKey}\n@revoked * {revoked.PublicKey}\n@cert-authority * {revoked.PublicKey}\n").Lookup("web", 22);
        Assert.That(host.Keys.Select(key => key.ToString()), Is.EqualTo(new[] { First, _second }));
        Assert.That(host.Authorities.Select(key => key.ToString()), Is.EqualTo(new[] { _second }));
        Assert.That(host.Revoked, Is.EqualTo(new[] { revoked.PublicKey }));
        Assert.That(host.WhyRefused(SshPublicKey.ParseLine(Peer.Upstream, First), null, default), Is.Null);
        Assert.That(host.WhyRefused(revoked.PublicKey, null, default), Does.Contain(revoked.PublicKey.Fingerprint).And.EndWith(", which is revoked"));
    }

    [Test]
    public void Passes_over_keys_of_types_that_may_not_sign_here() =>
        Assert.That(Parse($"web ssh-dss AAAAB3NzaC1kc3MAAAA=\nweb {First}").Lookup("web", 22).Keys, Has.Length.EqualTo(1));

    [TestCase("web", "line 2")]
    [TestCase("web ssh-ed25519", "line 2")]
    [TestCase("web ssh-ed25519 AAAA", "line 2")]
    [TestCase("web ssh-ed25519 !!!!", "base64")]
    [TestCase("@revoke * " + First, "marker")]
    [TestCase("@revoked * ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t", "ssh-ed25519-cert-v01@openssh.com")]
    [TestCase("@revoked * ssh-dss AAAAB3NzaC1kc3MAAAA=", "ssh-dss")]
    [TestCase("@revoked", "line 2")]
    [TestCase("web,, " + First, "empty")]
    [TestCase("! " + First, "empty")]
    [TestCase("|2|AAAA|AAAA " + First, "hashed")]
    [TestCase("|1|AAAA|AAAA " + First, "hashed")]
    [TestCase("|1|AAAA " + First, "hashed")]
    public void Refuses_a_file_with_a_line_that_cannot_be_read(string line, string because) =>
        Assert.That(() => Parse($"web {First}\n{line}\n"), Throws.TypeOf<KeyFileException>().With.Message.Contains(because));

    [Test]
    public void Refuses_a_file_that_is_too_long() =>
        Assert.That(() => KnownHosts.Parse(new byte[KnownHosts.MaxFileLength + 1]), Throws.TypeOf<KeyFileException>().With.Message.Contains("bytes"));

    [Test]
    public void A_mutated_file_is_read_or_refused_in_words()
    {
        byte[] file = Encoding.ASCII.GetBytes($"web {First}\n@revoked * {_second}\n|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= {First}\n");
        foreach (byte[] mutated in Mutations.Of(file, 3000))
        {
            try
            {
                KnownHosts.Parse(mutated).Lookup("web", 22);
                PublicKeyFile.Parse(Peer.Client, mutated);
            }
            catch (KeyFileException)
            {
                continue;
            }
        }
    }

    [Test]
    public void A_file_of_public_keys_has_one_in_each_line()
    {
        byte[] file = Encoding.ASCII.GetBytes($"# users\n{First} one\n\n  {_second}\n");
        Assert.That(PublicKeyFile.Parse(Peer.Client, file).Select(key => key.ToString()), Is.EqualTo(new[] { First, _second }));
    }

    [TestCase("", "no key")]
    [TestCase("# nothing\n", "no key")]
    [TestCase(First + "\ncert-authority " + First, "line 2")]
    [TestCase("ssh-ed25519-cert-v01@openssh.com AAAA", "line 1")]
    public void Refuses_a_file_of_public_keys_that_has_none_or_something_else(string file, string because) =>
        Assert.That(
            () => PublicKeyFile.Parse(Peer.Client, Encoding.ASCII.GetBytes(file)), Throws.TypeOf<KeyFileException>().With.Message.Contains(because));

    private static KnownHosts Parse(string file) => KnownHosts.Parse(Encoding.ASCII.GetBytes(file));
}
