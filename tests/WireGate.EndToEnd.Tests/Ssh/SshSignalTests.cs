using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>What a client sends to a program that runs, beside its input.</summary>
internal sealed class SshSignalTests : SshFixture
{
    [Test]
    public async Task Signals_reach_the_program_as_they_do_without_the_gateway()
    {
        ToolResult direct = (await SignalsAsync(Host.Port, SshHost.User, ("WG_KEY", Host.KeyFile))).Succeeded();

        ToolResult through = (await SignalsAsync(Gateway.Port, Endpoint.User, ("WG_PLACEHOLDER", Endpoint.Password))).Succeeded();

        Assert.That(through.Output, Is.EqualTo(direct.Output));
        Assert.That(through.Output, Does.Contain("USR1 ('got USR1', 3, None)").And.Contain("INT ('got INT', 4, None)").And.Contain("'KILL')").And.EndWith("ok\n"));
    }

    [Test]
    public async Task A_break_of_ssh_goes_to_the_upstream_which_answers_it()
    {
        await using RunningProcess ssh = Endpoint.Start("-vvv", "-tt", "gate", "echo ready; cat");
        await Wait.UntilAsync(() => ssh.HasExited || ssh.Output.Contains("ready", StringComparison.Ordinal), "the program");

        await ssh.Input.WriteAsync("\n~B");
        await ssh.Input.FlushAsync();
        await Wait.UntilAsync(() => ssh.HasExited || ssh.Error.Contains("break", StringComparison.Ordinal), "the break");
        await ssh.Input.WriteAsync("\n\u0004");
        ssh.Input.Close();

        Assert.That(await ssh.WaitForExitAsync(), Is.Zero, ssh.Error);
    }

    private static Task<ToolResult> SignalsAsync(int port, string user, (string Name, string Value) proof) => Tools.RunAsync(
        "/usr/bin/python3",
        [Path.Combine(Places.Clients, "ssh_signals.py")],
        new Dictionary<string, string> { ["WG_PORT"] = port.ToString(CultureInfo.InvariantCulture), ["WG_USER"] = user, [proof.Name] = proof.Value });
}
