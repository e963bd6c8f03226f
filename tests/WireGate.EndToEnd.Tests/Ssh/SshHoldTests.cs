using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Commands that wait for somebody's yes, as the users of many clients see it.</summary>
internal sealed partial class SshHoldTests
{
    private const string Approver = "games";

    private const string Rules = """
            - { name: all, match: { target: web-1, operations: all }, do: allow }
            - { name: careful, match: { exec: [{ argv: [echo, careful, "**"] }, { argv: [cat, "**"] }], shell: true, subsystem: [sftp], forward: ["127.0.0.1:*"] }, do: hold, approvers: { issuer: unix, groups: [sre] }, within: 1m }

        """;

    private SshHost _host = null!;
    private SshGateway _gateway = null!;
    private SshEndpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Assert.That(Unix.IsRoot, "only root can run a command as somebody else");
        _host = await SshHost.StartAsync();
        _gateway = await SshGateway.StartAsync(_host, Rules, text => text.Replace("mode: \"0600\" }\n", $$"""
            mode: "0666" }
              roles: { admin: { unix: [root] }, approve: { issuer: unix, groups: [sre] } }
            identity: { unix: [{ user: {{Approver}}, subject: ann, groups: [sre] }] }

            """, StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Test]
    public async Task A_command_runs_when_somebody_has_said_yes_and_its_output_is_clean()
    {
        await using RunningProcess ssh = _endpoint.Start("gate", "echo careful now");
        string id = await WaitingAsync(ssh);
        Assert.That(ssh.Error, Does.Contain("1 of sre").And.Contain("held by rule \"careful\"").And.Contain("Cancel it to withdraw"));
        Assert.That((await _gateway.CommandAsync("approval", "show", id)).Succeeded().Output, Does.Contain("exec echo careful now"));

        (await ApproveAsync(id)).Succeeded();

        Assert.That((await ssh.WaitForExitAsync(), ssh.Output), Is.EqualTo((0, "careful now\n")), ssh.Error);
        Assert.That(await _gateway.AuditAsync(), Does.Match($"\"verdict\":\"allow\".*\"exec\":\"echo careful now\".*\"approval\":\"{id}\""));
        await ShowsAsync(id, "executed");
    }

    [Test]
    public async Task A_command_runs_once_though_the_client_exchanges_keys_while_it_waits()
    {
        const string Exchanged = "SSH2_MSG_NEWKEYS received";
        await using RunningProcess ssh = _endpoint.Start("-v", "-o", "RekeyLimit=default 1s", "gate", "echo careful now");
        string id = await WaitingAsync(ssh);
        await Wait.UntilAsync(() => ssh.HasExited || ssh.Error.Split(Exchanged).Length > 2, "a second exchange of keys");
        (await ApproveAsync(id)).Succeeded();

        Assert.That((await ssh.WaitForExitAsync(), ssh.Output), Is.EqualTo((0, "careful now\n")), ssh.Error);
        await ShowsAsync(id, "executed");
    }

    [Test]
    public async Task What_is_piped_into_a_command_waits_with_it()
    {
        await using RunningProcess ssh = RunningProcess.Start(
            "/bin/bash", ["-c", $"head -c 3000000 /dev/zero | ssh -F {_endpoint.ConfigPath} gate 'cat -' | wc -c"], _endpoint.Environment);
        (await ApproveAsync(await WaitingAsync(ssh))).Succeeded();

        Assert.That((await ssh.WaitForExitAsync(), ssh.Output.Trim()), Is.EqualTo((0, "3000000")), ssh.Error);
    }

    [Test]
    public async Task A_no_ends_like_a_command_that_may_not_be_run()
    {
        await using RunningProcess ssh = _endpoint.Start("gate", "echo careful now");
        (await _gateway.CommandAsAsync(Approver, "approval", "deny", await WaitingAsync(ssh), "--reason", "not on Fridays")).Succeeded();

        Assert.That((await ssh.WaitForExitAsync(), ssh.Output), Is.EqualTo((126, "")));
        Assert.That(ssh.Error, Does.Match("wiregate: denied by rule \"careful\": approval apr_[a-z2-7]{16} was denied: not on Fridays \\(ref "));
    }

    [Test]
    public async Task Ctrl_C_takes_the_request_back()
    {
        // Whoever runs the tests in the background ignores the signal, and so would ssh.
        await using RunningProcess ssh = RunningProcess.Start(
            "/usr/bin/env", ["--default-signal=INT", "ssh", "-F", _endpoint.ConfigPath, "gate", "echo careful now"], _endpoint.Environment);
        string id = await WaitingAsync(ssh);
        ssh.Signal(Unix.SigInt);

        await ssh.WaitForExitAsync();
        await ShowsAsync(id, "withdrawn");
        Assert.That((await ApproveAsync(id)).ExitCode, Is.Not.Zero);
    }

    [Test]
    public async Task A_shell_with_a_terminal_waits()
    {
        await using RunningProcess ssh = RunningProcess.Start(
            "/bin/bash", ["-c", $"echo 'echo $((40+2)); exit 5' | ssh -F {_endpoint.ConfigPath} -tt gate 2>&1"], _endpoint.Environment);
        await Wait.UntilAsync(() => Waiting().IsMatch(ssh.Output) || ssh.HasExited, "the notice");
        Assert.That(ssh.Output, Does.Contain("Disconnect to withdraw").And.Contain("\r\n"));
        (await ApproveAsync(Waiting().Match(ssh.Output).Groups[1].Value)).Succeeded();

        Assert.That(await ssh.WaitForExitAsync(), Is.EqualTo(5), ssh.Output);
        Assert.That(ssh.Output, Does.Contain("42"));
    }

    [Test]
    public async Task Other_sessions_of_the_same_connection_go_on_meanwhile()
    {
        await using RunningProcess master = _endpoint.Start("-M", "-N", "gate");
        await Wait.UntilAsync(async () => (await _endpoint.SshAsync(["-O", "check", "gate"])).ExitCode == 0, "the shared connection");
        await using RunningProcess held = _endpoint.Start("gate", "echo careful now");
        string id = await WaitingAsync(held);
        for (int i = 0; i < 5; i++)
        {
            Assert.That((await _endpoint.ExecAsync("echo quick")).Succeeded().Output, Is.EqualTo("quick\n"));
        }

        (await ApproveAsync(id)).Succeeded();
        Assert.That((await held.WaitForExitAsync(), held.Output), Is.EqualTo((0, "careful now\n")), held.Error);
        await _endpoint.SshAsync(["-O", "exit", "gate"]);
    }

    [Test]
    public async Task Sftp_waits_as_a_whole()
    {
        string file = Path.Combine(_host.Files, "held");
        await using RunningProcess sftp = RunningProcess.Start(
            "/bin/bash", ["-c", $"printf 'mkdir {file}\nls -l {file}\n' | sftp -oBatchMode=no -b - -F {_endpoint.ConfigPath} gate"], _endpoint.Environment);
        string id = await WaitingAsync(sftp);
        Assert.That(Directory.Exists(file), Is.False);
        (await ApproveAsync(id)).Succeeded();

        Assert.That(await sftp.WaitForExitAsync(), Is.Zero, sftp.Error);
        Assert.That(Directory.Exists(file));
    }

    [Test]
    public async Task A_forward_waits_without_a_word()
    {
        await using RunningProcess ssh = RunningProcess.Start(
            "/bin/bash", ["-c", $"ssh -F {_endpoint.ConfigPath} -W 127.0.0.1:{_host.Port} gate < /dev/null | head -1"], _endpoint.Environment);
        string id = await PendingAsync(ssh, "forward 127.0.0.1:");
        (await ApproveAsync(id)).Succeeded();

        await ssh.WaitForExitAsync();
        Assert.That(ssh.Output, Does.StartWith("SSH-2.0-"));
    }

    [TestCase("plink", "plink -batch -P PORT -hostkey FINGERPRINT -l USER -pw PASSWORD 127.0.0.1 'echo careful plink'")]
    [TestCase("dbclient", "DROPBEAR_PASSWORD=PASSWORD dbclient -y -y -p PORT USER@127.0.0.1 'echo careful dbclient'")]
    [TestCase("paramiko", """
        /usr/bin/python3 - <<'EOF'
        import paramiko
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        client.connect('127.0.0.1', PORT, 'USER', 'PASSWORD', allow_agent=False, look_for_keys=False)
        print(client.exec_command('echo careful paramiko')[1].read().decode(), end='')
        EOF
        """)]
    [TestCase("asyncssh", """
        /usr/bin/python3 - <<'EOF'
        import asyncio, asyncssh
        async def run():
            async with asyncssh.connect('127.0.0.1', PORT, username='USER', password='PASSWORD', known_hosts=None, client_keys=None) as client:
                print((await client.run('echo careful asyncssh')).stdout, end='')
        asyncio.run(run())
        EOF
        """)]
    public async Task Other_clients_wait_as_well(string name, string script)
    {
        script = script.Replace("PORT", $"{_gateway.Port}", StringComparison.Ordinal).Replace("FINGERPRINT", _gateway.Fingerprint, StringComparison.Ordinal)
            .Replace("USER", _endpoint.User, StringComparison.Ordinal).Replace("_PASSWORD", "_SECRET", StringComparison.Ordinal)
            .Replace("PASSWORD", _endpoint.Password, StringComparison.Ordinal).Replace("_SECRET", "_PASSWORD", StringComparison.Ordinal);
        await using RunningProcess client = RunningProcess.Start("/bin/bash", ["-c", script], _endpoint.Environment);
        (await ApproveAsync(await PendingAsync(client, $"exec echo careful {name}"))).Succeeded();

        Assert.That((await client.WaitForExitAsync(), client.Output), Is.EqualTo((0, $"careful {name}\n")), client.Error);
    }

    private Task<ToolResult> ApproveAsync(string id) => _gateway.CommandAsAsync(Approver, "approval", "approve", id);

    private Task ShowsAsync(string id, string state) => Wait.UntilAsync(
        async () => (await _gateway.CommandAsync("approval", "show", id, "--json")).Output.Contains($"\"{state}\"", StringComparison.Ordinal), $"the approval to be {state}");

    /// <summary>The one that waits, of which the client may say nothing.</summary>
    private async Task<string> PendingAsync(RunningProcess client, string text)
    {
        string id = "";
        await Wait.UntilAsync(
            async () =>
            {
                foreach (Match one in Id().Matches((await _gateway.CommandAsync("approval", "list")).Output))
                {
                    string shown = (await _gateway.CommandAsync("approval", "show", one.Value)).Output;
                    id = shown.Contains(text, StringComparison.Ordinal) && shown.Contains("pending", StringComparison.Ordinal) ? one.Value : id;
                }

                return id.Length > 0 || client.HasExited;
            },
            "somebody to be asked");
        return id.Length > 0 ? id : throw new InvalidOperationException($"not held:\n{client.Error}{client.Output}");
    }

    private static async Task<string> WaitingAsync(RunningProcess ssh)
    {
        await Wait.UntilAsync(() => Waiting().IsMatch(ssh.Error) || ssh.HasExited, "the notice");
        return Waiting().Match(ssh.Error) is { Success: true } found ? found.Groups[1].Value : throw new InvalidOperationException($"not held:\n{ssh.Error}");
    }

    [GeneratedRegex("wiregate: waiting for approval (apr_[a-z2-7]{16})")]
    private static partial Regex Waiting();

    [GeneratedRegex("apr_[a-z2-7]{16}")]
    private static partial Regex Id();
}
