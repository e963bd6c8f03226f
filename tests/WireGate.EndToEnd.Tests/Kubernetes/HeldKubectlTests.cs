using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;
using WireGate.EndToEnd.Tests.Http;

namespace WireGate.EndToEnd.Tests.Kubernetes;

/// <summary>What is held of an API server, as real clients take it: they wait, or come back by themselves when they are told to.</summary>
internal sealed class HeldKubectlTests
{
    private const string Approver = "games";
    private const string Pod = """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","namespace":"shop","labels":{"app":"web"}},"spec":{"containers":[{"name":"main","image":"none"}]}}""";

    private const string Object = "GET /api/v1/namespaces/shop/pods/web-1";

    private static readonly string[] Get = ["get", "pod", "web-1", "-o", "jsonpath={.metadata.name}"];
    private static readonly string[] Apply = ["apply", "--server-side", "--validate=false", "-f", "-"];

    private ScriptHost _server = null!;
    private KubernetesGateway _gateway = null!;
    private string _alice = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Assert.That(Unix.IsRoot, "only root can run a command as somebody else");
        _server = await NewerApiServerTests.StartServerAsync();
        _gateway = await KubernetesGateway.StartAsync(Places.Kubectl, _server.Port, _server.Authority, ApiServer.Token, edit: config => config
            .Replace("mode: \"0600\" } }\n", $$"""
            mode: "0666" }, roles: { admin: { unix: [root] }, approve: { issuer: unix, groups: [sre] } } }
            identity: { unix: [{ user: {{Approver}}, subject: ann, groups: [sre] }] }

            """, StringComparison.Ordinal)
            + "    - { name: careful, match: { kube: { verbs: [patch, watch, create] } }, do: hold, approvers: { issuer: unix, groups: [sre] }, within: 10m }\n"
            + "    - { name: discreet, match: { http: { methods: [GET], paths: [/api/v1/namespaces/shop/pods/web-1] } }, do: hold, approvers: { issuer: unix, groups: [sre] }, within: 10m }\n");
        _alice = await _gateway.KubeconfigAsync();

        // What there is, it then knows.
        (await _gateway.KubectlAsync(_alice, RecordedScript.Get)).Succeeded();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Kubectl_waits_and_has_what_it_asked_for()
    {
        int before = Seen(Object);
        await using RunningProcess kubectl = _gateway.Kubectl(_alice, Get);
        string id = (await PendingAsync(1))[0];
        Assert.That(Seen(Object), Is.EqualTo(before));
        await ApproveAsync(id);

        Assert.That(await kubectl.WaitForExitAsync(), Is.Zero, kubectl.Error);
        Assert.That((kubectl.Output, Seen(Object)), Is.EqualTo(("web-1", before + 1)));
    }

    [Test]
    public async Task Kubectl_applies_the_body_that_people_saw()
    {
        int before = Seen("PATCH");
        await using RunningProcess kubectl = _gateway.Kubectl(_alice, Apply);
        await kubectl.Input.WriteAsync(Pod);
        kubectl.Input.Close();
        string id = (await PendingAsync(1))[0];
        Assert.That((await _gateway.CommandAsync("approval", "show", id)).Succeeded().Output, Does.Contain("PATCH ").And.Contain("\"image\":\"none\""));
        await ApproveAsync(id);

        Assert.That(await kubectl.WaitForExitAsync(), Is.Zero, kubectl.Error);
        Assert.That(kubectl.Output, Does.Contain("pod/web-1 serverside-applied"));
        Assert.That(Seen("PATCH"), Is.EqualTo(before + 1));
    }

    [Test]
    public async Task A_watch_begins_when_somebody_has_said_yes()
    {
        await using RunningProcess kubectl = _gateway.Kubectl(_alice, RecordedScript.Watch);
        string id = (await PendingAsync(1))[0];
        Assert.That(kubectl.Output, Does.Contain("web-2").And.Not.Contain(RecordedScript.Change));
        await ApproveAsync(id);

        await Wait.UntilAsync(() => kubectl.HasExited || kubectl.Output.Contains(RecordedScript.Change, StringComparison.Ordinal), "the change to be shown");
        Assert.That(kubectl.HasExited, Is.False, kubectl.Error);
    }

    [Test]
    public async Task A_program_over_WebSocket_runs_when_somebody_has_said_yes()
    {
        (string program, string[] arguments, Dictionary<string, string> environment) = NewerApiServerTests.Client(_alice, "exec");
        await using RunningProcess client = RunningProcess.Start(program, arguments, environment);
        string id = (await PendingAsync(1))[0];
        Assert.That((await _gateway.CommandAsync("approval", "show", id)).Succeeded().Output, Does.Contain("/pods/web-1/exec?"));
        await ApproveAsync(id);

        Assert.That(await client.WaitForExitAsync(), Is.Zero, client.Error);
        Assert.That(client.Output, Is.EqualTo("exec FROM HERE oops\n"));
    }

    /// <summary>Whoever would wait longer than in place is told when to come back, and does. A front asks that for it at once, which kubectl cannot.</summary>
    [Test]
    public async Task Kubectl_comes_back_by_itself_when_it_is_told_to()
    {
        await using var front = new ImpatientFront(_gateway.Port, _gateway.Authority);
        string[] through = [$"--server=https://127.0.0.1:{front.Port}/prod", $"--certificate-authority={front.Authority}"];
        int before = Seen("PATCH");
        await using RunningProcess get = _gateway.Kubectl(_alice, [.. through, .. Get]);
        await using RunningProcess apply = _gateway.Kubectl(_alice, [.. through, .. Apply]);
        await apply.Input.WriteAsync(Pod);
        apply.Input.Close();
        string[] ids = await PendingAsync(2);
        await Wait.UntilAsync(() => front.ToldToWait >= 2, "both to be told to come back");
        Assert.That((get.HasExited, apply.HasExited, Seen("PATCH") - before), Is.EqualTo((false, false, 0)));
        foreach (string id in ids)
        {
            await ApproveAsync(id);
        }

        Assert.That(await get.WaitForExitAsync(), Is.Zero, get.Error);
        Assert.That(get.Output, Is.EqualTo("web-1"));
        Assert.That(await apply.WaitForExitAsync(), Is.Zero, apply.Error);
        Assert.That(apply.Output, Does.Contain("pod/web-1 serverside-applied"));
        Assert.That(Seen("PATCH"), Is.EqualTo(before + 1), "it was made once");
    }

    /// <summary>What it streams kubectl 1.20 does not come back with by itself.</summary>
    [Test]
    public async Task Kubectl_tells_what_an_exec_waits_for_and_ends()
    {
        await using var front = new ImpatientFront(_gateway.Port, _gateway.Authority, "/exec?");
        await using RunningProcess kubectl = _gateway.Kubectl(
            _alice, [$"--server=https://127.0.0.1:{front.Port}/prod", $"--certificate-authority={front.Authority}", "exec", "web-1", "--", "true"]);

        // It looks for the pod first.
        await ApproveAsync((await PendingAsync(1))[0]);
        Assert.That(await kubectl.WaitForExitAsync(), Is.EqualTo(1));
        string id = (await PendingAsync(1))[0];
        (await _gateway.CommandAsAsync(Approver, "approval", "deny", id, "--reason", "not now")).Succeeded();

        Assert.That(kubectl.Error, Does.StartWith($"Error from server (TooManyRequests): waiting for approval {id} by 1 of sre until "));
        Assert.That(front.ToldToWait, Is.EqualTo(1));
        Assert.That(Seen("/exec?command=true"), Is.Zero);
    }

    [Test]
    public async Task Kubectl_ends_with_a_watch_that_waits_and_the_same_again_begins_when_somebody_has_said_yes()
    {
        await using var front = new ImpatientFront(_gateway.Port, _gateway.Authority, "watch=true");
        string[] arguments = [$"--server=https://127.0.0.1:{front.Port}/prod", $"--certificate-authority={front.Authority}", .. RecordedScript.Watch];
        ToolResult told = await _gateway.KubectlAsync(_alice, arguments);
        string id = (await PendingAsync(1))[0];
        Assert.That((told.ExitCode, front.ToldToWait), Is.EqualTo((1, 1)));
        Assert.That(told.Output, Does.Contain("web-2").And.Not.Contain(RecordedScript.Change), "what it listed first");
        Assert.That(told.Error, Is.EqualTo("Error from server (TooManyRequests): the server has received too many requests and has asked us to try again later (get pods)\n"));

        await ApproveAsync(id);
        await using RunningProcess again = _gateway.Kubectl(_alice, arguments);
        await Wait.UntilAsync(() => again.HasExited || again.Output.Contains(RecordedScript.Change, StringComparison.Ordinal), "the change to be shown");
        Assert.That(again.HasExited, Is.False, again.Error);
    }

    private async Task<string[]> PendingAsync(int count)
    {
        string[] ids = [];
        await Wait.UntilAsync(
            async () =>
            {
                using JsonDocument json = JsonDocument.Parse((await _gateway.CommandAsync("approval", "list", "--state", "pending", "--json")).Succeeded().Output);
                ids = [.. json.RootElement.EnumerateArray().Select(a => a.GetProperty("id").GetString()!)];
                return ids.Length == count;
            },
            "somebody to be asked");
        return ids;
    }

    private async Task ApproveAsync(string id) => (await _gateway.CommandAsAsync(Approver, "approval", "approve", id)).Succeeded();

    private int Seen(string what) => _server.Records.Count(r => $"{r.GetProperty("method").GetString()} {r.GetProperty("url").GetString()}".Contains(what, StringComparison.Ordinal));
}
