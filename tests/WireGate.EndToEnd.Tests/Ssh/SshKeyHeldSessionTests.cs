using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>A session of a key's user, whose grant asks for people's yes.</summary>
internal sealed partial class SshKeyHeldSessionTests
{
    private const string Approver = "games";

    private SshUsers _users = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Assert.That(Unix.IsRoot, "only root can run a command as somebody else");
        _users = await SshUsers.StartAsync(edit: text => text
            .Replace("mode: \"0600\" }\n", """
                mode: "0666" }
                  roles: { admin: { unix: [root] }, approve: { issuer: unix, groups: [sre] } }

                """, StringComparison.Ordinal)
            .Replace("identity:\n", $"identity:\n  unix: [{{ user: {Approver}, subject: ann, groups: [sre] }}]\n", StringComparison.Ordinal)
            .Replace("issuer: users }, targets: [web-1] }", "issuer: users }, targets: [web-1], hold: { approvers: { issuer: unix, groups: [sre] }, within: 1m } }", StringComparison.Ordinal));
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _users.DisposeAsync();

    [Test]
    public async Task It_begins_when_somebody_has_said_yes_and_nobody_minted_it()
    {
        await using RunningProcess ssh = RunningProcess.Start("/usr/bin/ssh", ["-F", _users.ConfigFor(_users.Key), "gate", "echo in"]);
        await Wait.UntilAsync(() => Waiting().IsMatch(ssh.Error) || ssh.HasExited, "the banner");
        string id = Waiting().Match(ssh.Error).Groups[1].Value;
        Assert.That((await _users.Gateway.CommandAsync("approval", "show", id)).Succeeded().Output, Does.Contain("users:alice"));

        (await _users.Gateway.CommandAsAsync(Approver, "approval", "approve", id)).Succeeded();

        Assert.That((await ssh.WaitForExitAsync(), ssh.Output), Is.EqualTo((0, "in\n")), ssh.Error);
        Assert.That(await _users.Gateway.AuditAsync(), Does.Match($"\"event\":\"session-authenticated\".*\"method\":\"publickey\".*\"approval\":\"{id}\""));
    }

    [Test]
    public async Task A_key_that_is_taken_away_meanwhile_ends_it()
    {
        string key = await _users.CertifyAsync("-I", "carol", "-n", "sre", "-z", "77");
        await using RunningProcess ssh = RunningProcess.Start("/usr/bin/ssh", ["-F", _users.ConfigFor(key), "gate", "echo in"]);
        await Wait.UntilAsync(() => Waiting().IsMatch(ssh.Error) || ssh.HasExited, "the banner");
        await File.WriteAllTextAsync(_users.Revoked, "serial: 77\n");
        _users.Reload(text => text);

        Assert.That((await ssh.WaitForExitAsync(), ssh.Output), Is.EqualTo((255, "")), ssh.Error);
        string id = Waiting().Match(ssh.Error).Groups[1].Value;
        Assert.That((await _users.Gateway.CommandAsAsync(Approver, "approval", "approve", id)).ExitCode, Is.Not.Zero);
    }

    [GeneratedRegex("wiregate: waiting for approval (apr_[a-z2-7]{16})")]
    private static partial Regex Waiting();
}
