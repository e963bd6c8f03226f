using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>The machine's own ssh does through the gateway what it does without.</summary>
internal sealed class OpenSshTests : SshFixture
{
    [Test]
    public async Task A_command_has_its_output_its_errors_and_its_status()
    {
        ToolResult result = await Endpoint.ExecAsync("echo out; echo err >&2; exit 7");

        Assert.That((result.ExitCode, result.Output, result.Error), Is.EqualTo((7, "out\n", "err\n")));
    }

    [Test]
    public async Task A_command_reads_what_the_client_sends_until_its_end()
    {
        ToolResult result = (await Endpoint.SshAsync(["gate", "tr a-z A-Z; echo end"], "some\nlines\n")).Succeeded();

        Assert.That(result.Output, Is.EqualTo("SOME\nLINES\nend\n"));
    }

    [Test]
    public async Task A_command_that_a_signal_ends_is_told_as_that()
    {
        ToolResult result = await Endpoint.SshAsync(["-v", "gate", "kill -TERM $$"]);

        Assert.That(result.ExitCode, Is.EqualTo(255), result.ToString());
        Assert.That(result.Error, Does.Contain("rtype exit-signal").And.Not.Contain("rtype exit-status"));
    }

    [Test]
    public async Task A_shell_runs_what_it_is_given()
    {
        ToolResult result = (await Endpoint.SshAsync(["-T", "gate"], "echo $((6 * 7))\nexit 0\n")).Succeeded();

        Assert.That(result.Output, Does.Contain("42"));
    }

    [Test]
    public async Task A_terminal_is_one()
    {
        ToolResult result = (await Endpoint.SshAsync(["-tt", "gate", "tty; stty size"])).Succeeded();

        Assert.That(result.Output, Does.Contain("/dev/pts/"));
    }

    [Test]
    public async Task The_language_passes_and_what_changes_commands_does_not()
    {
        Dictionary<string, string> environment = Endpoint.Environment;
        foreach (string name in (string[])["LC_TIME", "LD_PRELOAD", "BASH_ENV", "GIT_SSH_COMMAND", "FOO", "LC_a"])
        {
            environment[name] = "there";
        }

        environment.Remove("LD_PRELOAD");
        ToolResult result = (await Tools.RunAsync(
            "/usr/bin/ssh",
            ["-F", Endpoint.ConfigPath, "-oSendEnv=LC_TIME BASH_ENV GIT_SSH_COMMAND FOO LC_a", "-oSetEnv=LD_PRELOAD=there", "gate", "env"],
            environment)).Succeeded();

        Assert.That(result.Output, Does.Contain("LC_TIME=there"));
        Assert.That(result.Output, Does.Not.Contain("LD_PRELOAD").And.Not.Contain("BASH_ENV").And.Not.Contain("GIT_").And.Not.Contain("FOO").And.Not.Contain("LC_a"));
    }

    [TestCase("aes128-gcm@openssh.com", "")]
    [TestCase("aes256-gcm@openssh.com", "")]
    [TestCase("chacha20-poly1305@openssh.com", "")]
    [TestCase("aes256-ctr", "hmac-sha2-256-etm@openssh.com")]
    [TestCase("aes128-ctr", "hmac-sha2-512")]
    public async Task Many_bytes_come_as_they_were_sent_both_ways(string cipher, string mac)
    {
        string[] options = mac.Length == 0 ? [$"-oCiphers={cipher}"] : [$"-oCiphers={cipher}", $"-oMACs={mac}"];
        string script = string.Create(null, $"head -c 50000000 /dev/urandom > {Host.Files}/there; cat {Host.Files}/there | tee >(sha256sum >&2)");
        ToolResult down = await ShellAsync($"ssh -F {Endpoint.ConfigPath} {string.Join(' ', options)} gate \"bash -c '{script}'\" | sha256sum");
        Assert.That(down.Output.Split(' ')[0], Is.EqualTo(down.Error.Split(' ')[0]).And.Length.EqualTo(64), down.ToString());

        ToolResult up = await ShellAsync($"cat {Host.Files}/there | ssh -F {Endpoint.ConfigPath} {string.Join(' ', options)} gate sha256sum");
        Assert.That(up.Output.Split(' ')[0], Is.EqualTo(down.Output.Split(' ')[0]));
    }

    [Test]
    public async Task A_host_key_that_is_new_is_learnt_from_the_one_that_is_known()
    {
        string added = Path.Combine(Host.Root, "added");
        await SshHost.GenerateAsync(added, "rsa");
        await using SshGateway gateway = await SshGateway.StartAsync(Host, edit: text => text.Replace("/host]", $"/host, {added}]", StringComparison.Ordinal));
        SshEndpoint endpoint = gateway.Through(await gateway.MintAsync());

        // Of a key that is known under another name ssh would not learn another.
        await File.WriteAllLinesAsync(gateway.KnownHosts, (await File.ReadAllLinesAsync(gateway.KnownHosts)).Take(1));
        (await endpoint.SshAsync(["-oUpdateHostKeys=yes", "gate", "true"])).Succeeded();
        Assert.That(await File.ReadAllTextAsync(gateway.KnownHosts), Does.Contain(SshHost.PublicKey(added)));

        (await endpoint.SshAsync(["-oUpdateHostKeys=yes", "-oHostKeyAlgorithms=rsa-sha2-256", "gate", "true"])).Succeeded();
    }

    [TestCase("diffie-hellman-group14-sha256")]
    [TestCase("diffie-hellman-group16-sha512")]
    public async Task An_upstream_that_knows_no_curves_is_reached_all_the_same(string exchange)
    {
        await using SshHost host = await SshHost.StartAsync($"KexAlgorithms {exchange}", "LogLevel DEBUG1");
        await using SshGateway gateway = await SshGateway.StartAsync(host);
        SshEndpoint endpoint = gateway.Through(await gateway.MintAsync());

        Assert.That((await endpoint.SshAsync(["gate", "cat"], "there\n")).Succeeded().Output, Is.EqualTo("there\n"));
        Assert.That(() => host.Log, Does.Contain($"kex: algorithm: {exchange}").After(10_000, 50));
        Assert.That((await endpoint.SshAsync([$"-oKexAlgorithms={exchange}", "gate", "true"])).Error, Does.Contain("no matching key exchange method found"));
    }

    private Task<ToolResult> ShellAsync(string script) => Tools.RunAsync("/bin/bash", ["-c", script], Endpoint.Environment, limit: TimeSpan.FromMinutes(2));
}
