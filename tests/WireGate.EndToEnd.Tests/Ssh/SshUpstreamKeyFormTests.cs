using System.Text;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>The private key of a login may be in any form that ssh-keygen or openssl writes: sshd lets the gateway in by each.</summary>
internal sealed class SshUpstreamKeyFormTests
{
    private const string Passphrase = "correct horse";
    private const string Sec1 = "openssl ecparam -name prime256v1 -genkey -noout";

    // What is made, and how. What is not made by ssh-keygen needs its public half in OpenSSH's form as well.
    private static readonly (string Name, string Script)[] Forms =
    [
        ("openssh-ed25519", Keygen("-t ed25519", "")),
        ("openssh-ed25519-ctr", Keygen("-t ed25519 -a 24", Passphrase)),
        ("openssh-ed25519-gcm", Keygen("-t ed25519 -Z aes256-gcm@openssh.com", Passphrase)),
        ("openssh-ed25519-cbc", Keygen("-t ed25519 -Z aes256-cbc", Passphrase)),
        ("openssh-rsa-3072", Keygen("-t rsa -b 3072", "")),
        ("openssh-rsa-3072-ctr", Keygen("-t rsa -b 3072", Passphrase)),
        ("openssh-ecdsa-256", Keygen("-t ecdsa -b 256", "")),
        ("openssh-ecdsa-384", Keygen("-t ecdsa -b 384", "")),
        ("openssh-ecdsa-521", Keygen("-t ecdsa -b 521", "")),
        ("openssh-ecdsa-521-ctr", Keygen("-t ecdsa -b 521", Passphrase)),
        ("pkcs1-rsa", Keygen("-m PEM -t rsa -b 3072", "")),
        ("pkcs1-rsa-encrypted", Keygen("-m PEM -t rsa -b 3072", Passphrase)),
        ("sec1-ecdsa-384", Keygen("-m PEM -t ecdsa -b 384", "")),
        ("sec1-ecdsa-256-of-openssl", $"{Sec1} -out $1; chmod 600 $1; ssh-keygen -yf $1 > $1.pub"),
        ("pkcs8-rsa", Keygen("-m PKCS8 -t rsa -b 3072", "")),
        ("pkcs8-rsa-encrypted", Keygen("-m PKCS8 -t rsa -b 3072", Passphrase)),
        ("pkcs8-ecdsa-521", Keygen("-m PKCS8 -t ecdsa -b 521", "")),
        ("pkcs8-ecdsa-256-encrypted", Keygen("-m PKCS8 -t ecdsa -b 256", Passphrase)),
        ("pkcs8-ed25519", $"openssl genpkey -algorithm ed25519 -out $1; {OfEd25519("")}"),
        ("pkcs8-ed25519-encrypted", $"openssl genpkey -algorithm ed25519 -aes-256-cbc -pass 'pass:{Passphrase}' -out $1; {OfEd25519($"-passin 'pass:{Passphrase}'")}"),
    ];

    private string _directory = null!;
    private SshHost _host = null!;
    private SshGateway _gateway = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _directory = Places.Temporary("forms");
        PrivateFile.Write(Path.Combine(_directory, "passphrase"), Passphrase);
        _host = await SshHost.StartAsync("LogLevel VERBOSE");
        await File.WriteAllTextAsync(Path.Combine(_host.Root, "authorized_keys"), "");
        StringBuilder secrets = new(), targets = new();
        foreach ((string name, string script) in Forms)
        {
            string file = Path.Combine(_directory, name);
            (await Tools.RunAsync("/bin/bash", ["-ec", script, "bash", file])).Succeeded();
            await File.AppendAllTextAsync(Path.Combine(_host.Root, "authorized_keys"), SshHost.PublicKey(file) + "\n");
            secrets.Append(null, $"  {name}: {{ file: {file}, passphrase: {{ file: {_directory}/passphrase }} }}\n");
            targets.Append(null, $$"""
                  {{name}}:
                    protocol: ssh
                    address: 127.0.0.1:{{_host.Port}}
                    hostKeys: ["{{_host.HostKey}}"]
                    logins: { deploy: { user: {{SshHost.User}}, privateKey: {{name}} } }

                """);
        }

        _gateway = await SshGateway.StartAsync(_host, edit: text => text
            .Replace("secrets:\n", $"secrets:\n{secrets}", StringComparison.Ordinal)
            .Replace("targets:\n", $"targets:\n{targets}", StringComparison.Ordinal)
            .Replace("targets: [web-1,", $"targets: [{string.Join(", ", Forms.Select(form => form.Name))}, web-1,", StringComparison.Ordinal));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [TestCaseSource(nameof(Names))]
    public async Task Sshd_lets_the_gateway_in_by_a_key_in_the_form(string form)
    {
        SshEndpoint endpoint = _gateway.Through(await _gateway.MintAsync(form), form);
        string fingerprint = await SshUsers.FingerprintAsync(Path.Combine(_directory, form));

        ToolResult result = await endpoint.ExecAsync("echo in; exit 7");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((7, "in\n")), result + _gateway.Log);
        Assert.That(
            () => _host.Log,
            Does.Match($"Accepted publickey for {SshHost.User} from .* ssh2: \\S+ {System.Text.RegularExpressions.Regex.Escape(fingerprint)}").After(10_000, 50));
        Assert.That(_gateway.Log, Does.Not.Contain(Passphrase));
    }

    private static IEnumerable<string> Names() => Forms.Select(form => form.Name);

    private static string Keygen(string options, string passphrase) => $"ssh-keygen -q {options} -N '{passphrase}' -C '' -f $1";

    /// <summary>ssh-keygen of this version reads no Ed25519 in PEM: string "ssh-ed25519", and the 32 bytes, which DER has last.</summary>
    private static string OfEd25519(string passphrase) =>
        "{ printf 'ssh-ed25519 '; { printf '\\0\\0\\0\\13ssh-ed25519\\0\\0\\0\\40'; openssl pkey -in $1 " + passphrase
        + " -pubout -outform DER | tail -c 32; } | base64 -w0; echo; } > $1.pub; chmod 600 $1";
}
