using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>A session whose grant asks for people's yes: ssh waits in its login, and reads why.</summary>
internal sealed partial class SshHeldSessionTests
{
    private const string Approver = "games";

    private SshHost _host = null!;
    private SshGateway _gateway = null!;
    private SshEndpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Assert.That(Unix.IsRoot, "only root can run a command as somebody else");
        _host = await SshHost.StartAsync();
        _gateway = await SshGateway.StartAsync(_host, edit: text => text
            .Replace("mode: \"0600\" }\n", $$"""
                mode: "0666" }
                  roles: { admin: { unix: [root] }, approve: { issuer: unix, groups: [sre] } }
                identity: { unix: [{ user: {{Approver}}, subject: ann, groups: [sre] }] }

                """, StringComparison.Ordinal)
            .Replace("down] }", "down], hold: { approvers: { issuer: unix, groups: [sre] }, within: 1m } }", StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Test]
    public async Task A_session_begins_when_somebody_has_said_yes()
    {
        await using RunningProcess ssh = _endpoint.Start("gate", "echo in");
        string id = await WaitingAsync(ssh);
        Assert.That(ssh.Error, Does.Contain("1 of sre").And.Contain("held by grant \"agents\""));
        Assert.That(_host.Log, Does.Not.Contain("Accepted"), "nothing is dialled before");

        (await ApproveAsync(id)).Succeeded();

        Assert.That((await ssh.WaitForExitAsync(), ssh.Output), Is.EqualTo((0, "in\n")), ssh.Error);
        Assert.That(await _gateway.AuditAsync(), Does.Match($"\"event\":\"session-authenticated\".*\"approval\":\"{id}\""));
    }

    [Test]
    public async Task A_no_ends_it_with_its_reason()
    {
        await using RunningProcess ssh = _endpoint.Start("gate", "echo in");
        string id = await WaitingAsync(ssh);

        (await _gateway.CommandAsAsync(Approver, "approval", "deny", id, "--reason", "not on Fridays")).Succeeded();

        Assert.That((await ssh.WaitForExitAsync(), ssh.Output), Is.EqualTo((255, "")));
        Assert.That(ssh.Error, Does.Contain($"approval {id} was denied: not on Fridays (ref "));
    }

    [Test]
    public async Task A_client_that_leaves_takes_the_request_back()
    {
        await using RunningProcess ssh = _endpoint.Start("gate", "echo in");
        string id = await WaitingAsync(ssh);
        ssh.Signal(Unix.SigKill);

        await Wait.UntilAsync(
            async () => (await _gateway.CommandAsync("approval", "show", id, "--json")).Output.Contains("\"withdrawn\"", StringComparison.Ordinal), "the request to be withdrawn");
        Assert.That((await ApproveAsync(id)).ExitCode, Is.Not.Zero);
    }

    private Task<ToolResult> ApproveAsync(string id) => _gateway.CommandAsAsync(Approver, "approval", "approve", id);

    private static async Task<string> WaitingAsync(RunningProcess ssh)
    {
        await Wait.UntilAsync(() => Waiting().IsMatch(ssh.Error) || ssh.HasExited, "the banner");
        return Waiting().Match(ssh.Error) is { Success: true } found ? found.Groups[1].Value : throw new InvalidOperationException($"not held:\n{ssh.Error}");
    }

    [GeneratedRegex("wiregate: waiting for approval (apr_[a-z2-7]{16})")]
    private static partial Regex Waiting();
}
