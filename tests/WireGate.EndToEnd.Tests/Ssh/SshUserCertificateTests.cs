using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Certificates as ssh-keygen signs them, presented by the machine's own ssh.</summary>
internal sealed class SshUserCertificateTests
{
    private string _directory = null!;
    private SshUsers _users = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        // The account's own cookies are not to be touched.
        _directory = Places.Temporary("certificates");
        string xauth = Path.Combine(_directory, "xauth");
        PrivateFile.Write(xauth, $"#!/bin/sh\nexec /usr/bin/xauth -f {_directory}/cookies \"$@\"\n");
        File.SetUnixFileMode(xauth, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _users = await SshUsers.StartAsync(settings: [$"XAuthLocation {xauth}"]);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _users.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Test]
    public async Task A_certificate_lets_whom_it_names_in_and_the_audit_log_says_which()
    {
        string key = await _users.CertifyAsync("-I", "carol@example.com", "-n", "sre,other", "-z", "17", "-V", "-1m:+5m");
        ToolResult result = await SshUsers.SshAsync(_users.ConfigFor(key), "gate", "echo in");

        Assert.That(result.Succeeded().Output, Is.EqualTo("in\n"));
        string audit = await _users.Gateway.AuditAsync();
        Assert.That(audit, Does.Match("\"event\":\"session-authenticated\".*\"subject\":\"carol@example.com\",\"groups\":\\[\"sre\"\\]"));
        Assert.That(audit, Does.Match("\"certificate\":{\"id\":\"carol@example.com\",\"serial\":\"17\",\"authority\":\"SHA256:"));
    }

    [TestCase("it has expired", "-I", "carol", "-n", "sre", "-V", "-2m:-1m")]
    [TestCase("it is not valid yet", "-I", "carol", "-n", "sre", "-V", "+10m:+20m")]
    [TestCase("it has no principals", "-I", "carol")]
    [TestCase("it is for other addresses", "-I", "carol", "-n", "sre", "-O", "source-address=10.9.9.0/24")]
    [TestCase("a critical option that is not known", "-I", "carol", "-n", "sre", "-O", "critical:colour@example.com=red")]
    public async Task A_certificate_that_does_not_hold_lets_nobody_in(string why, params string[] options)
    {
        ToolResult result = await SshUsers.SshAsync(_users.ConfigFor(await _users.CertifyAsync(options)), "gate", "echo in");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((255, "")), result.ToString());
        await Wait.UntilAsync(async () => (await _users.Gateway.AuditAsync()).Contains(why, StringComparison.Ordinal), "the refusal in the audit log");
    }

    [Test]
    public async Task A_forced_command_is_the_only_one()
    {
        string config = _users.ConfigFor(await _users.CertifyAsync("-I", "carol", "-n", "sre", "-O", "force-command=echo forced"));
        Assert.That((await SshUsers.SshAsync(config, "gate", "echo forced")).Succeeded().Output, Is.EqualTo("forced\n"));

        ToolResult other = await SshUsers.SshAsync(config, "gate", "echo other");
        Assert.That((other.ExitCode, other.Output), Is.EqualTo((126, "")), other.ToString());
        Assert.That(other.Error, Does.Contain("the certificate is for the command \"echo forced\" only"));
        Assert.That((await SshUsers.SshAsync(config, "-T", "gate")).ExitCode, Is.EqualTo(126), "a shell");
        Assert.That((await SshUsers.SshAsync(config, "-s", "gate", "sftp")).ExitCode, Is.EqualTo(126), "files");
    }

    [Test]
    public async Task Internal_sftp_as_the_forced_command_is_the_subsystem()
    {
        string config = _users.ConfigFor(await _users.CertifyAsync("-I", "carol", "-n", "sre", "-O", "force-command=internal-sftp"));
        Assert.That((await SshUsers.ShellAsync($"printf 'ls {_users.Host.Files}\\n' | sftp -q -b - -F {config} gate")).ExitCode, Is.Zero);
        Assert.That((await SshUsers.SshAsync(config, "gate", "internal-sftp")).ExitCode, Is.EqualTo(126));
    }

    [Test]
    public async Task What_a_certificate_does_not_permit_is_refused()
    {
        string config = _users.ConfigFor(await _users.CertifyAsync("-I", "carol", "-n", "sre", "-O", "clear"));
        Assert.That((await SshUsers.SshAsync(config, "gate", "echo in")).Succeeded().Output, Is.EqualTo("in\n"));
        ToolResult terminal = await SshUsers.SshAsync(config, "-tt", "gate", "tty");
        Assert.That(terminal.Error, Does.Contain("PTY allocation request failed"), terminal.ToString());

        string port = _users.Host.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        ToolResult forward = await SshUsers.SshAsync(config, "-W", $"127.0.0.1:{port}", "gate");
        Assert.That(forward.Error, Does.Contain("the certificate does not permit forwarding (local)"), forward.ToString());
        ToolResult remote = await SshUsers.SshAsync(config, "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:9", "gate", "true");
        Assert.That(remote.ExitCode, Is.EqualTo(255), remote.ToString());
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task The_agent_is_reached_where_the_certificate_permits_it(bool isPermitted)
    {
        string key = await _users.CertifyAsync(["-I", "carol", "-n", "sre", .. isPermitted ? Array.Empty<string>() : ["-O", "no-agent-forwarding"]]);

        // Without the setting by which others of these tests keep the agent out.
        string config = _users.ConfigOf($"IdentityFile {key}", "IdentitiesOnly yes");
        ToolResult result = await SshUsers.ShellAsync(
            $"eval $(ssh-agent) > /dev/null; ssh-add -q {_users.Key}; ssh -A -F {config} gate 'ssh-add -L 2>&1'; kill $SSH_AGENT_PID");

        if (isPermitted)
        {
            Assert.That(result.Output, Does.Contain(SshHost.PublicKey(_users.Key)), result.ToString());
        }
        else
        {
            Assert.That(result.Output, Does.Contain("Could not open a connection to your authentication agent"), result.ToString());
            await RefusedAsync("agent");
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task The_screen_is_offered_where_the_certificate_permits_it(bool isPermitted)
    {
        string key = await _users.CertifyAsync(["-I", "carol", "-n", "sre", .. isPermitted ? Array.Empty<string>() : ["-O", "no-x11-forwarding"]]);
        string config = _users.ConfigFor(key);
        ToolResult result = await SshUsers.ShellAsync($"DISPLAY=127.0.0.1:1 ssh -Y -F {config} gate 'echo \"screen $DISPLAY\"'");

        if (isPermitted)
        {
            Assert.That(result.Succeeded().Output, Does.Match("^screen localhost:[0-9]+\\.[0-9]+\n"), result.ToString());
        }
        else
        {
            Assert.That(result.Output, Is.EqualTo("screen \n"), result.ToString());
            Assert.That(result.Error, Does.Contain("X11 forwarding request failed on channel 0"));
            await RefusedAsync("x11");
        }
    }

    [Test]
    public async Task What_a_certificate_permits_is()
    {
        string config = _users.ConfigFor(await _users.CertifyAsync("-I", "carol", "-n", "sre"));
        Assert.That((await SshUsers.SshAsync(config, "-tt", "gate", "tty")).Succeeded().Output, Does.Contain("/dev/pts/"));
        string port = _users.Host.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.That((await SshUsers.SshAsync(config, "-W", $"127.0.0.1:{port}", "gate")).Output, Does.StartWith("SSH-2.0-"));
    }

    private Task RefusedAsync(string forward) => Wait.UntilAsync(
        async () => Regex.IsMatch(await _users.Gateway.AuditAsync(), $"the certificate does not permit forwarding \\({forward}\\)"),
        "the refusal in the audit log");
}
