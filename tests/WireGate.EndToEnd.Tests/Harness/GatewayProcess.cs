using System.Net;
using System.Text.Json;

namespace WireGate.EndToEnd.Tests.Harness;

/// <summary>The built gateway as a real process in front of one cluster, with a config, a store and an audit log of its own.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private readonly string _root;
    private readonly Certificates _certificates;
    private RunningProcess? _process;

    private GatewayProcess(PostgresCluster cluster)
    {
        _root = Places.Temporary("gateway");
        _certificates = new Certificates(_root);
        (string certificate, string key) = _certificates.Issue("gateway");
        (string clientCertificate, string clientKey) = cluster.Certificates.Issue(PostgresCluster.CertificateUser);
        SecretFile = Path.Combine(_root, "password");
        PrivateFile.Write(SecretFile, cluster.Password);
        ConfigText = $$"""
            store: sqlite:{{_root}}/wiregate.db
            audit: { to: {{AuditDirectory}} }
            admin:
              socket: { path: {{AdminSocket}}, mode: "0600" }
            # Every test comes from the same address: the failures of one must not lock out the next.
            limits: { failurePenalty: 1ms }
            listeners:
              - { name: plain, protocol: postgres, address: "127.0.0.1:{{PlainPort}}" }
              - { name: tls, protocol: postgres, address: "127.0.0.1:{{TlsPort}}", tls: { certificate: {{certificate}}, key: {{key}} } }
              - { name: v6, protocol: postgres, address: "[::1]:{{TlsPort}}", tls: { certificate: {{certificate}}, key: {{key}} } }
              - { name: scram, protocol: postgres, address: "127.0.0.1:{{ScramPort}}", authentication: scram }
              - { name: side, protocol: postgres, address: "unix:{{SocketDirectory}}/.s.PGSQL.5432", target: orders }
            secrets:
              real: { file: {{SecretFile}} }
            targets:
              orders:
                protocol: postgres
                address: 127.0.0.1:{{cluster.Port}}
                tls: { mode: verify-full, ca: {{cluster.Certificates.CaPath}} }
                logins:
                  app: { user: {{PostgresCluster.AppUser}}, password: real }
                  replica: { user: {{PostgresCluster.ReplicationUser}}, password: real }
                databases: [orders, restored, bench]
                parameters: [search_path]
              in-clear:
                protocol: postgres
                address: 127.0.0.1:{{cluster.Port}}
                tls: { mode: disable }
                logins: { app: { user: {{PostgresCluster.AppUser}}, password: real } }
              by-socket:
                protocol: postgres
                address: "unix:{{cluster.SocketDirectory}}/.s.PGSQL.{{cluster.Port}}"
                logins: { app: { user: {{PostgresCluster.AppUser}}, password: real } }
              by-md5:
                protocol: postgres
                address: 127.0.0.1:{{cluster.Port}}
                tls: { mode: verify-full, ca: {{cluster.Certificates.CaPath}} }
                authentication: [md5]
                logins: { app: { user: {{PostgresCluster.Md5User}}, password: real } }
              by-cleartext:
                protocol: postgres
                address: 127.0.0.1:{{cluster.Port}}
                tls: { mode: verify-full, ca: {{cluster.Certificates.CaPath}} }
                authentication: [cleartext]
                logins: { app: { user: {{PostgresCluster.CleartextUser}}, password: real } }
              by-certificate:
                protocol: postgres
                address: 127.0.0.1:{{cluster.Port}}
                tls: { mode: verify-full, ca: {{cluster.Certificates.CaPath}}, certificate: {{clientCertificate}}, key: {{clientKey}} }
                authentication: [none]
                logins: { app: { user: {{PostgresCluster.CertificateUser}} } }
              downgraded:
                protocol: postgres
                address: 127.0.0.1:{{cluster.Port}}
                tls: { mode: verify-full, ca: {{cluster.Certificates.CaPath}} }
                logins: { app: { user: {{PostgresCluster.CleartextUser}}, password: real } }
              mistrusted:
                protocol: postgres
                address: 127.0.0.1:{{cluster.Port}}
                tls: { mode: verify-full, ca: {{_certificates.CaPath}} }
                logins: { app: { user: {{PostgresCluster.AppUser}}, password: real } }
              failing-over:
                protocol: postgres
                address: ["127.0.0.1:{{DeadPort}}", "127.0.0.1:{{cluster.Port}}"]
                tls: { mode: verify-full, ca: {{cluster.Certificates.CaPath}} }
                logins: { app: { user: {{PostgresCluster.AppUser}}, password: real } }
              down:
                protocol: postgres
                address: 127.0.0.1:{{DeadPort}}
                tls: { mode: disable }
                logins: { app: { user: {{PostgresCluster.AppUser}}, password: real } }
            grants:
              - name: agents
                to: { issuer: local, groups: [agents] }
                targets: [orders, in-clear, by-socket, by-md5, by-cleartext, by-certificate, downgraded, mistrusted, failing-over, down]
              - { name: replicas, to: { issuer: local, groups: [replicas] }, targets: [orders], login: replica, replication: true }
            rules:
              list:
                - { name: everything, match: { operations: all }, do: allow }

            """;
    }

    /// <summary>Without TLS; loopback, so a protected channel all the same.</summary>
    public int PlainPort { get; } = Ports.Free();

    /// <summary>With TLS, on both loopback addresses.</summary>
    public int TlsPort { get; } = Ports.Free();

    /// <summary>Without TLS, and SCRAM only.</summary>
    public int ScramPort { get; } = Ports.Free();

    /// <summary>Where nobody listens.</summary>
    public int DeadPort { get; } = Ports.Free();

    public string ConfigPath => Path.Combine(_root, "wiregate.yaml");

    /// <summary>What it was, or will be, started with.</summary>
    public string ConfigText { get; set; }

    public string AdminSocket => Path.Combine(_root, "admin.sock");

    public string AuditDirectory => Path.Combine(_root, "audit");

    /// <summary>The file with the real password.</summary>
    public string SecretFile { get; }

    /// <summary>Directory of its Unix socket, whose port is 5432.</summary>
    public string SocketDirectory => Path.Combine(_root, "s");

    public string CaPath => _certificates.CaPath;

    /// <summary>What the running process has logged.</summary>
    public string Log => _process?.Error + _process?.Output;

    public int ProcessId => _process!.Id;

    public static async Task<GatewayProcess> StartAsync(PostgresCluster cluster, Func<string, string>? edit = null)
    {
        var gateway = new GatewayProcess(cluster);
        Directory.CreateDirectory(gateway.SocketDirectory);
        gateway.ConfigText = edit?.Invoke(gateway.ConfigText) ?? gateway.ConfigText;
        try
        {
            await gateway.StartAsync();
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, again after a kill, and returns once it serves.</summary>
    public async Task StartAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        PrivateFile.Write(ConfigPath, ConfigText);
        _process = RunningProcess.Start(Places.Gateway, ["run", "--config", ConfigPath]);
        await Wait.UntilAsync(IsReadyAsync, "the gateway to serve");
    }

    /// <summary>Runs one of its commands, with the config of this gateway.</summary>
    public Task<ToolResult> CommandAsync(params IReadOnlyList<string> arguments) =>
        Tools.RunAsync(Places.Gateway, [.. arguments, "--config", ConfigPath]);

    /// <summary>Runs one of its commands as somebody else; only root can.</summary>
    public Task<ToolResult> CommandAsAsync(string unixUser, params IReadOnlyList<string> arguments) => Tools.RunAsync(
        "/usr/bin/setpriv", [$"--reuid={unixUser}", $"--regid={unixUser}", "--clear-groups", "--", Places.Gateway, .. arguments, "--socket", AdminSocket]);

    public Task<ToolResult> VerifyAuditAsync() => Tools.RunAsync(Places.Gateway, ["audit", "verify", "--dir", AuditDirectory]);

    /// <summary>Every record of the audit log, one JSON object a line.</summary>
    public async Task<string> AuditAsync() =>
        (await Tools.RunAsync(Places.Gateway, ["audit", "export", "--dir", AuditDirectory])).Succeeded().Output;

    /// <summary>Mints with the real command, as a user does.</summary>
    public async Task<Minted> MintAsync(string group = "agents", string target = "orders", params IReadOnlyList<string> more)
    {
        ToolResult result = (await CommandAsync(
            ["placeholder", "mint", "--subject", "alice", "--group", group, "--target", target, "--ttl", "1h", "--json", .. more])).Succeeded();
        using JsonDocument json = JsonDocument.Parse(result.Output);
        return new Minted(json.RootElement.GetProperty("id").GetString()!, json.RootElement.GetProperty("token").GetString()!);
    }

    /// <summary>How a client reaches a database through it, with the placeholder as password.</summary>
    public Endpoint Through(Minted placeholder, bool tls = false, string database = "orders") => new()
    {
        Host = "127.0.0.1",
        Port = tls ? TlsPort : PlainPort,
        User = "alice",
        Password = placeholder.Token,
        Database = database,
        Ca = tls ? CaPath : null,
    };

    public void Signal(int signal) => _process!.Signal(signal);

    public Task<int> WaitForExitAsync() => _process!.WaitForExitAsync();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            if (!_process.HasExited)
            {
                _process.Signal(Unix.SigKill);
                await _process.WaitForExitAsync();
            }

            await _process.DisposeAsync();
        }

        _certificates.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process!.HasExited)
        {
            throw new InvalidOperationException($"The gateway ended at its start:\n{Log}");
        }

        // The admin socket answers once everything else stands, or before: so the listeners are asked too.
        return await Ports.AcceptsAsync(IPAddress.Loopback, PlainPort)
            && await Ports.AcceptsAsync(IPAddress.Loopback, TlsPort)
            && (await CommandAsync("placeholder", "list")).ExitCode == 0;
    }
}

/// <summary>A freshly minted placeholder.</summary>
internal sealed record Minted(string Id, string Token);
