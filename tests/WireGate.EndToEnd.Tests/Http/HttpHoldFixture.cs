using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A gateway that holds, and people who may decide: each is a Unix user of this machine, and the kernel says who they are.</summary>
internal abstract class HttpHoldFixture : HttpFixture
{
    // Users that every Debian has. Whoever alice is on this machine, she is in the group that approves.
    protected const string Approver = "games", Alice = "mail";

    [OneTimeSetUp]
    public void RequireRoot() => Assert.That(Unix.IsRoot, "only root can run a command as somebody else");

    protected override string Edit(string config) => config.Replace("mode: \"0600\" }\n", $$"""
        mode: "0666" }
          roles: { admin: { unix: [root] }, approve: { issuer: unix, groups: [sre] } }
        identity: { unix: [{ user: {{Approver}}, subject: ann, groups: [sre] }, { user: {{Alice}}, subject: alice, groups: [sre] }] }

        """, StringComparison.Ordinal);

    protected async Task<RunningProcess> BeginAsync(string path, params string[] arguments) => await BeginAsync("node", path, arguments);

    protected async Task<RunningProcess> BeginAsync(string target, string path, string[] arguments) => RunningProcess.Start(
        "/usr/bin/curl", [.. CurlBase, "-H", await BearerAsync(target), Url(target, path), "-w", "\n%{http_code}", .. arguments]);

    /// <summary>The one approval that is pending.</summary>
    protected async Task<string> PendingAsync()
    {
        string? id = null;
        await Wait.UntilAsync(
            async () =>
            {
                using JsonDocument json = JsonDocument.Parse((await Gateway.CommandAsync("approval", "list", "--state", "pending", "--json")).Succeeded().Output);
                id = json.RootElement.EnumerateArray().Select(a => a.GetProperty("id").GetString()!).SingleOrDefault();
                return id is not null;
            },
            "somebody to be asked");
        return id!;
    }

    protected Task<ToolResult> ApproveAsync(string id, string user = Approver) => Gateway.CommandAsAsync(user, "approval", "approve", id);

    protected Task StateAsync(string id, string state) => Wait.UntilAsync(
        async () => (await Gateway.CommandAsync("approval", "show", id, "--json")).Output.Contains($"\"{state}\"", StringComparison.Ordinal), $"the approval to be {state}");

    /// <summary>How often the upstream saw a request to a path.</summary>
    protected int Seen(string path) => Node.Seen().Count(s => s.EndsWith(" " + path, StringComparison.Ordinal));
}
