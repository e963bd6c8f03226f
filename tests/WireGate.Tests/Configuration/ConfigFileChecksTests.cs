using System.Collections.Immutable;
using System.Runtime.Versioning;
using NUnit.Framework;
using WireGate.Configuration;

namespace WireGate.Tests.Configuration;

[SupportedOSPlatform("linux")]
internal sealed class ConfigFileChecksTests
{
    [TestCase("0600", null)]
    [TestCase("0640", null)]
    [TestCase("0644", "others may read")]
    [TestCase("0660", "others may read or change")]
    [TestCase("0601", "others may read")]
    public void Refuses_a_secret_that_others_can_reach(string mode, string? problem)
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("secret", "x");
        File.SetUnixFileMode(file, (UnixFileMode)Convert.ToInt32(mode, 8));

        // Through a link, whose own bits are all set.
        string link = Path.Combine(directory.Path, "link");
        File.CreateSymbolicLink(link, file);

        Assert.That(Check(directory, link).SingleOrDefault()?.Message, problem is null ? Is.Null : Does.Contain(problem));
    }

    [Test]
    public void Refuses_a_file_that_is_not_there_where_it_is_named()
    {
        using var directory = new TemporaryDirectory();
        string config = Path.Combine(directory.Path, "wiregate.yaml");

        Assert.That(
            Check(directory, "/nonexistent/secret").Single().ToString(),
            Is.EqualTo($"{config}:4:23 secrets.s.file: the file does not exist, create it or correct the path"));
    }

    [Test]
    public void Refuses_a_directory_in_place_of_a_file()
    {
        using var directory = new TemporaryDirectory();

        Assert.That(Check(directory, directory.Path).Single().Message, Does.Contain("directory"));
    }

    [TestCase("ssh-dss AAAAB3NzaC1kc3M=", "serial: 1", "wiregate.yaml:7:44 identity.ssh.users[0].publicKeys[0]: it cannot be used: line 1: it does not begin with")]
    [TestCase("# nobody", "serial: 1", "wiregate.yaml:7:44 identity.ssh.users[0].publicKeys[0]: it cannot be used: the file has no key")]
    [TestCase("KEY", "serial: one", "wiregate.yaml:9:18 identity.ssh.revokedKeys: it cannot be used: line 1: not a serial number")]
    [TestCase("KEY\nKEY", "", "wiregate.yaml:7:44 identity.ssh.users[0].publicKeys[0]: it cannot be used: the key SHA256:")]
    [TestCase("KEY", "", null)]
    public void Refuses_a_file_of_users_keys_where_it_is_named(string keys, string revoked, string? problem)
    {
        const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICNFFCUHypZEh8KiM2qnE+pYJ0jZkAUcCjfqwTjT9k1w";
        using var directory = new TemporaryDirectory();
        string file = directory.Write("keys", keys.Replace("KEY", Key, StringComparison.Ordinal));
        string list = directory.Write("revoked", revoked);
        ImmutableArray<ConfigError> errors = ConfigFileChecks.Check(ConfigLoader.Load(directory.Write("wiregate.yaml", $$"""
            store: sqlite:/s.db
            audit: { to: /audit }
            listeners: [{ name: pg, protocol: postgres, address: 127.0.0.1 }]
            identity:
              ssh:
                name: users
                users: [{ subject: alice, publicKeys: [{{file}}] }]
                userCertificateAuthorities: ["{{Key}}"]
                revokedKeys: {{list}}
            """)));

        Assert.That(errors.SingleOrDefault()?.ToString(), problem is null ? Is.Null : Does.Contain(problem));
    }

    private static ImmutableArray<ConfigError> Check(TemporaryDirectory directory, string secret) =>
        ConfigFileChecks.Check(ConfigLoader.Load(directory.Write("wiregate.yaml", $$"""
            store: sqlite:/s.db
            audit: { to: /audit }
            listeners: [{ name: pg, protocol: postgres, address: 127.0.0.1 }]
            secrets: { s: { file: {{secret}} } }
            """)));
}
