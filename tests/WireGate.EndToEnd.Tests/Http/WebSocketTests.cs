using System.Globalization;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>npm's ws at both ends: in clear, in TLS, and through the proxy, to an upstream in TLS.</summary>
internal sealed class WebSocketTests : HttpFixture
{
    private readonly int _port = Ports.Free();
    private ScriptHost _upstream = null!;

    private string ProxyAuthority => Path.Combine(_upstream.Root, "forward.crt");

    protected override string Edit(string config)
    {
        _upstream = ScriptHost.StartAsync("websocket_server.js", _ => new Dictionary<string, string> { ["WG_REAL"] = NginxHost.Token }).GetAwaiter().GetResult();
        string edited = config
            .Replace("secrets:\n", $"  - {{ name: out, protocol: forward, address: \"127.0.0.1:{_port}\", ca: {{ certificate: {ProxyAuthority}, key: {_upstream.Root}/forward.key }} }}\nsecrets:\n", StringComparison.Ordinal)
            .Replace("targets:\n", $"targets:\n  ws: {{ protocol: http, address: \"https://127.0.0.1:{_upstream.Port}\", hosts: [ws.test], path: /ws, tls: {{ ca: {_upstream.Authority} }}, logins: {{ bot: {{ bearer: real }} }} }}\n", StringComparison.Ordinal)
            .Replace("grants:\n", "grants:\n  - { name: ws, to: { issuer: local, groups: [agents] }, targets: [ws] }\n", StringComparison.Ordinal);
        string path = _upstream.Write("wiregate.yaml", edited);
        Tools.RunAsync(Places.Gateway, ["ca", "create", "--config", path]).GetAwaiter().GetResult().Succeeded();
        return edited;
    }

    [OneTimeTearDown]
    public async Task StopUpstreamAsync()
    {
        if (_upstream is not null)
        {
            await _upstream.DisposeAsync();
        }
    }

    [TestCase("clear")]
    [TestCase("tls")]
    [TestCase("forward")]
    public async Task Messages_go_both_ways_however_long_and_both_say_how_it_ends(string way)
    {
        ToolResult result = await RunAsync(way, await TokenAsync("ws"), "messages", "deflate", "subprotocol", "closes", "cuts");

        Assert.That(result.Succeeded().Output, Is.EqualTo("done\n"), result.ToString());
        Assert.That(_upstream.Records.Where(r => r.TryGetProperty("isReal", out _)), Has.All.Matches<JsonElement>(r => r.GetProperty("isReal").GetBoolean()));
        Assert.That(_upstream.Records.Select(r => r.ToString()), Has.Some.EqualTo("{\"url\":\"/echo?a=%2F\",\"closed\":4000,\"reason\":\"bye\"}"));
    }

    [TestCase("clear")]
    [TestCase("tls")]
    [TestCase("forward")]
    public async Task Whoever_refuses_is_heard(string way)
    {
        int before = _upstream.Records.Count;
        ToolResult result = await RunAsync(way, await TokenAsync("ws"), "refused", "denied", "unknown");

        Assert.That(result.Succeeded().Output, Is.EqualTo("done\n"), result.ToString());
        Assert.That(_upstream.Records.Skip(before).Select(r => r.GetProperty("url").GetString()), Is.EqualTo(new[] { "/elsewhere" }), "no other got there");
    }

    [TestCase("clear")]
    [TestCase("forward")]
    public async Task Whose_placeholder_is_revoked_is_cut(string way)
    {
        Minted minted = await Gateway.MintAsync("ws");
        await using RunningProcess client = RunningProcess.Start("/usr/bin/env", ["node", Path.Combine(Places.Clients, "websocket_client.js"), "stays"], Environment(way, minted.Token));
        await Wait.UntilAsync(() => client.HasExited || client.Output.Contains("open", StringComparison.Ordinal), "the connection to be open");

        (await Gateway.CommandAsync("placeholder", "revoke", minted.Id)).Succeeded();

        Assert.That(await client.WaitForExitAsync(), Is.Zero, client.Error);
        Assert.That(client.Output, Is.EqualTo("open\ndone\n"));
    }

    private Task<ToolResult> RunAsync(string way, string token, params string[] words) =>
        Tools.RunAsync("/usr/bin/env", ["node", Path.Combine(Places.Clients, "websocket_client.js"), .. words], Environment(way, token));

    private Dictionary<string, string> Environment(string way, string token)
    {
        var environment = new Dictionary<string, string> { ["NODE_PATH"] = Places.NodeModules, ["WG_PLACEHOLDER"] = token };
        (environment["WG_URL"], environment["WG_CA"], environment["WG_PROXY"]) = way switch
        {
            "clear" => (string.Create(CultureInfo.InvariantCulture, $"ws://127.0.0.1:{Gateway.Port}/ws"), "", ""),
            "tls" => (string.Create(CultureInfo.InvariantCulture, $"wss://127.0.0.1:{Gateway.TlsPort}/ws"), Gateway.Authority, ""),
            _ => (string.Create(CultureInfo.InvariantCulture, $"wss://ws.test:{_upstream.Port}"), ProxyAuthority, $"http://127.0.0.1:{_port}"),
        };
        return environment;
    }
}
