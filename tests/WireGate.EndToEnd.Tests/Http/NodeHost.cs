using System.Globalization;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A real node on loopback that says of each request what it saw.</summary>
internal sealed class NodeHost : IHttpUpstream
{
    private readonly RunningProcess _process;

    private readonly string _root;
    private readonly Certificates _certificates;

    private NodeHost(string root, Certificates certificates, int[] ports, RunningProcess process)
    {
        (_root, _certificates, _process) = (root, certificates, process);
        (Port, TlsPort, Http2Port) = (ports[0], ports[1], ports[2]);
    }

    public int Port { get; }

    /// <summary>With TLS, HTTP/2 for whoever wants it.</summary>
    public int TlsPort { get; }

    /// <summary>In clear, HTTP/2 and nothing else.</summary>
    public int Http2Port { get; }

    /// <summary>PEM of who signed its certificate.</summary>
    public string Authority => _certificates.CaPath;

    public string Target => "node";

    /// <summary>What it has said, a line each.</summary>
    public IReadOnlyList<JsonElement> Records =>
        [.. _process.Output.Split('\n')[..^1].Select(line => JsonElement.Parse(line))];

    public static async Task<NodeHost> StartAsync()
    {
        string root = Places.Temporary("node");
        var certificates = new Certificates(root);
        (string certificate, string key) = certificates.Issue("node");
        int[] ports = [Ports.Free(), Ports.Free(), Ports.Free()];
        RunningProcess process = RunningProcess.Start(
            "/usr/bin/env",
            ["node", Path.Combine(Places.Clients, "http_server.js")],
            new Dictionary<string, string>
            {
                ["WG_PORT"] = string.Join(' ', ports.Select(p => p.ToString(CultureInfo.InvariantCulture))),
                ["WG_CERTIFICATE"] = certificate,
                ["WG_KEY"] = key,
            });
        var host = new NodeHost(root, certificates, ports, process);
        await Wait.UntilAsync(
            () => process.HasExited ? throw new InvalidOperationException($"node ended:\n{process.Error}") : process.Output.Split("listening").Length > ports.Length,
            "node to serve");
        return host;
    }

    public IReadOnlyList<string> Seen() =>
        [.. Records.Where(r => r.TryGetProperty("url", out _)).Select(r => $"{r.GetProperty("method").GetString()} {r.GetProperty("url").GetString()}")];

    /// <summary>Whether the body of a request to a path has begun to come.</summary>
    public bool HasBodyOf(string path) => HasSaid("began", path);

    /// <summary>Whether a request to a path ended before its body was whole.</summary>
    public bool HasCut(string path) => HasSaid("cut", path);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _certificates.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private bool HasSaid(string what, string path)
    {
        IReadOnlyList<JsonElement> records = Records;
        return records.Any(r => r.TryGetProperty("url", out JsonElement url) && url.GetString() == path
            && records.Any(said => said.TryGetProperty(what, out _) && said.GetProperty("number").GetInt32() == r.GetProperty("number").GetInt32()));
    }
}
