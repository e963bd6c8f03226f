using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>An upstream is the one that a file of known hosts says, whose names ssh-keygen has hashed.</summary>
internal sealed class SshKnownHostsTests
{
    private SshHost _host = null!;
    private SshGateway _gateway = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await SshHost.StartAsync();
        string other = Path.Combine(_host.Root, "other");
        await SshHost.GenerateAsync(other);
        string name = $"[127.0.0.1]:{_host.Port}";
        await WriteAsync("known", $"{name} {_host.HostKey}\n");
        await WriteAsync("changed", $"{name} {SshHost.PublicKey(other)}\n");
        await SshHost.GenerateAsync(other + "-type", "ecdsa");
        await WriteAsync("changed-type", $"{name} {SshHost.PublicKey(other + "-type")}\n");
        await WriteAsync("absent", $"[127.0.0.2]:{_host.Port} {_host.HostKey}\n");
        await WriteAsync("port", $"127.0.0.1 {_host.HostKey}\n[127.0.0.1]:{_host.Port - 1} {_host.HostKey}\n");
        await WriteAsync("revoked", $"{name} {_host.HostKey}\n@revoked * {_host.HostKey}\n", isHashed: false);
        string[] names = ["known", "changed", "changed-type", "absent", "port", "revoked"];
        _gateway = await SshGateway.StartAsync(_host, edit: text => text
            .Replace("targets:\n", "targets:\n" + string.Concat(names.Select(Target)), StringComparison.Ordinal)
            .Replace("targets: [web-1,", $"targets: [{string.Join(", ", names)}, web-1,", StringComparison.Ordinal));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Test]
    public async Task A_host_whose_hashed_name_and_port_are_known_is_reached() =>
        Assert.That((await ExecAsync("known")).Succeeded().Output, Is.EqualTo("in\n"));

    [TestCase("changed", "which is not known of it", TestName = "One_whose_key_has_changed_is_refused")]
    [TestCase("changed-type", "which is not known of it", TestName = "One_whose_key_is_of_another_type_by_now_is_refused")]
    [TestCase("absent", "and no host key is known of it", TestName = "One_of_which_nothing_is_known_is_refused")]
    [TestCase("port", "and no host key is known of it", TestName = "One_that_is_known_on_other_ports_is_refused")]
    [TestCase("revoked", "which is revoked", TestName = "One_whose_key_is_revoked_is_refused")]
    public async Task Another_is_refused(string target, string why)
    {
        ToolResult result = await ExecAsync(target);

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((255, "")));
        Assert.That(result.Error, Does.Contain("the upstream is not the one that is known (ref ").And.Not.Contain("SHA256:"));
        string reference = result.Error.Split("(ref ")[1].Split(')')[0];
        string fingerprint = await SshUsers.FingerprintAsync(Path.Combine(_host.Root, "host"));
        string shown = $"127.0.0.1:{_host.Port}: its host key is ssh-ed25519 {fingerprint}, {why}";
        Assert.That((await _gateway.CommandAsync("why", reference)).Succeeded().Output, Does.Contain(shown));
        Assert.That(() => _gateway.Log, Does.Contain(shown).After(10_000, 50));
        await Wait.UntilAsync(
            () => _host.Log.Contains(":9: the host key is not one that is known [preauth]", StringComparison.Ordinal), "the upstream to hear why");
        Assert.That(_host.Log, Does.Not.Contain("Failed "), "nobody has tried to log in");
    }

    private async Task<ToolResult> ExecAsync(string target) => await _gateway.Through(await _gateway.MintAsync(target), target).ExecAsync("echo in");

    private string Target(string name) => $$"""
          {{name}}:
            protocol: ssh
            address: 127.0.0.1:{{_host.Port}}
            knownHosts: {{_host.Root}}/{{name}}
            logins: { deploy: { user: {{SshHost.User}}, privateKey: account } }

        """;

    private async Task WriteAsync(string name, string lines, bool isHashed = true)
    {
        string path = Path.Combine(_host.Root, name);
        await File.WriteAllTextAsync(path, lines);
        if (isHashed)
        {
            (await Tools.RunAsync("/usr/bin/ssh-keygen", ["-q", "-H", "-f", path])).Succeeded();
            Assert.That(await File.ReadAllTextAsync(path), Does.StartWith("|1|").And.Not.Contain("127.0.0.1"));
        }
    }
}
