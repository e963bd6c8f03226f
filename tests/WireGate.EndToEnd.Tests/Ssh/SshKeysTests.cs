using System.Globalization;
using System.Security.Cryptography;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Clients that prove themselves by keys of their own, and ask nobody for anything: BatchMode.</summary>
internal sealed class SshKeysTests
{
    private SshUsers _users = null!;
    private string _config = null!;
    private string _file = null!;

    private string There => Path.Combine(_users.Host.Files, TestContext.CurrentContext.Test.ID);

    private string Port => _users.Gateway.Port.ToString(CultureInfo.InvariantCulture);

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _users = await SshUsers.StartAsync();
        _config = _users.ConfigFor(_users.Key);
        _file = Path.Combine(_users.Directory, "noise");
        await File.WriteAllBytesAsync(_file, RandomNumberGenerator.GetBytes(2_000_000));
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _users.DisposeAsync();

    [Test]
    public async Task A_registered_key_lets_its_user_in_and_the_audit_log_says_which()
    {
        ToolResult result = await SshUsers.SshAsync(_config, "gate", "echo in; exit 7");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((7, "in\n")), result.ToString());
        Assert.That(await _users.Gateway.AuditAsync(), Does.Match(
            "\"event\":\"session-authenticated\".*\"identity\":{\"issuer\":\"users\",\"subject\":\"alice\",\"groups\":\\[\"sre\"\\]}.*"
            + $"\"key\":\"{System.Text.RegularExpressions.Regex.Escape(await SshUsers.FingerprintAsync(_users.Key))}\",\"method\":\"publickey\""));
    }

    [TestCase("ed25519")]
    [TestCase("ecdsa")]
    [TestCase("rsa")]
    public async Task A_key_of_any_type_does(string type) =>
        Assert.That((await SshUsers.SshAsync(_users.ConfigFor(Path.Combine(_users.Directory, type)), "gate", "echo in")).Succeeded().Output, Is.EqualTo("in\n"));

    [Test]
    public async Task The_proof_names_our_host_key_where_the_client_can()
    {
        ToolResult result = await SshUsers.SshAsync(_config, "-vvv", "gate", "true");

        Assert.That(result.Error, Does.Contain("publickey-hostbound@openssh.com=<0>").And.Contain("Server accepts key"));
    }

    [Test]
    public async Task An_agent_signs_for_its_user()
    {
        string config = _users.ConfigOf();
        ToolResult result = await SshUsers.ShellAsync($"eval $(ssh-agent) >/dev/null; trap 'ssh-agent -k >/dev/null' EXIT; ssh-add -q {_users.Key}; ssh -F {config} gate echo in");

        Assert.That(result.Succeeded().Output, Is.EqualTo("in\n"));
    }

    [Test]
    public async Task An_agent_full_of_keys_is_told_to_name_one()
    {
        string[] keys = [.. Enumerable.Range(0, 7).Select(i => Path.Combine(_users.Directory, $"full{i}"))];
        foreach (string key in keys)
        {
            await SshHost.GenerateAsync(key);
        }

        ToolResult result = await SshUsers.ShellAsync(
            $"eval $(ssh-agent) >/dev/null; trap 'ssh-agent -k >/dev/null' EXIT; ssh-add -q {string.Join(' ', keys)} {_users.Key}; ssh -F {_users.ConfigOf()} gate echo in");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((255, "")), result.ToString());
        Assert.That(result.Error, Does.Contain("wiregate: none of so many keys was accepted, name one: ssh -i FILE -o IdentitiesOnly=yes (ref ").And.Contain("Permission denied"));
    }

    [Test]
    public async Task A_key_that_nobody_registered_is_refused_and_why_says_which()
    {
        string key = Path.Combine(_users.Directory, "stranger");
        await SshHost.GenerateAsync(key);
        ToolResult result = await SshUsers.SshAsync(_users.ConfigFor(key), "gate", "echo in");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((255, "")));
        Assert.That(result.Error, Does.Contain("Permission denied (publickey,password,keyboard-interactive)"));
        await Wait.UntilAsync(
            async () => (await _users.Gateway.AuditAsync()).Contains("is registered to nobody", StringComparison.Ordinal), "the refusal in the audit log");
    }

    [Test]
    public async Task A_session_is_listed_as_its_users()
    {
        await using RunningProcess ssh = RunningProcess.Start("/usr/bin/ssh", ["-F", _config, "gate", "echo in; sleep 60"]);
        await Wait.UntilAsync(() => ssh.Output.Contains("in", StringComparison.Ordinal) || ssh.HasExited, "the session");

        Assert.That((await _users.Gateway.CommandAsync("session", "list")).Succeeded().Output, Does.Contain("users:alice"));
    }

    [Test]
    public async Task A_placeholder_still_is_the_password() =>
        Assert.That((await _users.Gateway.Through(await _users.Gateway.MintAsync()).ExecAsync("echo in")).Succeeded().Output, Is.EqualTo("in\n"));

    [Test]
    public async Task Scp_sftp_rsync_and_git() => Assert.That((await SshUsers.ShellAsync($$"""
        set -e
        scp -q -F {{_config}} {{_file}} gate:{{There}}; cmp {{_file}} {{There}}
        printf 'get {{There}} {{There}}.back\n' | sftp -q -b - -F {{_config}} gate >/dev/null; cmp {{_file}} {{There}}.back
        rsync -a -e 'ssh -F {{_config}}' {{_file}} gate:{{There}}.rsync; cmp {{_file}} {{There}}.rsync
        export GIT_SSH_COMMAND='ssh -F {{_config}}' GIT_CONFIG_GLOBAL=/dev/null
        git init -q --bare {{There}}.git; git clone -q ssh://gate{{There}}.git {{There}}.a 2>/dev/null
        echo same
        """)).Succeeded().Output, Is.EqualTo("same\n"));

    [Test]
    public async Task Plink_with_a_key_of_its_own_form()
    {
        string fingerprint = await SshUsers.FingerprintAsync(Path.Combine(Path.GetDirectoryName(_users.Gateway.KnownHosts)!, "host"));
        ToolResult result = await SshUsers.ShellAsync($"""
            set -e
            puttygen {_users.Key} -o {_users.Key}.ppk
            plink -batch -P {Port} -hostkey {fingerprint} -l me+web-1 -i {_users.Key}.ppk 127.0.0.1 'echo in; exit 3'
            """);

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((3, "in\n")), result.ToString());
    }

    [Test]
    public async Task Dropbears_client_with_a_key_of_its_own_form()
    {
        ToolResult result = await SshUsers.ShellAsync($"""
            set -e
            dropbearconvert openssh dropbear {_users.Key} {_users.Key}.db 2>/dev/null
            dbclient -y -y -p {Port} -i {_users.Key}.db me+web-1@127.0.0.1 'echo in; exit 3'
            """);

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((3, "in\n")), result.ToString());
    }

    [Test]
    public async Task Paramiko_and_AsyncSSH()
    {
        string certified = await _users.CertifyAsync("-I", "carol", "-n", "sre");
        ToolResult result = await Tools.RunAsync("/usr/bin/python3", [Path.Combine(Places.Clients, "ssh_keys.py")], new Dictionary<string, string>
        {
            ["WG_PORT"] = Port,
            ["WG_USER"] = "me+web-1",
            ["WG_KEY"] = _users.Key,
            ["WG_CERTIFIED"] = certified,
            ["WG_KNOWN_HOSTS"] = _users.Gateway.KnownHosts,
        });

        Assert.That(result.Succeeded().Output, Is.EqualTo("ok\n"));
    }

    [TestCase("")]
    [TestCase("ANSIBLE_PIPELINING=1")]
    public async Task Ansible_runs_its_modules(string variables)
    {
        string inventory = Path.Combine(_users.Directory, "inventory");
        await File.WriteAllTextAsync(inventory, $"gate ansible_ssh_common_args='-F {_config}' ansible_python_interpreter=/usr/bin/python3\n");
        ToolResult result = await SshUsers.ShellAsync($"""
            set -e
            export ANSIBLE_NOCOLOR=1 ANSIBLE_LOCAL_TEMP={There}.local ANSIBLE_REMOTE_TEMP={There}.remote ANSIBLE_SSH_CONTROL_PATH_DIR={There}.control {variables}
            ansible -i {inventory} gate -m ping
            ansible -i {inventory} gate -m copy -a 'src={_file} dest={There}'
            cmp {There} {_file} && echo same
            """);

        Assert.That(result.Succeeded().Output, Does.Contain("\"ping\": \"pong\"").And.EndWith("same\n"));
    }
}
