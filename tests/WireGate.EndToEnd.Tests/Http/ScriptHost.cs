using System.Globalization;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A node program on loopback that serves over TLS with a certificate of an authority of its own, and says what it saw, a line of JSON each.</summary>
internal sealed class ScriptHost : IAsyncDisposable
{
    private readonly Certificates _certificates;
    private RunningProcess? _process;

    private ScriptHost(string root)
    {
        Root = root;
        _certificates = new Certificates(root);
    }

    /// <summary>A directory that goes with it.</summary>
    public string Root { get; }

    public int Port { get; } = Ports.Free();

    /// <summary>PEM of who signed its certificate.</summary>
    public string Authority => _certificates.CaPath;

    /// <summary>What it has complained about.</summary>
    public string Error => _process!.Error;

    /// <summary>What it has said since it listens.</summary>
    public IReadOnlyList<JsonElement> Records => [.. _process!.Output.Split('\n')[1..^1].Select(line => JsonElement.Parse(line))];

    /// <param name="script">One of our clients' folder.</param>
    /// <param name="environment">From the directory that goes with it to what it is told.</param>
    public static async Task<ScriptHost> StartAsync(string script, Func<string, Dictionary<string, string>> environment)
    {
        var host = new ScriptHost(Places.Temporary("script"));
        (string certificate, string key) = host._certificates.Issue("script");
        Dictionary<string, string> variables = environment(host.Root);
        variables["WG_PORT"] = host.Port.ToString(CultureInfo.InvariantCulture);
        variables["WG_CERTIFICATE"] = certificate;
        variables["WG_KEY"] = key;
        variables["NODE_PATH"] = Places.NodeModules;
        host._process = RunningProcess.Start("/usr/bin/env", ["node", Path.Combine(Places.Clients, script)], variables);
        await Wait.UntilAsync(
            () => host._process.HasExited
                ? throw new InvalidOperationException($"node ended:\n{host._process.Error}") : host._process.Output.Contains("listening", StringComparison.Ordinal),
            $"{script} to serve");
        return host;
    }

    /// <summary>A file of it that nobody else reads.</summary>
    public string Write(string name, string text)
    {
        string path = Path.Combine(Root, name);
        PrivateFile.Write(path, text);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _certificates.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}
