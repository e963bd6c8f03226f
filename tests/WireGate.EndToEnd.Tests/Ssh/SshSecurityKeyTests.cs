using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>FIDO keys, by the token in software that OpenSSH's own tests have.</summary>
internal sealed class SshSecurityKeyTests
{
    private static readonly string Token = Path.Combine(Places.OpenSshTests, "misc/sk-dummy/sk-dummy.so");

    private string _directory = null!;
    private SshUsers _users = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _directory = Places.Temporary("sk");
        foreach ((string name, string type, string options) in ((string, string, string)[])
            [("ed25519", "ed25519-sk", ""), ("ecdsa", "ecdsa-sk", ""), ("untouched", "ed25519-sk", "-O no-touch-required"),
             ("excused", "ecdsa-sk", "-O no-touch-required"), ("foreign", "ed25519-sk", "")])
        {
            (await SshUsers.ShellAsync($"ssh-keygen -q -t {type} {options} -w {Token} -N '' -C '' -f {_directory}/{name}")).Succeeded();
        }

        _users = await SshUsers.StartAsync(edit: text => text.Replace("      - { subject: bob,", $$"""
                  - { subject: fido, publicKeys: ["{{Public("ed25519")}}", "{{Public("ecdsa")}}", "{{Public("untouched")}}", "no-touch-required {{Public("excused")}}"] }
                  - { subject: bob,
            """.TrimEnd(), StringComparison.Ordinal));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _users.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [TestCase("ed25519", "sk-ssh-ed25519@openssh.com")]
    [TestCase("ecdsa", "sk-ecdsa-sha2-nistp256@openssh.com")]
    public async Task A_key_that_is_touched_lets_its_user_in(string name, string type)
    {
        Assert.That(Public(name), Does.StartWith(type));

        Assert.That((await ExecAsync(name)).Succeeded().Output, Is.EqualTo("in\n"));
        Assert.That(await _users.Gateway.AuditAsync(), Does.Match("\"event\":\"session-authenticated\".*\"subject\":\"fido\".*\"method\":\"publickey\""));
    }

    [Test]
    public async Task A_key_that_nobody_touched_is_refused()
    {
        ToolResult result = await ExecAsync("untouched");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((255, "")), result.ToString());
        Assert.That(result.Error, Does.Contain("Permission denied"));
        string fingerprint = await SshUsers.FingerprintAsync(Path.Combine(_directory, "untouched"));
        await Wait.UntilAsync(async () => Refusals(await _users.Gateway.AuditAsync(), fingerprint).Any(line => line.Contains("touch", StringComparison.Ordinal)), "the refusal");
    }

    [Test]
    public async Task One_that_may_do_without_a_touch_does() => Assert.That((await ExecAsync("excused")).Succeeded().Output, Is.EqualTo("in\n"));

    [Test]
    public async Task One_that_nobody_registered_is_refused()
    {
        ToolResult result = await ExecAsync("foreign");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((255, "")), result.ToString());
    }

    [Test]
    public async Task A_certificate_of_one_lets_its_user_in_by_its_touch()
    {
        (await SshUsers.ShellAsync($"ssh-keygen -q -s {_users.Authority} -I carol -n sre {_directory}/foreign.pub")).Succeeded();
        try
        {
            Assert.That((await ExecAsync("foreign")).Succeeded().Output, Is.EqualTo("in\n"));
        }
        finally
        {
            File.Delete(Path.Combine(_directory, "foreign-cert.pub"));
        }
    }

    private static IEnumerable<string> Refusals(string audit, string fingerprint) =>
        audit.Split('\n').Where(line => line.Contains(fingerprint, StringComparison.Ordinal));

    private string Public(string name) => SshHost.PublicKey(Path.Combine(_directory, name));

    private Task<ToolResult> ExecAsync(string name) =>
        SshUsers.SshAsync(_users.ConfigFor(Path.Combine(_directory, name), $"SecurityKeyProvider {Token}"), "gate", "echo in");
}
