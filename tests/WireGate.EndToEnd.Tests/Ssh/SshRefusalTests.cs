using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Who is not let in, and what is not let through, and how ssh tells it.</summary>
internal sealed class SshRefusalTests : SshFixture
{
    protected override string Rules => """
            - { name: deploys, match: { target: web-1, exec: ["uptime", { argv: [echo, "**"] }, { argv: [git-upload-pack, "/srv/*"] }] }, do: allow }
            - { name: loop, match: { target: web-1, forward: ["127.0.0.1:*"] }, do: allow }
            - { name: no-secrets, match: { exec: [{ argv: [echo, "secret*"] }] }, do: deny, reason: "not for you" }

        """;

    [Test]
    public async Task What_a_rule_allows_runs() => Assert.That((await Endpoint.ExecAsync("echo hello")).Succeeded().Output, Is.EqualTo("hello\n"));

    [TestCase("id", "denied: no rule allows it")]
    [TestCase("uptime; id", "denied by rule \"no-secrets\": not for you", TestName = "What_cannot_be_taken_apart_may_be_what_is_denied")]
    [TestCase("echo secretly", "denied by rule \"no-secrets\": not for you")]
    public async Task What_none_allows_ends_like_a_command_that_may_not_be_run(string command, string why)
    {
        ToolResult result = await Endpoint.ExecAsync(command);

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((126, "")));
        Assert.That(result.Error, Does.Contain($"wiregate: {why} (ref ").And.EndsWith(")\n"));
        string reference = result.Error.Split("(ref ")[1].Split(')')[0];
        Assert.That((await Gateway.CommandAsync("why", reference)).Succeeded().Output, Does.Contain("\"exec\"").Or.Contain(command.Split(' ')[0]));
    }

    [TestCase("-T")]
    [TestCase("-tt")]
    public async Task A_shell_that_none_allows_is_none(string terminal)
    {
        ToolResult result = await Endpoint.SshAsync([terminal, "gate"], "id\nexit\n");

        Assert.That(result.ExitCode, Is.EqualTo(126), result.ToString());
        Assert.That(result.Output, Does.Not.Contain("uid="));
    }

    [Test]
    public async Task A_subsystem_that_none_allows_is_none()
    {
        ToolResult result = await Tools.RunAsync("/bin/bash", ["-c", $"echo ls | sftp -oBatchMode=no -b - -F {Endpoint.ConfigPath} gate"], Endpoint.Environment);

        Assert.That(result.ExitCode, Is.Not.Zero);
        Assert.That(result.Error, Does.Contain("wiregate: denied"));
    }

    [Test]
    public async Task A_destination_that_none_allows_is_not_reached_and_the_session_goes_on()
    {
        ToolResult refused = await Endpoint.SshAsync(["-W", "127.0.0.2:22", "gate"]);
        Assert.That(refused.ExitCode, Is.Not.Zero);
        Assert.That(refused.Error, Does.Contain("administratively prohibited: wiregate: denied: no rule allows it (ref "));

        ToolResult allowed = await Tools.RunAsync(
            "/bin/bash", ["-c", $"ssh -F {Endpoint.ConfigPath} -W 127.0.0.1:{Host.Port} gate < /dev/null | head -1"], Endpoint.Environment);
        Assert.That(allowed.Output, Does.StartWith("SSH-2.0-"));
    }

    [Test]
    public async Task A_port_that_none_allows_is_not_listened_on()
    {
        ToolResult result = await Endpoint.SshAsync(["-oExitOnForwardFailure=yes", "-R", "127.0.0.1:0:127.0.0.1:1", "gate", "uptime"]);

        Assert.That(result.ExitCode, Is.Not.Zero);
        Assert.That(result.Error, Does.Contain("remote port forwarding failed"));
    }

    [TestCase("no placeholder")]
    [TestCase("wgp_0000000000_00000000000000000000000000000000000000")]
    public async Task What_is_no_placeholder_is_refused(string password)
    {
        SshEndpoint stranger = new(Host.Root, Gateway.Port, "alice+web-1", password, Gateway.KnownHosts);

        ToolResult result = await stranger.ExecAsync("uptime");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((255, "")));
        Assert.That(result.Error, Does.Contain("Permission denied"));
    }

    [TestCase("nowhere", "no such target")]
    [TestCase("down", "not granted: target \"down\"", TestName = "A_placeholder_reaches_what_it_was_minted_for_only")]
    public async Task Another_target_is_refused_with_a_word(string target, string why)
    {
        SshEndpoint endpoint = new(Host.Root, Gateway.Port, $"alice+{target}", Endpoint.Password, Gateway.KnownHosts);

        ToolResult result = await endpoint.ExecAsync("uptime");

        Assert.That(result.ExitCode, Is.EqualTo(255));
        Assert.That(result.Error, Does.Contain($"wiregate: {why} (ref ").And.Contain("Permission denied"));
    }

    [Test]
    public async Task The_listeners_target_is_reached_whatever_the_user_name_says()
    {
        SshEndpoint side = new(Host.Root, Gateway.SidePort, "whoever", Endpoint.Password, Gateway.KnownHosts);

        Assert.That((await side.ExecAsync("echo side")).Succeeded().Output, Is.EqualTo("side\n"));
    }

    [Test]
    public async Task An_upstream_with_another_host_key_is_refused_and_its_fingerprint_told_to_the_operator()
    {
        SshEndpoint endpoint = Gateway.Through(await Gateway.MintAsync("impostor"), "impostor");

        ToolResult result = await endpoint.ExecAsync("uptime");

        Assert.That(result.ExitCode, Is.EqualTo(255));
        Assert.That(result.Error, Does.Contain("the upstream is not the one that is known (ref "));
        Assert.That(result.Error, Does.Not.Contain("SHA256:"));
        byte[] key = Convert.FromBase64String(Host.HostKey.Split(' ')[1]);
        string fingerprint = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(key)).TrimEnd('=');
        Assert.That(() => Gateway.Log, Does.Contain($"its host key is ssh-ed25519 SHA256:{fingerprint}").After(10_000, 50));
    }

    [Test]
    public async Task An_upstream_that_is_down_is_told()
    {
        SshEndpoint endpoint = Gateway.Through(await Gateway.MintAsync("down"), "down");

        ToolResult result = await endpoint.ExecAsync("uptime");

        Assert.That(result.ExitCode, Is.EqualTo(255));
        Assert.That(result.Error, Does.Contain("the upstream cannot be reached (ref "));
    }

    [Test]
    public async Task A_revoked_placeholder_ends_the_session_that_stands()
    {
        Minted minted = await Gateway.MintAsync();
        int port = Ports.Free();
        await using RunningProcess ssh = Gateway.Through(minted).Start("-N", "-L", $"127.0.0.1:{port}:127.0.0.1:{Host.Port}", "gate");
        await Wait.UntilAsync(() => Ports.AcceptsAsync(System.Net.IPAddress.Loopback, port), "the session");

        (await Gateway.CommandAsync("placeholder", "revoke", minted.Id)).Succeeded();

        Assert.That(await ssh.WaitForExitAsync(), Is.EqualTo(255));
        Assert.That(ssh.Error, Does.Contain("the session was revoked"));
    }

    [Test]
    public async Task The_audit_log_has_what_was_asked_and_never_a_secret()
    {
        await Endpoint.ExecAsync("echo for the record");
        await Endpoint.ExecAsync("cat /etc/shadow");

        string audit = await Gateway.AuditAsync();

        Assert.That(audit, Does.Match("\"event\":\"operation\".*\"verdict\":\"allow\",\"rule\":\"deploys\".*\"exec\":\"echo for the record\""));
        Assert.That(audit, Does.Match("\"verdict\":\"deny\".*\"exec\":\"cat /etc/shadow\".*\"ref\":"));
        Assert.That(audit, Does.Not.Contain(Endpoint.Password[15..]));
        Assert.That((await Tools.RunAsync(Places.Gateway, ["audit", "verify", "--dir", Gateway.AuditDirectory])).ExitCode, Is.Zero);
    }
}
