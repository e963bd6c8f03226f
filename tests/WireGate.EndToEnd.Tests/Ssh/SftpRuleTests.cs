using System.Globalization;
using System.Security.Cryptography;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>SFTP is judged request by request: clients of all kinds do what a rule allows, are told of the rest, and go on.</summary>
internal sealed class SftpRuleTests : SshFixture
{
    private const string Denied = "Permission denied";

    private string _file = null!;
    private string _fingerprint = null!;

    protected override string Rules => $$"""
            - { name: look, match: { target: web-1, sftp: { operations: [list, stat, readlink, statvfs], paths: ["{{Host.Files}}/**"] } }, do: allow }
            - { name: work, match: { target: web-1, sftp: { operations: [read, write, setstat, remove, mkdir, rmdir, rename, link], paths: ["{{Host.Files}}/open/**"] } }, do: allow }
            - { name: fetch, match: { target: web-1, sftp: { operations: [read], paths: ["{{Host.Files}}/read/**"] } }, do: allow }
            - { name: no-keys, match: { sftp: { paths: ["{{Host.Files}}/open/**/*.key"] } }, do: deny, reason: "keys stay here" }

        """;

    private string Open => Path.Combine(Host.Files, "open");

    private string ReadOnly => Path.Combine(Host.Files, "read");

    private string There => Path.Combine(Open, TestContext.CurrentContext.Test.ID);

    private string Port => Endpoint.Port.ToString(CultureInfo.InvariantCulture);

    [OneTimeSetUp]
    public async Task MakeAsync()
    {
        foreach (string directory in (string[])[Open, ReadOnly, Path.Combine(Host.Files, "closed")])
        {
            Directory.CreateDirectory(directory);
            await File.WriteAllTextAsync(Path.Combine(directory, "secret"), "a secret");
        }

        _file = Path.Combine(Host.Root, "noise");
        await File.WriteAllBytesAsync(_file, RandomNumberGenerator.GetBytes(5_000_000));
        string key = File.ReadAllText(Endpoint.KnownHosts).Split('\n')[0].Split(' ')[2];
        _fingerprint = "SHA256:" + Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(key))).TrimEnd('=');
    }

    [Test]
    public async Task What_a_rule_allows_is_done()
    {
        ToolResult result = await SftpAsync(
            $"mkdir {There}", $"put {_file} {There}/a", $"rename {There}/a {There}/b", $"ln -s {There}/b {There}/l", $"ln {There}/b {There}/h", $"ls -l {There}",
            $"chmod 640 {There}/b", $"df {There}", $"get {There}/b {There}.back", $"rm {There}/b", $"rm {There}/l", $"rm {There}/h", $"rmdir {There}");

        Assert.That(result.Succeeded().Output, Does.Match("640|-rw-r").And.Contain("Avail"));
        Assert.That(await File.ReadAllBytesAsync($"{There}.back"), Is.EqualTo(await File.ReadAllBytesAsync(_file)));
        Assert.That(Directory.Exists(There), Is.False);
    }

    [TestCase("get {0}/closed/secret {1}.back")]
    [TestCase("put {2} {0}/read/new")]
    [TestCase("rm {0}/read/secret")]
    [TestCase("mkdir {0}/read/new")]
    [TestCase("rmdir {0}/closed")]
    [TestCase("chmod 777 {0}/read/secret")]
    [TestCase("rename {0}/read/secret {0}/open/stolen")]
    [TestCase("rename {0}/open/secret {0}/read/secret")]
    [TestCase("ln -s {0}/closed/secret {0}/open/link")]
    [TestCase("ln {0}/closed/secret {0}/open/link")]
    [TestCase("put {2} {0}/open/my.key")]
    [TestCase("put {2} {0}/open/authorized_keys")]
    [TestCase("rename {0}/open/secret {0}/open/Authorized_Keys")]
    public async Task What_none_allows_is_told_and_the_session_goes_on(string command)
    {
        string[] before = Contents();
        ToolResult result = await SftpAsync("-" + string.Format(CultureInfo.InvariantCulture, command, Host.Files, There, _file), $"put {_file} {There}.after");

        Assert.That(result.Succeeded().Output + result.Error, Does.Contain(Denied).IgnoreCase.Or.Contain("wiregate: denied"));
        Assert.That(File.Exists($"{There}.after"));
        Assert.That(File.Exists($"{There}.back"), Is.False);
        File.Delete($"{There}.after");
        Assert.That(Contents(), Is.EqualTo(before));
    }

    [TestCase("get {0}/open/../closed/secret {1}.back", "stat")]
    [TestCase("ls /etc", "stat")]
    [TestCase("df /etc", "statvfs")]
    public async Task What_may_not_be_looked_at_is_not_shown(string command, string denied)
    {
        ToolResult result = await SftpAsync("-" + string.Format(CultureInfo.InvariantCulture, command, Host.Files, There), $"ls {Open}");

        Assert.That(result.Succeeded().Output, Does.Contain("secret").And.Not.Contain("passwd").And.Not.Contain("Avail"));
        Assert.That(File.Exists($"{There}.back"), Is.False);
        Assert.That(await Gateway.AuditAsync(), Does.Match($"\"verdict\":\"deny\".*\"sftp\":\\[\"{denied}\"\\]"));
    }

    [Test]
    public async Task Scp_copies_what_a_rule_allows_and_no_more()
    {
        await SameAfterAsync($"scp -p -F {Endpoint.ConfigPath} {_file} gate:{There}", $"scp -p -F {Endpoint.ConfigPath} gate:{There} {There}.back");
        ToolResult up = await ShellAsync($"scp -F {Endpoint.ConfigPath} {_file} gate:{ReadOnly}/new");
        Assert.That(up.ExitCode, Is.EqualTo(1));
        Assert.That(up.Error, Does.Contain(Denied).IgnoreCase);
    }

    [Test]
    public async Task Psftp()
    {
        string psftp = $"psftp -batch -P {Port} -hostkey {_fingerprint} -l {Endpoint.User} -pw {Endpoint.Password} -be -b {There}.commands 127.0.0.1";
        string commands = string.Join("\\n", $"rm {ReadOnly}/secret", $"put {_file} {There}", $"chmod 600 {There}", $"ls {Open}", $"get {There} {There}.back");
        ToolResult result = (await ShellAsync($"printf '{commands}\\n' > {There}.commands; {psftp}")).Succeeded();

        Assert.That(result.Output + result.Error, Does.Contain("wiregate: denied").Or.Contain(Denied).IgnoreCase);
        Assert.That(await File.ReadAllBytesAsync($"{There}.back"), Is.EqualTo(await File.ReadAllBytesAsync(_file)));
        Assert.That(File.Exists(Path.Combine(ReadOnly, "secret")));
    }

    [Test]
    public async Task Libssh2_through_curl()
    {
        string curl = $"curl -sS --insecure -u '{Endpoint.User}:{Endpoint.Password}'";
        await SameAfterAsync($"{curl} -T {_file} sftp://127.0.0.1:{Port}{There}", $"{curl} -o {There}.back sftp://127.0.0.1:{Port}{There}");

        ToolResult refused = await ShellAsync($"{curl} sftp://127.0.0.1:{Port}{Host.Files}/closed/secret");
        Assert.That(refused.ExitCode, Is.Not.Zero);
        Assert.That(refused.Output, Is.Empty);
    }

    [TestCase("sftp_with_paramiko.py")]
    [TestCase("sftp_with_asyncssh.py")]
    public async Task Python(string script)
    {
        ToolResult result = await Tools.RunAsync("/usr/bin/python3", ["-W", "ignore", Path.Combine(Places.Clients, script)], new Dictionary<string, string>
        {
            ["WG_PORT"] = Port,
            ["WG_USER"] = Endpoint.User,
            ["WG_PLACEHOLDER"] = Endpoint.Password,
            ["WG_KNOWN_HOSTS"] = Endpoint.KnownHosts,
            ["WG_FILES"] = Host.Files,
        });

        Assert.That(result.Succeeded().Output, Is.EqualTo("ok\n"));
    }

    [Test]
    public async Task A_hundred_megabytes_come_as_they_were_sent_both_ways()
    {
        ToolResult result = await ShellAsync($"""
            set -e
            head -c 100000000 /dev/urandom > {There}.large
            printf 'put {There}.large {There}\nget {There} {There}.back\n' | sftp -oBatchMode=no -b - -F {Endpoint.ConfigPath} gate > {There}.log
            cmp {There}.large {There}; cmp {There}.large {There}.back && echo same
            rm {There}*
            """);

        Assert.That(result.Succeeded().Output, Is.EqualTo("same\n"));
    }

    [Test]
    public async Task The_audit_log_has_each_request_and_how_much_was_copied()
    {
        await SftpAsync($"put {_file} {There}", $"get {There} {There}.back", $"-rm {ReadOnly}/secret");

        string audit = await Gateway.AuditAsync();

        Assert.That(audit, Does.Match($"\"event\":\"operation\".*\"verdict\":\"allow\",\"rule\":\"work\".*\"sftp\":\\[\"write\"\\],\"paths\":\\[\"{There}\"\\]"));
        Assert.That(audit, Does.Match($"\"verdict\":\"deny\".*\"sftp\":\\[\"remove\"\\],\"paths\":\\[\"{ReadOnly}/secret\"\\].*\"ref\":"));
        Assert.That(audit, Does.Match($"\"event\":\"transfer\".*\"path\":\"{There}\",\"read\":0,\"written\":5000000"));
        Assert.That(audit, Does.Match($"\"event\":\"transfer\".*\"path\":\"{There}\",\"read\":5000000,\"written\":0"));
        Assert.That((await Tools.RunAsync(Places.Gateway, ["audit", "verify", "--dir", Gateway.AuditDirectory])).ExitCode, Is.Zero);
    }

    private string[] Contents() => [.. Directory.GetFileSystemEntries(Host.Files, "*", SearchOption.AllDirectories).Order()];

    private async Task<ToolResult> SftpAsync(params string[] commands) => await Tools.RunAsync(
        "/usr/bin/sftp", ["-oBatchMode=no", "-F", Endpoint.ConfigPath, "-b", "-", "gate"], Endpoint.Environment, string.Join('\n', commands) + "\n");

    private async Task SameAfterAsync(params string[] scripts)
    {
        foreach (string script in scripts)
        {
            (await ShellAsync(script)).Succeeded();
        }

        Assert.That(await File.ReadAllBytesAsync($"{There}.back"), Is.EqualTo(await File.ReadAllBytesAsync(_file)));
    }

    private Task<ToolResult> ShellAsync(string script) => Tools.RunAsync("/bin/bash", ["-c", script], Endpoint.Environment, limit: TimeSpan.FromMinutes(2));
}
