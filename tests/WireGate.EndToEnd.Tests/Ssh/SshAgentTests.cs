using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>The client's agent is reached from behind where a rule lets it, and where none does the command runs without.</summary>
[TestFixture(true)]
[TestFixture(false)]
internal sealed class SshAgentTests(bool isAllowed) : SshFixture
{
    protected override string Rules => """
            - { name: programs, match: { target: web-1, exec: [{ argv: [ssh-add, "-L"] }] }, do: allow }

        """ + (isAllowed ? "    - { name: keys, match: { target: web-1, forward: [agent] }, do: allow }\n" : "");

    [Test]
    public async Task An_agent_is_reached_from_behind_where_a_rule_lets_it()
    {
        ToolResult result = await Tools.RunAsync(
            "/bin/bash",
            ["-c", $"eval $(ssh-agent) > /dev/null; ssh-add -q {Host.KeyFile}; ssh -A -F {Endpoint.ConfigPath} gate ssh-add -L; kill $SSH_AGENT_PID"],
            Endpoint.Environment);

        if (isAllowed)
        {
            Assert.That(result.Output, Does.Contain(SshHost.PublicKey(Host.KeyFile)), result.ToString());
        }
        else
        {
            Assert.That(result.Output, Is.Empty, result.ToString());
            Assert.That(result.Error, Does.Contain("Could not open a connection to your authentication agent"));
            Assert.That(await Gateway.AuditAsync(), Does.Match("\"verdict\":\"deny\".*\"agent\""));
        }
    }
}
