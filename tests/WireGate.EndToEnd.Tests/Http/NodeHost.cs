using System.Globalization;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A real node on loopback that says of each request what it saw.</summary>
internal sealed class NodeHost : IHttpUpstream
{
    private readonly RunningProcess _process;

    private NodeHost(int port, RunningProcess process) => (Port, _process) = (port, process);

    public int Port { get; }

    public string Target => "node";

    /// <summary>What it has said, a line each.</summary>
    public IReadOnlyList<JsonElement> Records =>
        [.. _process.Output.Split('\n')[..^1].Select(line => JsonElement.Parse(line))];

    public static async Task<NodeHost> StartAsync()
    {
        int port = Ports.Free();
        RunningProcess process = RunningProcess.Start(
            "/usr/bin/env",
            ["node", Path.Combine(Places.Clients, "http_server.js")],
            new Dictionary<string, string> { ["WG_PORT"] = port.ToString(CultureInfo.InvariantCulture) });
        var host = new NodeHost(port, process);
        await Wait.UntilAsync(
            () => process.HasExited ? throw new InvalidOperationException($"node ended:\n{process.Error}") : process.Output.Contains("listening", StringComparison.Ordinal),
            "node to serve");
        return host;
    }

    public IReadOnlyList<string> Seen() =>
        [.. Records.Where(r => r.TryGetProperty("url", out _)).Select(r => $"{r.GetProperty("method").GetString()} {r.GetProperty("url").GetString()}")];

    /// <summary>Whether the body of a request to a path has begun to come.</summary>
    public bool HasBodyOf(string path) => HasSaid("began", path);

    /// <summary>Whether a request to a path ended before its body was whole.</summary>
    public bool HasCut(string path) => HasSaid("cut", path);

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private bool HasSaid(string what, string path)
    {
        IReadOnlyList<JsonElement> records = Records;
        return records.Any(r => r.TryGetProperty("url", out JsonElement url) && url.GetString() == path
            && records.Any(said => said.TryGetProperty(what, out _) && said.GetProperty("number").GetInt32() == r.GetProperty("number").GetInt32()));
    }
}
