using System.Net;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Kubernetes;

/// <summary>The built gateway as a real process in front of an API server, and kubectl of Debian with what the gateway prints for it.</summary>
internal sealed class KubernetesGateway : IAsyncDisposable
{
    private readonly string _root = Places.Temporary("kube-gateway");
    private readonly Certificates _certificates;
    private readonly string _kubectl;
    private RunningProcess? _process;

    private KubernetesGateway(string kubectl)
    {
        _certificates = new Certificates(_root);
        _kubectl = kubectl;
    }

    /// <summary>Serves HTTP in TLS.</summary>
    public int Port { get; } = Ports.Free();

    /// <summary>PEM of who signed the certificate of its listener.</summary>
    public string Authority => _certificates.CaPath;

    private string ConfigPath => Path.Combine(_root, "wiregate.yaml");

    private string AuditDirectory => Path.Combine(_root, "audit");

    /// <param name="kubectl">The program.</param>
    /// <param name="port">Where the API server is, on loopback.</param>
    /// <param name="authority">PEM of who signed its certificate.</param>
    /// <param name="token">Of the gateway.</param>
    /// <param name="shown">Certificate and key of the gateway; null: it has none.</param>
    /// <param name="edit">What its config has otherwise; null: nothing.</param>
    public static async Task<KubernetesGateway> StartAsync(
        string kubectl, int port, string authority, string token, (string Certificate, string Key)? shown = null, Func<string, string>? edit = null)
    {
        var gateway = new KubernetesGateway(kubectl);
        string root = gateway._root;
        (string certificate, string key) = gateway._certificates.Issue("gateway");
        PrivateFile.Write(Path.Combine(root, "token"), token);
        string impersonate = "impersonate: { user: \"wg:${identity.subject}\", groups: { from: [sre, dev], prefix: \"wg:\" }, extra: { placeholder: \"${placeholder.id}\" } }";
        string config = $$"""
            store: sqlite:{{root}}/wiregate.db
            audit: { to: {{gateway.AuditDirectory}} }
            admin: { socket: { path: {{root}}/admin.sock, mode: "0600" } }
            limits: { failurePenalty: 1ms }
            listeners:
              - { name: web, protocol: http, address: "127.0.0.1:{{gateway.Port}}", tls: { certificate: {{certificate}}, key: {{key}} } }
            secrets:
              token: { file: {{root}}/token }
              {{(shown is { } has ? $"key: {{ file: {has.Key} }}" : "")}}
            targets:
              prod:
                protocol: kubernetes
                address: "https://127.0.0.1:{{port}}"
                path: /prod
                tls: { ca: {{authority}} }
                logins:
                  sa: { bearer: token, {{impersonate}} }
                  itself: { bearer: token }
                  {{(shown is { } pair ? $"cert: {{ clientCertificate: {{ certificate: {pair.Certificate}, key: key }}, {impersonate} }}" : "")}}
            grants:
              - { name: people, to: { issuer: local, groups: [sre, dev] }, targets: [prod] }
              - { name: as-itself, to: { issuer: local, groups: [sre] }, targets: [prod], login: itself }
              {{(shown is null ? "" : "- { name: by-certificate, to: { issuer: local, groups: [sre] }, targets: [prod], login: cert }")}}
            rules:
              list:
                - { name: shop, match: { kube: { namespaces: [shop] } }, do: allow }
                - { name: no-secrets, match: { kube: { resources: [secrets] } }, do: deny, reason: ask the vault }
                - { name: one-node, match: { kube: { verbs: [get], resources: [nodes], names: [here] } }, do: allow }
                - { name: reviews, match: { kube: { verbs: [create], resources: ["self*reviews.authorization.k8s.io"] } }, do: allow }

            """;
        PrivateFile.Write(gateway.ConfigPath, edit?.Invoke(config) ?? config);
        gateway._process = RunningProcess.Start(Places.Gateway, ["run", "--config", gateway.ConfigPath]);
        await Wait.UntilAsync(gateway.IsReadyAsync, "the gateway to serve");
        return gateway;
    }

    public Task<ToolResult> CommandAsync(params IReadOnlyList<string> arguments) => Tools.RunAsync(Places.Gateway, [.. arguments, "--config", ConfigPath]);

    /// <summary>Runs one of its commands as somebody else; only root can.</summary>
    public Task<ToolResult> CommandAsAsync(string unixUser, params IReadOnlyList<string> arguments) => Tools.RunAsync(
        "/usr/bin/setpriv",
        [$"--reuid={unixUser}", $"--regid={unixUser}", "--clear-groups", "--", Places.Gateway, .. arguments, "--socket", Path.Combine(_root, "admin.sock")]);

    /// <summary>Has a kubeconfig printed, as a user does.</summary>
    /// <returns>Path of the file.</returns>
    public async Task<string> KubeconfigAsync(string group = "sre", string login = "sa", string subject = "alice", params IReadOnlyList<string> more)
    {
        string text = (await CommandAsync(
            ["kubeconfig", "prod", "--subject", subject, "--group", group, "--login", login, "--namespace", "shop", "--authority", Authority, "--ttl", "1h", .. more])).Succeeded().Output;
        string path = Path.Combine(_root, $"{Guid.NewGuid():N}.yaml");
        PrivateFile.Write(path, text);
        return path;
    }

    /// <summary>kubectl with a kubeconfig, and a home of its own that keeps what it has discovered.</summary>
    public Task<ToolResult> KubectlAsync(string config, IReadOnlyList<string> arguments, string input = "") =>
        Tools.RunAsync(_kubectl, ["--kubeconfig", config, .. arguments], Environment, input);

    /// <summary>The same, that goes on until it is disposed of.</summary>
    public RunningProcess Kubectl(string config, params IReadOnlyList<string> arguments) =>
        RunningProcess.Start(_kubectl, ["--kubeconfig", config, .. arguments], Environment);

    /// <summary>Every record of the audit log, one JSON object a line.</summary>
    public async Task<string> AuditAsync() => (await Tools.RunAsync(Places.Gateway, ["audit", "export", "--dir", AuditDirectory])).Succeeded().Output;

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _certificates.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private Dictionary<string, string> Environment => new() { ["HOME"] = _root, ["NO_PROXY"] = "*" };

    private async Task<bool> IsReadyAsync() => _process!.HasExited
        ? throw new InvalidOperationException($"The gateway ended at its start:\n{_process.Error}")
        : await Ports.AcceptsAsync(IPAddress.Loopback, Port) && (await CommandAsync("placeholder", "list")).ExitCode == 0;
}
