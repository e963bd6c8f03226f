using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>What a client sends to a program that runs, beside its input.</summary>
internal sealed class SshSignalTests
{
    private SshHost _host = null!;
    private SshGateway _gateway = null!;
    private SshEndpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        // Not root's account: its sessions take no signals from sshd.
        _host = await SshHost.StartWithPasswordAsync("of nobody", "LogLevel DEBUG1");
        _gateway = await SshGateway.StartAsync(_host, edit: text => text.Replace($"user: {SshHost.User},", $"user: {SshHost.OtherUser},", StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Test]
    public async Task Signals_reach_the_program_as_they_do_without_the_gateway()
    {
        ToolResult direct = (await SignalsAsync(_host.Port, SshHost.OtherUser, ("WG_KEY", _host.KeyFile))).Succeeded();

        ToolResult through = (await SignalsAsync(_gateway.Port, _endpoint.User, ("WG_PLACEHOLDER", _endpoint.Password))).Succeeded();

        Assert.That(through.Output, Is.EqualTo(direct.Output));
        Assert.That(through.Output, Does.Contain("USR1 ('got USR1', 3, None)").And.Contain("INT ('got INT', 4, None)").And.Contain("'KILL')").And.EndWith("ok\n"));
    }

    [Test]
    public async Task A_break_of_ssh_reaches_sshd()
    {
        await using RunningProcess ssh = _endpoint.Start("-tt", "gate", "echo ready; cat");
        await Wait.UntilAsync(() => ssh.HasExited || ssh.Output.Contains("ready", StringComparison.Ordinal), "the program");

        await ssh.Input.WriteAsync("\n~B");
        await ssh.Input.FlushAsync();
        await Wait.UntilAsync(() => ssh.HasExited || _host.Log.Contains(" req break", StringComparison.Ordinal), "the break in sshd's log");
        await ssh.Input.WriteAsync("\n\u0004");
        ssh.Input.Close();

        Assert.That(await ssh.WaitForExitAsync(), Is.Zero, ssh.Error);
    }

    private static Task<ToolResult> SignalsAsync(int port, string user, (string Name, string Value) proof) => Tools.RunAsync(
        "/usr/bin/python3",
        [Path.Combine(Places.Clients, "ssh_signals.py")],
        new Dictionary<string, string> { ["WG_PORT"] = port.ToString(CultureInfo.InvariantCulture), ["WG_USER"] = user, [proof.Name] = proof.Value });
}
