using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>ssh -J: the gateway's upstream as a host on the way, which is a forward, and a host on the way to the gateway.</summary>
internal sealed class SshJumpTests : SshFixture
{
    private string? _config;

    protected override string Rules => """
            - { name: uptime, match: { target: web-1, exec: [uptime, "echo in"] }, do: allow }
            - { name: loop, match: { target: web-1, forward: ["127.0.0.1:*"] }, do: allow }

        """;

    private string Port => Host.Port.ToString(CultureInfo.InvariantCulture);

    [OneTimeSetUp]
    public async Task WriteConfigAsync()
    {
        _config = Path.Combine(Host.Root, "jump_config");
        await File.WriteAllTextAsync(_config, $"""
            {await File.ReadAllTextAsync(Endpoint.ConfigPath)}
            Host behind elsewhere bastion
              Port {Port}
              User {SshHost.User}
              IdentityFile {Host.KeyFile}
              IdentitiesOnly yes
              StrictHostKeyChecking no
              UserKnownHostsFile /dev/null
            Host behind bastion
              HostName 127.0.0.1
            Host elsewhere
              HostName 127.0.0.2

            """);
    }

    [Test]
    public async Task What_is_behind_a_destination_that_a_rule_allows_is_reached() =>
        Assert.That((await SshAsync("-J", "gate", "behind", "echo there")).Succeeded().Output, Is.EqualTo("there\n"), "by a command that no rule here knows: it is the other host's");

    [Test]
    public async Task What_is_behind_another_is_not()
    {
        ToolResult result = await SshAsync("-J", "gate", "elsewhere", "uptime");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((255, "")));
        Assert.That(result.Error, Does.Contain("administratively prohibited: wiregate: denied: no rule allows it (ref "));
    }

    [Test]
    public async Task The_gateway_is_reached_through_another_host()
    {
        Assert.That((await SshAsync("-J", "bastion", "gate", "echo in")).Succeeded().Output, Is.EqualTo("in\n"));
        Assert.That((await SshAsync("-J", "bastion", "gate", "echo out")).ExitCode, Is.EqualTo(126));
    }

    [Test]
    public async Task A_tunnel_never_passes()
    {
        ToolResult result = await SshAsync("-w", "any", "-oExitOnForwardFailure=yes", "gate", "uptime");

        Assert.That(result.ExitCode, Is.Not.Zero, result.ToString());
        Assert.That(result.Error, Does.Contain("administratively prohibited: wiregate: denied: tunnels never pass (ref "));
    }

    private Task<ToolResult> SshAsync(params string[] arguments) => Tools.RunAsync("/usr/bin/ssh", ["-F", _config!, .. arguments], Endpoint.Environment);
}
