using System.Net;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>The built gateway as a real process in front of nginx and node, in clear and with TLS on both sides.</summary>
internal sealed class HttpGateway : IAsyncDisposable
{
    private readonly string _root;
    private readonly Certificates _certificates;
    private string _configText;
    private RunningProcess? _process;
    private const string Unshare = "/usr/bin/unshare", HostsMount = "mount --bind \"$0\" /etc/hosts";

    private string? _hosts;
    private string? _auditSize;

    private HttpGateway(NginxHost nginx, NodeHost node)
    {
        _root = Places.Temporary("http-gateway");
        _certificates = new Certificates(_root);
        (string certificate, string key) = _certificates.Issue("gateway");
        PrivateFile.Write(Path.Combine(_root, "real"), NginxHost.Token);
        _configText = $$"""
            store: sqlite:{{_root}}/wiregate.db
            audit: { to: {{_root}}/audit }
            admin:
              socket: { path: {{_root}}/admin.sock, mode: "0600" }
            # Every test comes from the same address: the failures of one must not lock out the next.
            limits: { failurePenalty: 1ms }
            listeners:
              - { name: plain, protocol: http, address: "127.0.0.1:{{Port}}" }
              - { name: tls, protocol: http, address: "127.0.0.1:{{TlsPort}}", tls: { certificate: {{certificate}}, key: {{key}} } }
              - { name: old-tls, protocol: http, address: "127.0.0.1:{{OldTlsPort}}", http2: off, tls: { certificate: {{certificate}}, key: {{key}} } }
              - { name: clear, protocol: http, address: "127.0.0.1:{{ClearPort}}", http2: clear }
              - { name: to-nginx, protocol: http, address: "127.0.0.1:{{NginxPort}}", target: nginx }
              - { name: to-node, protocol: http, address: "127.0.0.1:{{NodePort}}", target: node }
              - { name: to-node2, protocol: http, address: "127.0.0.1:{{Node2Port}}", target: node2-clear }
            secrets:
              real: { file: {{_root}}/real }
            targets:
              nginx: { protocol: http, address: "http://127.0.0.1:{{nginx.Port}}", path: /nginx, logins: { bot: { bearer: real } } }
              secure:
                protocol: http
                address: "https://127.0.0.1:{{nginx.TlsPort}}"
                tls: { ca: {{nginx.Authority}} }
                path: /secure
                logins: { bot: { bearer: real } }
              mistrusted:
                protocol: http
                address: "https://127.0.0.1:{{nginx.TlsPort}}"
                tls: { ca: {{_certificates.CaPath}} }
                path: /mistrusted
                logins: { bot: { bearer: real } }
              down: { protocol: http, address: "http://127.0.0.1:{{Ports.Free()}}", path: /down, logins: { bot: { bearer: real } } }
              node: { protocol: http, address: "http://127.0.0.1:{{node.Port}}", hosts: [node.test], path: /node, logins: { bot: { bearer: real } } }
              node2:
                protocol: http
                address: "https://127.0.0.1:{{node.TlsPort}}"
                tls: { ca: {{node.Authority}} }
                path: /node2
                logins: { bot: { bearer: real } }
              node2-clear: { protocol: http, address: "http://127.0.0.1:{{node.Http2Port}}", http2: clear, path: /node2-clear, logins: { bot: { bearer: real } } }
              node2-off:
                protocol: http
                address: "https://127.0.0.1:{{node.TlsPort}}"
                http2: off
                tls: { ca: {{node.Authority}} }
                path: /node2-off
                logins: { bot: { bearer: real } }
              masked: { protocol: http, address: "http://127.0.0.1:{{node.Port}}", path: /masked, mask: [tokens], logins: { bot: { bearer: real } } }
              basic: { protocol: http, address: "http://127.0.0.1:{{node.Port}}", path: /basic, logins: { bot: { basic: { user: ci, password: real } } } }
              field:
                protocol: http
                address: "http://127.0.0.1:{{node.Port}}"
                path: /field
                logins: { bot: { header: X-Api-Key, value: "key=${secret.real}" } }
              query: { protocol: http, address: "http://127.0.0.1:{{node.Port}}", path: /query, logins: { bot: { query: { name: api_key, secret: real } } } }
              cookie: { protocol: http, address: "http://127.0.0.1:{{node.Port}}", path: /cookie, logins: { bot: { cookie: { name: session, secret: real } } } }
            masks:
              tokens: { json: ["$..token", "$.items[*].email"], detect: [credit-card], with: last4 }
            grants:
              - name: agents
                to: { issuer: local, groups: [agents] }
                targets: [nginx, secure, mistrusted, down, node, node2, node2-clear, node2-off, masked, cookie, basic, field, query]
            rules:
              list:
                - { name: everything, match: { http: {} }, do: allow }
                - { name: no-admin, match: { http: { paths: ["/admin/**"] } }, do: deny, reason: not for agents }

            """;
    }

    /// <summary>In clear; the target by host or path.</summary>
    public int Port { get; } = Ports.Free();

    /// <summary>The same with TLS.</summary>
    public int TlsPort { get; } = Ports.Free();

    /// <summary>With TLS, and without HTTP/2.</summary>
    public int OldTlsPort { get; } = Ports.Free();

    /// <summary>In clear, also to clients that begin with HTTP/2.</summary>
    public int ClearPort { get; } = Ports.Free();

    /// <summary>Leads to nginx only, whatever the request says.</summary>
    public int NginxPort { get; } = Ports.Free();

    /// <summary>Leads to node only, whatever the request says.</summary>
    public int NodePort { get; } = Ports.Free();

    /// <summary>Leads to node in HTTP/2 only, whatever the request says.</summary>
    public int Node2Port { get; } = Ports.Free();

    /// <summary>PEM of who signed the certificate of its listener.</summary>
    public string Authority => _certificates.CaPath;

    public string Log => _process?.Error + _process?.Output;

    public RunningProcess Process => _process!;

    // What it alone has mounted is seen through it only.
    private string AuditDirectory => (_auditSize is null ? "" : $"/proc/{Process.Id}/root") + Path.Combine(_root, "audit");

    private string ConfigPath => Path.Combine(_root, "wiregate.yaml");

    /// <param name="nginx">An upstream.</param>
    /// <param name="node">Another.</param>
    /// <param name="edit">What its config has otherwise; null: nothing.</param>
    /// <param name="hosts">A file that it alone has for /etc/hosts; null: it has the machine's.</param>
    /// <param name="auditSize">How large the file system is, as tmpfs is told, that it alone has for its audit log; null: it has none.</param>
    public static async Task<HttpGateway> StartAsync(
        NginxHost nginx, NodeHost node, Func<string, string>? edit = null, string? hosts = null, string? auditSize = null)
    {
        var gateway = new HttpGateway(nginx, node) { _hosts = hosts, _auditSize = auditSize };
        gateway._configText = edit?.Invoke(gateway._configText) ?? gateway._configText;
        PrivateFile.Write(gateway.ConfigPath, gateway._configText);
        await gateway.StartAsync();
        return gateway;
    }

    /// <summary>Starts it, again with what it left behind.</summary>
    public async Task StartAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _process = _hosts is not null ? StartMounted(HostsMount, _hosts)
            : _auditSize is not null ? StartMounted($"mount -t tmpfs -o size={_auditSize},mode=700 none \"$0\"", Directory.CreateDirectory(Path.Combine(_root, "audit")).FullName)
            : RunningProcess.Start(Places.Gateway, ["run", "--config", ConfigPath]);
        await Wait.UntilAsync(IsReadyAsync, "the gateway to serve");
    }

    public Task<ToolResult> CommandAsync(params IReadOnlyList<string> arguments) =>
        Tools.RunAsync(Places.Gateway, [.. arguments, "--config", ConfigPath]);

    /// <summary>Runs one of its commands as somebody else; only root can.</summary>
    public Task<ToolResult> CommandAsAsync(string unixUser, params IReadOnlyList<string> arguments) => Tools.RunAsync(
        "/usr/bin/setpriv",
        [$"--reuid={unixUser}", $"--regid={unixUser}", "--clear-groups", "--", Places.Gateway, .. arguments, "--socket", Path.Combine(_root, "admin.sock")]);

    /// <summary>Mints with the real command, as a user does.</summary>
    public async Task<Minted> MintAsync(params IReadOnlyList<string> targets)
    {
        ToolResult result = (await CommandAsync(
            ["placeholder", "mint", "--subject", "alice", "--group", "agents", .. targets.SelectMany(t => (string[])["--target", t]), "--ttl", "1h", "--json"])).Succeeded();
        using JsonDocument json = JsonDocument.Parse(result.Output);
        return new Minted(json.RootElement.GetProperty("id").GetString()!, json.RootElement.GetProperty("token").GetString()!);
    }

    /// <summary>Every record of the audit log, one JSON object a line.</summary>
    public async Task<string> AuditAsync() => (await Tools.RunAsync(Places.Gateway, ["audit", "export", "--dir", AuditDirectory])).Succeeded().Output;

    public Task<ToolResult> VerifyAuditAsync() => Tools.RunAsync(Places.Gateway, ["audit", "verify", "--dir", AuditDirectory]);

    /// <summary>Has it take another config, as its operator does.</summary>
    public async Task ReloadAsync(Func<string, string> edit)
    {
        int seen = Loaded();
        _configText = edit(_configText);
        PrivateFile.Write(ConfigPath, _configText);
        _process!.Signal(Unix.SigHup);
        await Wait.UntilAsync(() => Loaded() > seen, "the config to be taken");

        int Loaded() => Log.Split("config", StringSplitOptions.None).Length;
    }

    /// <summary>Gives the file system of its audit log another size.</summary>
    public async Task ResizeAuditAsync(string size) => (await Tools.RunAsync(
        "/usr/bin/nsenter", [$"--target={Process.Id}", .. Unix.IsRoot ? [] : (string[])["--user"], "--mount", "--", "mount", "-o", $"remount,size={size}", Path.Combine(_root, "audit")])).Succeeded();

    public void Signal(int signal) => _process!.Signal(signal);

    public Task<int> WaitForExitAsync() => _process!.WaitForExitAsync();

    /// <summary>Ends it as the kernel does when memory is short.</summary>
    public async Task KillAsync()
    {
        _process!.Signal(Unix.SigKill);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _certificates.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    /// <summary>Runs a command of the gateway that alone has a file for /etc/hosts.</summary>
    public static Task<ToolResult> CommandWithHostsAsync(string hosts, params IReadOnlyList<string> arguments) =>
        Tools.RunAsync(Unshare, Mounted(HostsMount, hosts, arguments));

    // With a mount of its own, which goes with it.
    private RunningProcess StartMounted(string mount, string what) => RunningProcess.Start(Unshare, Mounted(mount, what, ["run", "--config", ConfigPath]));

    private static IReadOnlyList<string> Mounted(string mount, string what, IReadOnlyList<string> arguments) =>
        [.. Unix.IsRoot ? [] : (string[])["--map-root-user"], "--mount", "--", "sh", "-c", $"{mount} && exec \"$@\"", what, Places.Gateway, .. arguments];

    private async Task<bool> IsReadyAsync() => _process!.HasExited
        ? throw new InvalidOperationException($"The gateway ended at its start:\n{Log}")
        : await Ports.AcceptsAsync(IPAddress.Loopback, NodePort) && (await CommandAsync("placeholder", "list")).ExitCode == 0;
}
