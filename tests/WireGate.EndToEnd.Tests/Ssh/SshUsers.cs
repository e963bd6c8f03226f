using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>A gateway in front of an sshd, which users with keys of their own come to: alice with a registered one, others with certificates.</summary>
internal sealed class SshUsers : IAsyncDisposable
{
    private readonly SshHost _host;

    private SshUsers(SshHost host, SshGateway gateway, string directory) => (_host, Gateway, Directory) = (host, gateway, directory);

    public SshGateway Gateway { get; }

    public SshHost Host => _host;

    /// <summary>Where the users' keys are.</summary>
    public string Directory { get; }

    public string Authority => Path.Combine(Directory, "ca");

    /// <summary>Alice's key.</summary>
    public string Key => Path.Combine(Directory, "alice");

    /// <summary>The list of what is revoked; empty at first.</summary>
    public string Revoked => Path.Combine(Directory, "revoked");

    public static async Task<SshUsers> StartAsync(string? rules = null, Func<string, string>? edit = null, string[]? settings = null)
    {
        SshHost host = await SshHost.StartAsync(settings ?? []);
        string directory = Path.Combine(host.Root, "users");
        System.IO.Directory.CreateDirectory(directory);
        foreach (string type in (string[])["ed25519", "ecdsa", "rsa"])
        {
            await SshHost.GenerateAsync(Path.Combine(directory, type), type);
        }

        await SshHost.GenerateAsync(Path.Combine(directory, "alice"));
        await SshHost.GenerateAsync(Path.Combine(directory, "ca"));
        await File.WriteAllTextAsync(Path.Combine(directory, "revoked"), "");
        SshGateway gateway = await SshGateway.StartAsync(host, rules, text =>
        {
            string named = text.Replace("grants:\n", $$"""
                identity:
                  ssh:
                    name: users
                    users:
                      - { subject: alice, groups: [sre], publicKeys: ["{{SshHost.PublicKey(Path.Combine(directory, "alice"))}} alice@laptop"] }
                      - { subject: bob, publicKeys: [{{directory}}/ed25519.pub, {{directory}}/ecdsa.pub, {{directory}}/rsa.pub] }
                    userCertificateAuthorities: [{{directory}}/ca.pub]
                    mayAssert: [sre]
                    revokedKeys: {{directory}}/revoked
                grants:
                  - { name: people, to: { issuer: users }, targets: [web-1] }

                """, StringComparison.Ordinal);
            return edit?.Invoke(named) ?? named;
        });
        return new SshUsers(host, gateway, directory);
    }

    /// <summary>A file for ssh and its kin, in which the gateway is the host <c>gate</c>, with nothing but these settings to prove oneself by.</summary>
    public string ConfigOf(params string[] settings)
    {
        string path = Path.Combine(Directory, $"{Guid.NewGuid():n}.ssh_config");
        PrivateFile.Write(path, $"""
            Host gate
              HostName 127.0.0.1
              Port {Gateway.Port.ToString(CultureInfo.InvariantCulture)}
              User me+web-1
              UserKnownHostsFile {Gateway.KnownHosts}
              GlobalKnownHostsFile /dev/null
              StrictHostKeyChecking yes
              BatchMode yes
              {string.Join("\n  ", settings)}

            """);
        return path;
    }

    /// <summary>One key and no other.</summary>
    public string ConfigFor(string key, params string[] more) => ConfigOf([$"IdentityFile {key}", "IdentitiesOnly yes", "IdentityAgent none", .. more]);

    public static Task<ToolResult> SshAsync(string config, params string[] arguments) => Tools.RunAsync("/usr/bin/ssh", ["-F", config, .. arguments]);

    public static Task<ToolResult> ShellAsync(string script) => Tools.RunAsync("/bin/bash", ["-c", script]);

    /// <summary>A new key with a certificate for it.</summary>
    /// <param name="options">Of ssh-keygen: -I and what else is to be in it.</param>
    /// <returns>The key's path.</returns>
    public async Task<string> CertifyAsync(params string[] options)
    {
        string key = Path.Combine(Directory, $"{Guid.NewGuid():n}");
        await SshHost.GenerateAsync(key);
        (await Tools.RunAsync("/usr/bin/ssh-keygen", ["-q", "-s", Authority, .. options, key + ".pub"])).Succeeded();
        return key;
    }

    /// <summary>The fingerprint of a key, as ssh-keygen prints it.</summary>
    public static async Task<string> FingerprintAsync(string key) =>
        (await Tools.RunAsync("/usr/bin/ssh-keygen", ["-lf", key + ".pub"])).Succeeded().Output.Split(' ')[1];

    /// <summary>Changes the config, and has the gateway take it.</summary>
    public void Reload(Func<string, string> edit)
    {
        PrivateFile.Write(Gateway.ConfigPath, edit(Gateway.ConfigText));
        Gateway.Signal(Unix.SigHup);
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await _host.DisposeAsync();
    }
}
