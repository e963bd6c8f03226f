using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>A reload that takes a key away takes its sessions, and no others.</summary>
internal sealed class SshKeyReloadTests
{
    private SshUsers _users = null!;
    private string _certified = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _users = await SshUsers.StartAsync();
        _certified = await _users.CertifyAsync("-I", "carol", "-n", "sre", "-z", "42");
    }

    [TearDown]
    public async Task StopAsync() => await _users.DisposeAsync();

    [TestCase("the key", true)]
    [TestCase("its group", true)]
    [TestCase("its fingerprint is revoked", true)]
    [TestCase("the authority", false)]
    [TestCase("the principal's group", false)]
    [TestCase("its serial is revoked", false)]
    [TestCase("its id is revoked", false)]
    public async Task What_a_reload_takes_away_ends(string what, bool isKey)
    {
        await using RunningProcess ended = await OpenAsync(isKey ? _users.Key : _certified);
        await using RunningProcess other = await OpenAsync(isKey ? _certified : _users.Key);
        string fingerprint = await SshUsers.FingerprintAsync(_users.Key);
        await File.WriteAllTextAsync(_users.Revoked, what switch
        {
            "its fingerprint is revoked" => $"# lost\n{fingerprint}\n",
            "its serial is revoked" => "serial: 40-44\n",
            "its id is revoked" => "id: carol\n",
            _ => "",
        });
        _users.Reload(text => what switch
        {
            "the key" => text.Replace($"{SshHost.PublicKey(_users.Key)} alice@laptop", SshHost.PublicKey(_users.Authority), StringComparison.Ordinal),
            "its group" => text.Replace("groups: [sre], publicKeys", "publicKeys", StringComparison.Ordinal),
            "the authority" => text.Replace($"[{_users.Authority}.pub]", $"[{_users.Key}.pub]", StringComparison.Ordinal),
            "the principal's group" => text.Replace("mayAssert: [sre]", "mayAssert: [dba]", StringComparison.Ordinal),
            _ => text,
        });

        Assert.That(await ended.WaitForExitAsync(), Is.EqualTo(255));
        Assert.That(ended.Error, Does.Contain("the session is no longer granted"));
        Assert.That(other.HasExited, Is.False, other.Error);
        await Wait.UntilAsync(
            async () => (await _users.Gateway.AuditAsync()).Contains("\"end\":\"no-longer-granted\"", StringComparison.Ordinal), "the end in the audit log");
        Assert.That((await SshUsers.SshAsync(_users.ConfigFor(isKey ? _users.Key : _certified), "gate", "true")).ExitCode, Is.EqualTo(what.Contains("group", StringComparison.Ordinal) ? 0 : 255));
    }

    private async Task<RunningProcess> OpenAsync(string key)
    {
        RunningProcess ssh = RunningProcess.Start("/usr/bin/ssh", ["-F", _users.ConfigFor(key), "gate", "echo in; sleep 60"]);
        await Wait.UntilAsync(() => ssh.Output.Contains("in", StringComparison.Ordinal) || ssh.HasExited, "the session");
        return ssh;
    }
}
