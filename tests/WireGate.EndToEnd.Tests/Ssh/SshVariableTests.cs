using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Variables that a target lists reach its sshd, which has to take them too.</summary>
internal sealed class SshVariableTests
{
    private SshHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await SshHost.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [TestCase("[GIT_PROTOCOL]", true)]
    [TestCase("[\"GIT_PROTOCOL_*\"]", false)]
    public async Task Git_speaks_version_2_of_its_protocol_if_its_variable_is_listed(string listed, bool isSpoken)
    {
        await using SshGateway gateway = await StartAsync(listed);
        SshEndpoint endpoint = gateway.Through(await gateway.MintAsync());
        string repository = Path.Combine(_host.Files, $"{Guid.NewGuid():n}.git");
        ToolResult result = await Tools.RunAsync("/bin/bash", ["-c", $"""
            set -e
            export GIT_SSH_COMMAND='ssh -F {endpoint.ConfigPath}' GIT_CONFIG_GLOBAL=/dev/null
            git init -q --bare {repository}
            GIT_TRACE_PACKET=1 git -c protocol.version=2 ls-remote ssh://gate{repository}
            """], endpoint.Environment);

        Assert.That(result.Succeeded().Error.Contains("< version 2", StringComparison.Ordinal), Is.EqualTo(isSpoken), result.ToString());
    }

    [Test]
    public async Task What_is_listed_is_set_for_the_command_and_the_rest_is_not()
    {
        await using SshGateway gateway = await StartAsync("[\"APP_*\", LD_BIND_NOW]");
        SshEndpoint endpoint = gateway.Through(await gateway.MintAsync());
        ToolResult result = (await endpoint.SshAsync(["-oSetEnv=APP_MODE=\"a b\" OTHER=there LD_BIND_NOW=1", "gate", "env"])).Succeeded();

        Assert.That(result.Output, Does.Contain("APP_MODE=a b\n").And.Contain("LD_BIND_NOW=1\n").And.Not.Contain("OTHER="));
    }

    private Task<SshGateway> StartAsync(string listed) => SshGateway.StartAsync(
        _host, edit: text => text.Replace("  web-1:\n", $"  web-1:\n    environment: {listed}\n", StringComparison.Ordinal));
}
