using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>The built gateway as a real process in front of one sshd.</summary>
internal sealed class SshGateway : IAsyncDisposable
{
    private const string Everything = "    - { name: everything, match: { operations: all }, do: allow }\n";

    private readonly string _root;
    private RunningProcess? _process;

    private SshGateway(string root, SshHost host, string rules)
    {
        _root = root;
        ConfigText = $$"""
            store: sqlite:{{root}}/wiregate.db
            audit: { to: {{AuditDirectory}} }
            admin:
              socket: { path: {{AdminSocket}}, mode: "0600" }
            # Every test comes from the same address: the failures of one must not lock out the next.
            limits: { failurePenalty: 1ms }
            listeners:
              - { name: ssh, protocol: ssh, address: "127.0.0.1:{{Port}}", hostKeys: [{{root}}/host] }
              - { name: side, protocol: ssh, address: "127.0.0.1:{{SidePort}}", hostKeys: [{{root}}/host], target: web-1 }
            secrets:
              account: { file: {{host.KeyFile}} }
            targets:
              web-1:
                protocol: ssh
                address: 127.0.0.1:{{host.Port}}
                hostKeys: ["{{host.HostKey}}"]
                logins: { deploy: { user: {{SshHost.User}}, privateKey: account } }
              impostor:
                protocol: ssh
                address: 127.0.0.1:{{host.Port}}
                hostKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICNFFCUHypZEh8KiM2qnE+pYJ0jZkAUcCjfqwTjT9k1w"]
                logins: { deploy: { user: {{SshHost.User}}, privateKey: account } }
              down:
                protocol: ssh
                address: 127.0.0.1:{{DeadPort}}
                hostKeys: ["{{host.HostKey}}"]
                logins: { deploy: { user: {{SshHost.User}}, privateKey: account } }
            grants:
              - { name: agents, to: { issuer: local, groups: [agents] }, targets: [web-1, impostor, down] }
            rules:
              list:
            {{rules}}
            """;
    }

    public int Port { get; } = Ports.Free();

    /// <summary>Leads to web-1 only, whatever the user name says.</summary>
    public int SidePort { get; } = Ports.Free();

    public int DeadPort { get; } = Ports.Free();

    public string ConfigText { get; private set; }

    public string ConfigPath => Path.Combine(_root, "wiregate.yaml");

    public string AdminSocket => Path.Combine(_root, "admin.sock");

    public string AuditDirectory => Path.Combine(_root, "audit");

    /// <summary>With the gateway's own host key, under the address that tests connect to.</summary>
    public string KnownHosts => Path.Combine(_root, "known_hosts");

    /// <summary>Of the gateway's own host key.</summary>
    public string Fingerprint => "SHA256:"
        + Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(File.ReadAllText(KnownHosts).Split('\n')[0].Split(' ')[2]))).TrimEnd('=');

    public int ProcessId => _process!.Id;

    public string Log => _process?.Error + _process?.Output;

    public static async Task<SshGateway> StartAsync(SshHost host, string? rules = null, Func<string, string>? edit = null)
    {
        string root = Places.Temporary("ssh-gateway");
        await SshHost.GenerateAsync(Path.Combine(root, "host"));
        var gateway = new SshGateway(root, host, rules ?? Everything);
        gateway.ConfigText = edit?.Invoke(gateway.ConfigText) ?? gateway.ConfigText;
        string key = SshHost.PublicKey(Path.Combine(root, "host"));
        await File.WriteAllTextAsync(gateway.KnownHosts, $"[127.0.0.1]:{gateway.Port} {key}\n[127.0.0.1]:{gateway.SidePort} {key}\n");
        PrivateFile.Write(gateway.ConfigPath, gateway.ConfigText);
        gateway._process = RunningProcess.Start(Places.Gateway, ["run", "--config", gateway.ConfigPath]);
        await Wait.UntilAsync(gateway.IsReadyAsync, "the gateway to serve");
        return gateway;
    }

    public void Signal(int signal) => _process!.Signal(signal);

    public Task<ToolResult> CommandAsync(params IReadOnlyList<string> arguments) => Tools.RunAsync(Places.Gateway, [.. arguments, "--config", ConfigPath]);

    /// <summary>Runs one of its commands as somebody else; only root can.</summary>
    public Task<ToolResult> CommandAsAsync(string unixUser, params IReadOnlyList<string> arguments) => Tools.RunAsync(
        "/usr/bin/setpriv", [$"--reuid={unixUser}", $"--regid={unixUser}", "--clear-groups", "--", Places.Gateway, .. arguments, "--socket", AdminSocket]);

    /// <summary>Mints with the real command, as a user does.</summary>
    public async Task<Minted> MintAsync(string target = "web-1", params IReadOnlyList<string> more)
    {
        ToolResult result = (await CommandAsync(
            ["placeholder", "mint", "--subject", "alice", "--group", "agents", "--target", target, "--ttl", "1h", "--json", .. more])).Succeeded();
        using JsonDocument json = JsonDocument.Parse(result.Output);
        return new Minted(json.RootElement.GetProperty("id").GetString()!, json.RootElement.GetProperty("token").GetString()!);
    }

    /// <summary>How ssh and its kin reach a target through it.</summary>
    public SshEndpoint Through(Minted placeholder, string target = "web-1") => new(_root, Port, $"alice+{target}", placeholder.Token, KnownHosts);

    public async Task<string> AuditAsync() =>
        (await Tools.RunAsync(Places.Gateway, ["audit", "export", "--dir", AuditDirectory])).Succeeded().Output;

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        Directory.Delete(_root, recursive: true);
    }

    private async Task<bool> IsReadyAsync() => _process!.HasExited
        ? throw new InvalidOperationException($"The gateway ended at its start:\n{Log}")
        : await Ports.AcceptsAsync(IPAddress.Loopback, Port) && (await CommandAsync("placeholder", "list")).ExitCode == 0;
}
