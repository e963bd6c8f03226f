using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json;

namespace WireGate.Demo;

/// <summary>A PostgreSQL, an HTTP API and an sshd, the gateway in front of them, and a placeholder, all below one temporary directory. Disposing leaves nothing behind.</summary>
[SupportedOSPlatform("linux")]
internal sealed class DemoHouse : IAsyncDisposable
{
    /// <summary>Starting takes a second or two; whoever waits this long waits in vain.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    /// <summary>Who may approve what is held: an account that every machine has, and that is nobody's who asks.</summary>
    public const string Approver = "nobody";

    private readonly string _root;
    private DemoCluster? _cluster;
    private DemoApi? _api;
    private DemoHost? _host;
    private ChildProcess? _gateway;

    private DemoHouse(string root, int port)
    {
        _root = root;
        Port = port;
    }

    /// <summary>Where the gateway listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Public part of the placeholder.</summary>
    public string PlaceholderId { get; private set; } = "";

    /// <summary>The placeholder itself: what a client is given in place of the password.</summary>
    public string Token { get; private set; } = "";

    public string Psql => _cluster!.Psql;

    public string ConfigPath => Path.Combine(_root, "wiregate.yaml");

    public string AuditDirectory => Path.Combine(_root, "audit");

    public string PasswordFile => _cluster!.PasswordFile;

    /// <summary>An HTTP API behind the gateway.</summary>
    public DemoApi Api => _api!;

    /// <summary>An sshd behind the gateway; null: this machine has none.</summary>
    public DemoHost? Host => _host;

    public static async Task<DemoHouse> StartAsync(TextWriter output, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StartLimit);
        string root = Directory.CreateTempSubdirectory("wiregate-demo-").FullName;
        // PostgreSQL runs as another user and has to pass; each file inside has its own mode.
        File.SetUnixFileMode(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var house = new DemoHouse(root, FreePort());
        try
        {
            await output.WriteLineAsync($"Starting a throw-away PostgreSQL in {root}");
            house._cluster = await DemoCluster.StartAsync(root, limit.Token);
            house._api = DemoApi.Start(root, FreePort(), FreePort());
            if (DemoHost.IsThere)
            {
                await output.WriteLineAsync("Starting a throw-away sshd");
                house._host = await DemoHost.StartAsync(root, FreePort(), FreePort(), limit.Token);
            }

            await output.WriteLineAsync($"Starting the gateway on 127.0.0.1:{house.Port}");
            await house.StartGatewayAsync(limit.Token);
            await house.MintAsync(limit.Token);
            return house;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            string log = house._gateway?.Output ?? "";
            await house.DisposeAsync();
            throw new DemoException($"it did not stand after {StartLimit.TotalSeconds:F0} s.\n{log}");
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a command of this program.</summary>
    public static Task<ChildResult> CommandAsync(IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        ChildProcess.RunAsync([.. Self, .. arguments], cancellation);

    /// <summary>Prints what to paste.</summary>
    public async Task ShowAsync(TextWriter output)
    {
        await output.WriteLineAsync($"""

            The real password is in {PasswordFile} and only the gateway reads it. The client gets a placeholder. Paste:

              psql 'postgresql://alice:{Token}@127.0.0.1:{Port}/{DemoCluster.Database}' -c 'SELECT name, email, card_number FROM customers'

            Its rules deny some statements, hold others for a human, and mask what is personal. Try:

              … -c 'DROP TABLE customers'
              … -c 'UPDATE orders SET amount = 0 WHERE id = 1'     waits; in another terminal, as somebody else:
              {CommandName} approval list --config {ConfigPath}
              sudo -u {Approver} {CommandName} approval approve ID --config {ConfigPath}
              {CommandName} explain --subject alice --group demo --target orders --sql 'TRUNCATE orders' --config {ConfigPath}

            HTTP with the same placeholder as the token:

              curl -H 'Authorization: Bearer {Token}' http://127.0.0.1:{Api.GatewayPort}/crm/customers
              …  -X DELETE …/crm/customers/1     denied: its rules allow reading

            {SshLines}

            Take it back, and see what happened:

              {CommandName} placeholder revoke {PlaceholderId} --config {ConfigPath}
              {CommandName} audit export --dir {AuditDirectory}

            Ctrl-C ends the demo and leaves nothing behind.
            """);
    }

    private string SshLines => _host is null ? "With an sshd on this machine (apt-get install openssh-server) it would show SSH as well." : $"""
        SSH with the same placeholder as the password, and a key that only the gateway has:

          ssh -p {_host.GatewayPort} -o UserKnownHostsFile={_host.KnownHosts} alice+web-1@127.0.0.1 uname -a
          …  cat /etc/passwd     denied: its rules allow uname and uptime
        """;

    /// <summary>Returns when the gateway ends, which it should not.</summary>
    /// <exception cref="DemoException">It did.</exception>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        await _gateway!.WaitForExitAsync(cancellation);
        cancellation.ThrowIfCancellationRequested();
        throw new DemoException($"the gateway ended:\n{_gateway.Output}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        if (_api is not null)
        {
            await _api.DisposeAsync();
        }

        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        Directory.Delete(_root, recursive: true);
    }

    private async Task StartGatewayAsync(CancellationToken cancellation)
    {
        await File.WriteAllTextAsync(ConfigPath, $$"""
            store: sqlite:{{_root}}/wiregate.db
            audit: { to: {{AuditDirectory}} }
            admin:
              socket: { path: {{_root}}/admin.sock, mode: "0666" }
              roles: { approve: { issuer: unix, groups: [dba] } }
            identity:
              unix: [{ user: {{Approver}}, subject: dora, groups: [dba] }]
            limits: { drain: 0s }
            listeners:
              - { name: pg, protocol: postgres, address: "127.0.0.1:{{Port}}" }
              {{_api!.Listener}}
              {{_host?.Listener}}
            secrets:
              orders-app: { file: {{PasswordFile}} }
              {{_api.Secret}}
              {{_host?.Secret}}
            targets:
              orders:
                protocol: postgres
                address: "unix:{{_cluster!.Socket}}"
                logins: { app: { user: {{DemoCluster.User}}, password: orders-app } }
                databases: [{{DemoCluster.Database}}]
                mask: [pii]
              {{_api.Upstream}}
              {{_host?.Upstream}}
            grants:
              - { name: demo, to: { issuer: local, groups: [demo] }, targets: [{{Targets}}] }
            rules:
              list:
                - { name: demo, match: { target: orders, sql: { effects: [read, write, ddl] } }, do: allow }
                - { name: no-drop, match: { protocol: postgres, sql: { statements: [drop, truncate] } }, do: deny, reason: "schema changes go through migrations" }
                - { name: orders, match: { target: orders, sql: { effects: [write], tables: [public.orders] } }, do: hold, approvers: { issuer: unix, groups: [dba] }, within: 2m }
                - { name: read, match: { target: crm, http: { methods: [GET] } }, do: allow }
                - { name: look, match: { protocol: ssh, exec: [{ argv: [uname, "-a"] }, { argv: [uptime] }] }, do: allow }
            masks:
              pii: { columns: [public.customers.ssn], detect: [credit-card], with: last4 }
              tokens: { json: ["$..apiToken"], detect: [credit-card], with: last4 }

            """, cancellation);
        _gateway = ChildProcess.Start([.. Self, "run", "--config", ConfigPath], ChildProcess.SigTerm);
        while ((await CommandAsync(["placeholder", "list", "--config", ConfigPath], cancellation)).ExitCode != 0)
        {
            if (_gateway.HasExited)
            {
                throw new DemoException($"the gateway did not start:\n{_gateway.Output}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
        }
    }

    private string Targets => _host is null ? "orders, crm" : "orders, crm, web-1";

    private async Task MintAsync(CancellationToken cancellation)
    {
        string[] targets = [.. Targets.Split(", ").SelectMany(target => (string[])["--target", target])];
        ChildResult result = await CommandAsync(
            ["placeholder", "mint", "--subject", "alice", "--group", "demo", .. targets, "--ttl", "1h", "--json", "--config", ConfigPath], cancellation);
        if (result.ExitCode != 0)
        {
            throw new DemoException($"no placeholder was minted: {result.Output}");
        }

        using JsonDocument json = JsonDocument.Parse(result.Output);
        PlaceholderId = json.RootElement.GetProperty("id").GetString()!;
        Token = json.RootElement.GetProperty("token").GetString()!;
    }

    /// <summary>How this program was started: its own executable, or dotnet with its assembly.</summary>
    private static string[] Self { get; } =
        Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet"
            ? [Environment.ProcessPath!, Path.GetFullPath(Environment.GetCommandLineArgs()[0])]
            : [Environment.ProcessPath!];

    /// <summary>The same, as one would type it.</summary>
    public static string CommandName { get; } = string.Join(' ', Self);

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
