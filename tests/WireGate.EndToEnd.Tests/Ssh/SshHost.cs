using System.Net;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>A real sshd on loopback, with host keys and an account key of its own. The account is the one that runs the tests.</summary>
internal sealed class SshHost : IAsyncDisposable
{
    private readonly RunningProcess _process;
    private string? _passwords;

    private SshHost(string root, int port, RunningProcess process) => (Root, Port, _process) = (root, port, process);

    /// <summary>Where its files are; the sessions' files may be put below <see cref="Files"/>.</summary>
    public string Root { get; }

    public string Files => Path.Combine(Root, "files");

    public int Port { get; }

    /// <summary>The account that the gateway logs in as.</summary>
    public static string User => Environment.UserName;

    /// <summary>An account that is not root, where there is one. With a password of nobody it takes the same key, and else none.</summary>
    public static string OtherUser => Unix.IsRoot ? "postgres" : User;

    /// <summary>The private key of the account.</summary>
    public string KeyFile => Path.Combine(Root, "account");

    public string HostKey => PublicKey(Path.Combine(Root, "host"));

    public string Log => _process.Error;

    public static Task<SshHost> StartAsync(params string[] settings) => StartAsync("/usr/sbin/sshd", settings);

    /// <summary>The one that is newer than the machine's.</summary>
    public static Task<SshHost> StartNewerAsync(params string[] settings) => StartAsync(
        Path.Combine(Places.NewerOpenSsh, "usr/sbin/sshd"),
        [
            $"SshdSessionPath {Places.NewerOpenSsh}/usr/lib/openssh/sshd-session",
            $"SshdAuthPath {Places.NewerOpenSsh}/usr/lib/openssh/sshd-auth",
            .. settings,
        ]);

    /// <summary>
    /// One for which the account has this password, and nobody else: it sees a file of passwords, and rules of PAM, of its own. Only root can.
    /// </summary>
    public static async Task<SshHost> StartWithPasswordAsync(string password, params string[] settings)
    {
        Assert.That(Unix.IsRoot, "only root can give sshd another file of passwords");
        string root = Places.Temporary("passwords");
        string hash = (await Tools.RunAsync("/usr/bin/openssl", ["passwd", "-6", "-stdin"], input: password)).Succeeded().Output.Trim();
        PrivateFile.Write(Path.Combine(root, "shadow"), $"{User}:{hash}:20000:0:99999:7:::\n{OtherUser}:*:20000:0:99999:7:::\n");
        PrivateFile.Write(Path.Combine(root, "pam"), "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n");
        string program = Path.Combine(root, "sshd");
        PrivateFile.Write(program, $"""
            #!/bin/sh
            exec unshare --mount -- sh -c 'mount --bind {root}/shadow /etc/shadow && mount --bind {root}/pam /etc/pam.d/sshd && exec /usr/sbin/sshd "$@"' sshd "$@"

            """);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        SshHost host = await StartAsync(program, settings);
        host._passwords = root;
        return host;
    }

    /// <summary>Makes a key without a passphrase.</summary>
    public static async Task GenerateAsync(string path, string type = "ed25519", string passphrase = "") =>
        (await Tools.RunAsync("/usr/bin/ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "", "-f", path])).Succeeded();

    /// <summary>The public half, as a config has it: type and base64.</summary>
    public static string PublicKey(string path) => string.Join(' ', File.ReadAllText(path + ".pub").Split(' ', '\n').Take(2));

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(Root, recursive: true);
        if (_passwords is not null)
        {
            Directory.Delete(_passwords, recursive: true);
        }
    }

    private static async Task<SshHost> StartAsync(string program, string[] settings)
    {
        string root = Places.Temporary("sshd");
        Directory.CreateDirectory(Path.Combine(root, "files"));
        Directory.CreateDirectory(Path.Combine(root, "home"));
        await GenerateAsync(Path.Combine(root, "host"));
        await GenerateAsync(Path.Combine(root, "account"));
        File.Copy(Path.Combine(root, "account.pub"), Path.Combine(root, "authorized_keys"));
        int port = Ports.Free();

        // Where it gives its privileges away when it is root's.
        Directory.CreateDirectory("/run/sshd");

        // Of a setting that comes twice sshd takes the first. What this machine's account does when its shell starts is not a test's business.
        PrivateFile.Write(Path.Combine(root, "sshd_config"), $"""
            {string.Join('\n', settings)}
            Port {port}
            ListenAddress 127.0.0.1
            HostKey {root}/host
            AuthorizedKeysFile {root}/authorized_keys
            PidFile none
            UsePAM no
            StrictModes no
            PermitRootLogin yes
            PasswordAuthentication no
            AcceptEnv *
            SetEnv HOME={root}/home
            MaxSessions 100
            MaxStartups 1000
            X11Forwarding yes
            Subsystem sftp internal-sftp

            """);
        RunningProcess process = RunningProcess.Start(program, ["-D", "-e", "-f", Path.Combine(root, "sshd_config")]);
        var host = new SshHost(root, port, process);
        await Wait.UntilAsync(
            async () => process.HasExited ? throw new InvalidOperationException($"sshd ended:\n{process.Error}") : await Ports.AcceptsAsync(IPAddress.Loopback, port),
            "sshd to listen");
        return host;
    }
}
