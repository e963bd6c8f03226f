using System.Globalization;
using System.Security.Cryptography;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Clients of all kinds do real work through the gateway, each with its own SSH, also while the gateway exchanges keys again and again.</summary>
[TestFixture("")]
[TestFixture("rekeyBytes: 64KiB, ")]
internal sealed class SshClientsTests(string limits) : SshFixture
{
    private string _file = null!;
    private string _fingerprint = null!;

    protected override string Limits => limits;

    private string There => Path.Combine(Host.Files, TestContext.CurrentContext.Test.ID);

    [OneTimeSetUp]
    public async Task MakeAsync()
    {
        _file = Path.Combine(Host.Root, "noise");
        await File.WriteAllBytesAsync(_file, RandomNumberGenerator.GetBytes(5_000_000));
        _fingerprint = Gateway.Fingerprint;
    }

    [TestCase("", TestName = "Scp_over_sftp")]
    [TestCase("-O", TestName = "Scp_over_its_own_protocol")]
    public async Task Scp(string option) => await SameAfterAsync(
        $"scp {option} -F {Endpoint.ConfigPath} {_file} gate:{There}",
        $"scp {option} -F {Endpoint.ConfigPath} gate:{There} {There}.back");

    [Test]
    public async Task Sftp() => await SameAfterAsync(
        $"printf 'put {_file} {There}.0\\nrename {There}.0 {There}\\nls -l {Host.Files}\\nget {There} {There}.back\\nchmod 600 {There}\\n' | sftp -oBatchMode=no -b - -F {Endpoint.ConfigPath} gate");

    [Test]
    public async Task Rsync() => await SameAfterAsync(
        $"rsync -a -e 'ssh -F {Endpoint.ConfigPath}' {_file} gate:{There}",
        $"rsync -a -e 'ssh -F {Endpoint.ConfigPath}' gate:{There} {There}.back");

    [Test]
    public async Task Git()
    {
        ToolResult result = await ShellAsync($$"""
            set -e
            export GIT_SSH_COMMAND='ssh -F {{Endpoint.ConfigPath}}' GIT_CONFIG_GLOBAL=/dev/null
            git init -q --bare {{There}}.git
            git clone -q ssh://gate{{There}}.git {{There}}.a 2>&1
            cd {{There}}.a; cp {{_file}} noise; git add noise
            git -c user.email=a@example.com -c user.name=a commit -q -m noise; git push -q origin HEAD
            git clone -q ssh://gate{{There}}.git {{There}}.b
            cmp {{_file}} {{There}}.b/noise && echo same
            """);

        Assert.That(result.Succeeded().Output, Does.Contain("same"));
    }

    [Test]
    public async Task Plink_and_psftp()
    {
        string options = $"-batch -P {Port} -hostkey {_fingerprint} -l {Endpoint.User} -pw {Endpoint.Password}";
        ToolResult plink = await ShellAsync($"plink {options} 127.0.0.1 'cat; exit 3' < {_file} > {There}; code=$?; cmp {There} {_file} && echo same; exit $code");
        Assert.That((plink.ExitCode, plink.Output), Is.EqualTo((3, "same\n")), plink.ToString());

        await SameAfterAsync($"printf 'put {_file} {There}\\nget {There} {There}.back\\n' > {There}.commands; psftp {options} -b {There}.commands 127.0.0.1");
    }

    [Test]
    public async Task Dropbears_client_whose_first_guess_at_a_key_exchange_is_wrong()
    {
        ToolResult result = await ShellAsync(
            $"DROPBEAR_PASSWORD={Endpoint.Password} dbclient -y -y -p {Port} {Endpoint.User}@127.0.0.1 'cat; exit 7' < {_file} > {There}; code=$?; cmp {There} {_file} && echo same; exit $code");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((7, "same\n")), result.ToString());
    }

    [Test]
    public async Task Libssh2_through_curl() => await SameAfterAsync(
        $"curl -sS --insecure -u '{Endpoint.User}:{Endpoint.Password}' -T {_file} sftp://127.0.0.1:{Port}{There}",
        $"curl -sS --insecure -u '{Endpoint.User}:{Endpoint.Password}' -o {There}.back sftp://127.0.0.1:{Port}{There}");

    [TestCase("with_paramiko.py")]
    [TestCase("with_asyncssh.py")]
    public async Task Python(string script)
    {
        ToolResult result = await Tools.RunAsync("/usr/bin/python3", [Path.Combine(Places.Clients, script)], new Dictionary<string, string>
        {
            ["WG_PORT"] = Port,
            ["WG_USER"] = Endpoint.User,
            ["WG_PLACEHOLDER"] = Endpoint.Password,
            ["WG_KNOWN_HOSTS"] = Endpoint.KnownHosts,
            ["WG_FILES"] = Host.Files,
            ["WG_SSHD_PORT"] = Host.Port.ToString(CultureInfo.InvariantCulture),
        });

        Assert.That(result.Succeeded().Output, Is.EqualTo("ok\n"));
    }

    [Test]
    public async Task Ssh2_of_node()
    {
        ToolResult result = await Tools.RunAsync("/usr/bin/env", ["node", Path.Combine(Places.Clients, "node_ssh2.js")], new Dictionary<string, string>
        {
            ["NODE_PATH"] = Places.NodeModules,
            ["WG_PORT"] = Port,
            ["WG_USER"] = Endpoint.User,
            ["WG_PLACEHOLDER"] = Endpoint.Password,
            ["WG_HOST_KEY"] = (await File.ReadAllTextAsync(Endpoint.KnownHosts)).Split(' ', '\n')[2],
            ["WG_FILES"] = Host.Files,
            ["WG_SSHD_PORT"] = Host.Port.ToString(CultureInfo.InvariantCulture),
        });

        Assert.That(result.Succeeded().Output, Is.EqualTo("ok\n"));
    }

    [Test]
    public async Task Sshfs()
    {
        if (!File.Exists("/dev/fuse"))
        {
            Assert.Pass("this machine has no FUSE");
        }

        ToolResult result = await ShellAsync($$"""
            set -e
            mkdir {{There}} {{There}}.mounted
            trap 'fusermount3 -u {{There}}.mounted' EXIT
            sshfs -F {{Endpoint.ConfigPath}} gate:{{There}} {{There}}.mounted
            cp {{_file}} {{There}}.mounted/noise
            mv {{There}}.mounted/noise {{There}}.mounted/moved
            ln -s moved {{There}}.mounted/link
            echo more >> {{There}}.mounted/moved
            ls {{There}}.mounted
            (cat {{_file}}; echo more) | cmp - {{There}}.mounted/link
            cmp {{There}}/moved {{There}}.mounted/link && echo same
            """);

        Assert.That(result.Succeeded().Output, Is.EqualTo("link\nmoved\nsame\n"));
    }

    private string Port => Endpoint.Port.ToString(CultureInfo.InvariantCulture);

    private async Task SameAfterAsync(params string[] scripts)
    {
        foreach (string script in scripts)
        {
            (await ShellAsync(script)).Succeeded();
        }

        Assert.That(await File.ReadAllBytesAsync($"{There}.back"), Is.EqualTo(await File.ReadAllBytesAsync(_file)));
    }

    private Task<ToolResult> ShellAsync(string script) => Tools.RunAsync("/bin/bash", ["-c", script], Endpoint.Environment);
}
