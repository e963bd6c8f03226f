using System.Net.Sockets;
using System.Runtime.Versioning;

namespace WireGate.Demo;

/// <summary>A throw-away sshd on loopback. It takes one key, which only the gateway has.</summary>
[SupportedOSPlatform("linux")]
internal sealed class DemoHost : IAsyncDisposable
{
    private const string Server = "/usr/sbin/sshd";

    private readonly string _root;
    private readonly int _port;
    private ChildProcess? _process;

    private DemoHost(string root, int port, int gatewayPort) => (_root, _port, GatewayPort) = (root, port, gatewayPort);

    /// <summary>Whether this machine has what it takes.</summary>
    public static bool IsThere => File.Exists(Server) && File.Exists("/usr/bin/ssh-keygen");

    /// <summary>Where the gateway listens for ssh, on 127.0.0.1.</summary>
    public int GatewayPort { get; }

    /// <summary>With the gateway's host key.</summary>
    public string KnownHosts => Path.Combine(_root, "known_hosts");

    /// <summary>Says the placeholder, which it finds in its environment, to an ssh without a terminal.</summary>
    public string AskPass => Path.Combine(_root, "askpass");

    private string Files => Path.Combine(_root, "sshd");

    /// <summary>Lines of the gateway's config.</summary>
    public string Listener => $"- {{ name: ssh, protocol: ssh, address: \"127.0.0.1:{GatewayPort}\", hostKeys: [{_root}/gateway_host_key] }}";

    /// <inheritdoc cref="Listener"/>
    public string Secret => $"web-key: {{ file: {_root}/web_key }}";

    /// <inheritdoc cref="Listener"/>
    public string Upstream =>
        $"web-1: {{ protocol: ssh, address: \"127.0.0.1:{_port}\", knownHosts: {_root}/sshd_known_hosts, logins: {{ web: {{ user: {DemoAccount.Name}, privateKey: web-key }} }} }}";

    /// <exception cref="DemoException">It does not start.</exception>
    public static async Task<DemoHost> StartAsync(string root, int port, int gatewayPort, CancellationToken cancellation)
    {
        var host = new DemoHost(root, port, gatewayPort);
        try
        {
            await host.InitialiseAsync(cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }

    private async Task InitialiseAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(Files);
        await GenerateAsync(Path.Combine(_root, "gateway_host_key"), KnownHosts, GatewayPort, cancellation);
        await GenerateAsync(Path.Combine(_root, "web_key"), null, 0, cancellation);
        await GenerateAsync(Path.Combine(Files, "host_key"), Path.Combine(_root, "sshd_known_hosts"), _port, cancellation);
        File.Copy(Path.Combine(_root, "web_key.pub"), Path.Combine(Files, "authorized_keys"));
        await File.WriteAllTextAsync(Path.Combine(Files, "sshd_config"), $"""
            Port {_port}
            ListenAddress 127.0.0.1
            HostKey {Files}/host_key
            AuthorizedKeysFile {Files}/authorized_keys
            PidFile none
            UsePAM no
            StrictModes no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            Subsystem sftp internal-sftp

            """, cancellation);
        await File.WriteAllTextAsync(AskPass, "#!/bin/sh\nprintf '%s\\n' \"$WIREGATE_PLACEHOLDER\"\n", cancellation);
        File.SetUnixFileMode(AskPass, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await DemoAccount.GiveAsync(Files, cancellation);
        _process = ChildProcess.Start([.. DemoAccount.Prefix, Server, "-D", "-e", "-f", Path.Combine(Files, "sshd_config")], ChildProcess.SigTerm);
        while (!await ListensAsync(cancellation))
        {
            if (_process.HasExited)
            {
                throw new DemoException($"sshd did not start:\n{_process.Output}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellation);
        }
    }

    // A key, and the line by which clients know whose it is.
    private static async Task GenerateAsync(string path, string? knownHosts, int port, CancellationToken cancellation)
    {
        await DemoAccount.RequireAsync(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "wiregate demo", "-f", path], cancellation);
        if (knownHosts is not null)
        {
            await File.WriteAllTextAsync(knownHosts, $"[127.0.0.1]:{port} {await File.ReadAllTextAsync(path + ".pub", cancellation)}", cancellation);
        }
    }

    private async Task<bool> ListensAsync(CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(System.Net.IPAddress.Loopback, _port, cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
