using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Ports, agents and many channels on one connection.</summary>
internal sealed class SshForwardTests : SshFixture
{
    private string Sshd => Host.Port.ToString(CultureInfo.InvariantCulture);

    [TestCase("-L")]
    [TestCase("-R")]
    public async Task A_forwarded_port_carries_what_is_said_behind_it(string direction)
    {
        int port = Ports.Free();
        await using RunningProcess ssh = Endpoint.Start("-N", "-oExitOnForwardFailure=yes", direction, $"127.0.0.1:{port}:127.0.0.1:{Sshd}", "gate");
        await Wait.UntilAsync(
            async () => ssh.HasExited ? throw new InvalidOperationException(ssh.Error) : await Ports.AcceptsAsync(System.Net.IPAddress.Loopback, port), "the forwarded port");

        ToolResult keys = (await Tools.RunAsync("/usr/bin/ssh-keyscan", ["-t", "ed25519", "-p", port.ToString(CultureInfo.InvariantCulture), "127.0.0.1"])).Succeeded();

        Assert.That(keys.Output, Does.Contain(Host.HostKey));
    }

    [Test]
    public async Task A_socks_proxy_reaches_what_the_upstream_reaches()
    {
        int port = Ports.Free();
        await using RunningProcess ssh = Endpoint.Start("-N", "-D", $"127.0.0.1:{port}", "gate");
        await Wait.UntilAsync(() => Ports.AcceptsAsync(System.Net.IPAddress.Loopback, port), "the proxy");

        ToolResult result = await Tools.RunAsync("/bin/bash", ["-c", $"nc -X 5 -x 127.0.0.1:{port} 127.0.0.1 {Sshd} < /dev/null | head -1"]);

        Assert.That(result.Output, Does.StartWith("SSH-2.0-OpenSSH"));
    }

    [Test]
    public async Task A_session_jumps_through_the_target_to_another_host()
    {
        // What is inside is end to end: the client proves itself to the host behind, and the gateway sees bytes.
        ToolResult result = (await Tools.RunAsync(
            "/usr/bin/ssh",
            [
                "-F", "/dev/null", "-i", Host.KeyFile, "-oIdentitiesOnly=yes", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null",
                $"-oProxyCommand=ssh -F {Endpoint.ConfigPath} -W %h:%p gate", "-p", Sshd, $"{SshHost.User}@127.0.0.1", "echo behind",
            ],
            Endpoint.Environment)).Succeeded();

        Assert.That(result.Output, Is.EqualTo("behind\n"));
    }

    [Test]
    public async Task Many_channels_share_a_connection()
    {
        await using RunningProcess master = Endpoint.Start("-M", "-N", "gate");
        await Wait.UntilAsync(
            async () => master.HasExited ? throw new InvalidOperationException(master.Error) : (await Endpoint.SshAsync(["-O", "check", "gate"])).ExitCode == 0, "the master");

        ToolResult[] results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            Endpoint.SshAsync(["-oControlMaster=no", "gate", $"cat; sleep 0.{i % 5}; exit {i}"], $"{i}")));

        Assert.That(results.Select(r => (r.Output, r.ExitCode)), Is.EqualTo(Enumerable.Range(0, 20).Select(i => ($"{i}", i))));
    }

    [Test]
    public async Task An_agent_is_reached_from_behind()
    {
        ToolResult result = await Tools.RunAsync(
            "/bin/bash",
            ["-c", $"eval $(ssh-agent) > /dev/null; ssh-add -q {Host.KeyFile}; ssh -A -F {Endpoint.ConfigPath} gate ssh-add -L; kill $SSH_AGENT_PID"],
            Endpoint.Environment);

        Assert.That(result.Output, Does.Contain(SshHost.PublicKey(Host.KeyFile)), result.ToString());
    }
}
