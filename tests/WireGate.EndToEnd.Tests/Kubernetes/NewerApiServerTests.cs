using System.Text.Json;
using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;
using WireGate.EndToEnd.Tests.Http;

namespace WireGate.EndToEnd.Tests.Kubernetes;

/// <summary>
/// What newer API servers and clients do: HTTP/2 on both sides, and exec and port-forward over WebSocket, from npm's client to a stand-in that was
/// written from the specification. A part of each object is masked on its way.
/// </summary>
internal sealed partial class NewerApiServerTests
{
    private const string Uid = "42f98598-2f01-457e-81a9-04f7a057112e";

    private ScriptHost _server = null!;
    private KubernetesGateway _gateway = null!;
    private string _alice = null!;
    private readonly int _proxy = Ports.Free();

    private string ProxyAuthority => Path.Combine(_server.Root, "forward.crt");

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = await StartServerAsync();
        _gateway = await KubernetesGateway.StartAsync(Places.Kubectl, _server.Port, _server.Authority, ApiServer.Token, edit: Edit);
        _alice = await KubeconfigAsync("alice");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _server.DisposeAsync();
    }

    /// <summary>The stand-in.</summary>
    public static Task<ScriptHost> StartServerAsync() =>
        ScriptHost.StartAsync("kubernetes_server.js", _ => new Dictionary<string, string> { ["WG_RECORDED"] = RecordedExchange.File });

    /// <summary>npm's client, told what to do, with a kubeconfig.</summary>
    public static (string Program, string[] Arguments, Dictionary<string, string> Environment) Client(string config, params string[] words) =>
        ("/usr/bin/env", ["node", Path.Combine(Places.Clients, "kubernetes_client.js"), .. words],
            new Dictionary<string, string> { ["NODE_PATH"] = Places.NodeModules, ["WG_KUBECONFIG"] = config });

    [Test]
    public async Task Kubectl_lists_and_watches_over_HTTP_2()
    {
        ToolResult result = (await _gateway.KubectlAsync(_alice, RecordedScript.Get)).Succeeded();
        Assert.That(result.Output, Does.Match(@"(?s)^NAME +READY.*\nweb-1 .*Running.*here.*\nweb-2 .*Running.*here"));
        await RecordedScript.WatchAsync(_gateway, _alice, () => Task.CompletedTask);

        JsonElement[] seen = Seen();
        Assert.That(seen.Where(r => !r.TryGetProperty("upgrade", out _)).Select(r => r.GetProperty("version").GetString()), Has.All.EqualTo("2.0"));
        Assert.That(seen.Select(r => r.GetProperty("authorization").GetString()), Has.All.EqualTo($"Bearer {ApiServer.Token}"));
        Assert.That(seen.Select(r => r.GetProperty("user").GetString()), Has.All.EqualTo("wg:alice"));
    }

    [Test]
    public async Task What_is_masked_is_so_in_an_object_and_in_a_watch()
    {
        ToolResult result = (await _gateway.KubectlAsync(_alice, ["get", "pod", "web-1", "-o", "jsonpath={.metadata.name} {.metadata.uid}"])).Succeeded();
        Assert.That(result.Output, Does.StartWith("web-1 ").And.Not.Contain(Uid));

        result = await RunAsync("get", "watch");
        Assert.That(result.Succeeded().Output, Does.Match("^get web-1 .+\nwatch [A-Z]+ .+\n$").And.Not.Contain(Uid).And.Not.Match("[0-9a-f]{8}-[0-9a-f]{4}-"), result.ToString());
    }

    [Test]
    public async Task An_object_is_applied_which_is_checked_by_the_types_that_are_described()
    {
        const string Manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: applied }\ndata: { key: one }\n";
        int before = Seen().Length;

        Assert.That((await _gateway.KubectlAsync(_alice, ["apply", "-f", "-"], Manifest)).Succeeded().Output, Is.EqualTo("configmap/applied created\n"));
        Assert.That(Seen().Skip(before).Select(r => r.GetProperty("url").GetString()), Has.Some.StartsWith("/openapi/v2"));
        Assert.That((await _gateway.KubectlAsync(_alice, ["get", "configmap", "applied", "-o", "jsonpath={.data.key} {.metadata.uid}"])).Succeeded().Output, Does.Match("^one .*redacted"));
    }

    [Test]
    public async Task A_program_runs_over_WebSocket_and_a_port_is_reached()
    {
        await using KubernetesGateway plain = await KubernetesGateway.StartAsync(Places.Kubectl, _server.Port, _server.Authority, ApiServer.Token);
        (string program, string[] arguments, Dictionary<string, string> environment) = Client(await plain.KubeconfigAsync(), "exec", "forward");
        ToolResult result = await Tools.RunAsync(program, arguments, environment);

        Assert.That(result.Succeeded().Output, Is.EqualTo("exec FROM HERE oops\nforward you said hello\n"), result.ToString());
        JsonElement exec = Seen().Single(r => r.GetProperty("url").GetString()!.Contains("/exec?", StringComparison.Ordinal));
        Assert.That((exec.GetProperty("method").GetString(), exec.GetProperty("upgrade").GetString(), exec.GetProperty("user").GetString()), Is.EqualTo(("GET", "websocket", "wg:alice")));
        Assert.That(await plain.AuditAsync(), Does.Match("\"upgrade\":\"websocket\",\"verb\":\"get\",\"resource\":\"pods\",\"subresource\":\"exec\",\"namespace\":\"shop\",\"name\":\"web-1\"")
            .And.Match("\"verb\":\"get\",\"resource\":\"pods\",\"subresource\":\"portforward\""));
    }

    [Test]
    public async Task A_port_is_reached_by_SPDY_within_WebSocket_and_the_log_has_its_bytes()
    {
        await using KubernetesGateway plain = await KubernetesGateway.StartAsync(Places.Kubectl, _server.Port, _server.Authority, ApiServer.Token);
        (string program, string[] arguments, Dictionary<string, string> environment) = Client(await plain.KubeconfigAsync(), "tunnel");
        ToolResult result = await Tools.RunAsync(program, arguments, environment);

        Assert.That(result.Succeeded().Output, Is.EqualTo("tunnel port 8080 heard hello\n"), result.ToString());
        string log = "";
        await Wait.UntilAsync(async () => (log = await plain.AuditAsync()).Contains("\"event\":\"ports\"", StringComparison.Ordinal), "the end of the port-forward in the audit log");
        Assert.That(log.Split('\n'), Has.One.Contains("\"event\":\"ports\"").And.One.Contains("\"ports\":\"8080: 5 in, 21 out\""), log);
    }

    [Test]
    public async Task Who_is_refused_runs_nothing_over_WebSocket()
    {
        string bob = await KubeconfigAsync("bob");
        string id = Regex.Match(await File.ReadAllTextAsync(bob), "wgp_([A-Za-z0-9]+)_").Groups[1].Value;
        (await _gateway.CommandAsync("placeholder", "revoke", id)).Succeeded();
        int before = Seen().Length;
        (string program, string[] arguments, Dictionary<string, string> environment) = Client(bob, "exec");
        ToolResult result = await Tools.RunAsync(program, arguments, environment);

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Error, Does.Contain("401"));
        Assert.That(Seen(), Has.Length.EqualTo(before));
    }

    [Test]
    public async Task Kubectl_goes_through_the_proxy()
    {
        int before = Seen().Length;
        string[] arguments = ["--kubeconfig", _alice, $"--server=https://prod.test:{_server.Port}", $"--certificate-authority={ProxyAuthority}"];
        var environment = new Dictionary<string, string> { ["HOME"] = Path.GetDirectoryName(_alice)!, ["HTTPS_PROXY"] = $"http://127.0.0.1:{_proxy}", ["NO_PROXY"] = "" };
        ToolResult pods = await Tools.RunAsync(Places.Kubectl, [.. arguments, .. RecordedScript.Get], environment);
        ToolResult denied = await Tools.RunAsync(Places.Kubectl, [.. arguments, "get", "secrets"], environment);

        Assert.That(pods.Succeeded().Output, Does.Match(@"(?s)^NAME +READY.*\nweb-1 .*Running.*here.*\nweb-2 .*Running.*here"));
        Assert.That(denied.Error, Does.StartWith("Error from server (Forbidden): ").And.Contain("ask the vault"), denied.ToString());
        Assert.That(Seen().Skip(before).Select(r => r.GetProperty("user").GetString()), Is.Not.Empty.And.All.EqualTo("wg:alice"));
    }

    /// <summary>With the place that it has for who goes through no proxy.</summary>
    private async Task<string> KubeconfigAsync(string subject)
    {
        string path = await _gateway.KubeconfigAsync(subject: subject);
        PrivateFile.Write(path, ServerLine().Replace(await File.ReadAllTextAsync(path), $"server: https://127.0.0.1:{_gateway.Port}/prod"));
        return path;
    }

    [GeneratedRegex("server: .*")]
    private static partial Regex ServerLine();

    private string Edit(string config)
    {
        string edited = config
            .Replace("secrets:\n", $"  - {{ name: out, protocol: forward, address: \"127.0.0.1:{_proxy}\", ca: {{ certificate: {ProxyAuthority}, key: {_server.Root}/forward.key }} }}\nsecrets:\n", StringComparison.Ordinal)
            .Replace("path: /prod\n", "path: /prod\n    hosts: [prod.test]\n    mask: [ids]\n", StringComparison.Ordinal)
            + "masks:\n  ids: { json: [\"$..uid\"], with: redact }\n";
        string path = _server.Write("wiregate.yaml", edited);
        Tools.RunAsync(Places.Gateway, ["ca", "create", "--config", path]).GetAwaiter().GetResult().Succeeded();
        return edited;
    }

    private JsonElement[] Seen() => [.. _server.Records];

    private Task<ToolResult> RunAsync(params string[] words)
    {
        (string program, string[] arguments, Dictionary<string, string> environment) = Client(_alice, words);
        return Tools.RunAsync(program, arguments, environment);
    }
}
