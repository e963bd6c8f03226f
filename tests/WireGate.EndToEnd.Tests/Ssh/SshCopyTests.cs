using System.Globalization;
using System.Security.Cryptography;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>The commands by which scp, rsync and git copy are judged by what they do and to which paths.</summary>
internal sealed class SshCopyTests : SshFixture
{
    private string _file = null!;

    protected override string Rules => $$"""
            - { name: fetch, match: { copy: { with: [git], operations: [read], paths: ["{{Open}}/**"] } }, do: allow }
            - { name: work, match: { copy: { with: [scp, rsync], paths: ["{{Open}}/**"] } }, do: allow }
            - { name: look, match: { copy: { with: [scp, rsync], operations: [read], paths: ["{{ReadOnly}}/**"] } }, do: allow }
            - { name: no-keys, match: { copy: { paths: ["{{Open}}/keys/**"] } }, do: deny, reason: "keys stay here" }

        """;

    private string Open => Path.Combine(Host.Files, "open");

    private string ReadOnly => Path.Combine(Host.Files, "read");

    private string There => Path.Combine(Open, TestContext.CurrentContext.Test.ID);

    private string Rsync => $"rsync -e 'ssh -F {Endpoint.ConfigPath}'";

    private string Scp => $"scp -O -F {Endpoint.ConfigPath}";

    [OneTimeSetUp]
    public async Task MakeAsync()
    {
        foreach (string directory in (string[])[Open, ReadOnly, Path.Combine(Open, "keys"), Path.Combine(Host.Files, "closed")])
        {
            Directory.CreateDirectory(directory);
            await File.WriteAllTextAsync(Path.Combine(directory, "secret"), "a secret");
        }

        _file = Path.Combine(Host.Root, "noise");
        await File.WriteAllBytesAsync(_file, RandomNumberGenerator.GetBytes(500_000));
    }

    [Test]
    public Task Scp_copies_files_and_directories() => SameAsync($$"""
        {{Scp}} -p {{_file}} gate:{{There}}; {{Scp}} gate:{{There}} {{There}}.back; cmp {{_file}} {{There}}.back
        mkdir {{There}}.d; cp {{_file}} {{There}}.d/a
        {{Scp}} -r -p {{There}}.d gate:{{There}}.e; {{Scp}} -r gate:{{There}}.e {{There}}.f; cmp {{_file}} {{There}}.f/a
        {{Scp}} {{_file}} {{There}}.d/a gate:{{There}}.e/; cmp {{_file}} {{There}}.e/noise
        {{Scp}} gate:{{ReadOnly}}/secret {{There}}.secret; cmp {{There}}.secret {{ReadOnly}}/secret
        """);

    [Test]
    public Task Rsync_copies_and_removes_what_is_not_there() => SameAsync($$"""
        mkdir {{There}}.d; cp {{_file}} {{There}}.d/a
        {{Rsync}} -az --delete {{There}}.d/ gate:{{There}}.e; cmp {{_file}} {{There}}.e/a
        rm {{There}}.d/a; cp {{_file}} {{There}}.d/b
        {{Rsync}} -avz --delete --partial --numeric-ids --backup --backup-dir={{There}}.old {{There}}.d/ gate:{{There}}.e >/dev/null; cmp {{_file}} {{There}}.e/b
        test ! -e {{There}}.e/a; cmp {{_file}} {{There}}.old/a
        {{Rsync}} -aHAX --checksum gate:{{There}}.e/ {{There}}.f; cmp {{_file}} {{There}}.f/b
        {{Rsync}} --remove-source-files -a gate:{{There}}.e/ {{There}}.g; test ! -e {{There}}.e/b
        {{Rsync}} --list-only gate:{{ReadOnly}}/ | grep -q secret
        """);

    [Test]
    public Task Git_fetches() => SameAsync($$"""
        export GIT_SSH_COMMAND='ssh -F {{Endpoint.ConfigPath}}' GIT_CONFIG_GLOBAL=/dev/null
        git init -q --bare {{There}}.git; git init -q {{There}}.a
        cd {{There}}.a; cp {{_file}} noise; git add noise
        git -c user.email=a@example.com -c user.name=a commit -q -m noise; git push -q {{There}}.git HEAD:master
        git clone -q -b master ssh://gate{{There}}.git {{There}}.b; cmp {{_file}} {{There}}.b/noise
        git clone -q -b master ssh://gate{{There}} {{There}}.c; cmp {{_file}} {{There}}.c/noise
        git archive --remote=gate:{{There}}.git master | tar x -O > {{There}}.noise; cmp {{_file}} {{There}}.noise
        cd {{There}}.b; git fetch -q
        if git push -q ssh://gate{{There}}.git HEAD:other 2> {{There}}.error; then exit 3; fi
        grep -q 'wiregate: denied' {{There}}.error; ! git -C {{There}}.git rev-parse -q --verify other
        """);

    [TestCase("{1} {2} gate:{0}/read/new")]
    [TestCase("{1} gate:{0}/closed/secret {3}.back")]
    [TestCase("{1} gate:{0}/open/../closed/secret {3}.back")]
    [TestCase("{1} gate:{0}/open/keys/secret {3}.back")]
    [TestCase("{1} -r gate:{0}/open {3}.back")]
    [TestCase("{1} {2} gate:new")]
    [TestCase("{1} 'gate:{0}/read/s*' {3}.back")]
    [TestCase("{4} -a {2} gate:{0}/read/new")]
    [TestCase("{4} -a --delete {0}/open/ gate:{0}/read")]
    [TestCase("{4} -a --remove-source-files gate:{0}/read/ {3}.back")]
    [TestCase("{4} -a gate:{0}/closed/ {3}.back")]
    [TestCase("{4} -a gate:{0}/read/secret :{0}/closed/secret {3}.back")]
    [TestCase("{4} -a --rsync-path='env rsync' gate:{0}/read/ {3}.back")]
    [TestCase("{4} -a -M--log-file={0}/open/log gate:{0}/read/ {3}.back")]
    [TestCase("{4} -a --link-dest={0}/closed {2} gate:{0}/open/new")]
    [TestCase("{4} -a --files-from=:{0}/closed/secret gate:{0}/read {3}.back")]
    [TestCase("{4} -aL gate:{0}/read/ {3}.back")]
    [TestCase("{4} -as gate:{0}/read/ {3}.back")]
    public async Task What_no_rule_allows_is_not_done(string command)
    {
        string[] before = Contents();
        string line = string.Format(CultureInfo.InvariantCulture, command, Host.Files, Scp, _file, Path.Combine(Host.Root, "back"), Rsync);
        ToolResult result = await ShellAsync(line);

        Assert.That(result.ExitCode, Is.Not.Zero);
        Assert.That(result.Error, Does.Contain("wiregate: denied"), result.ToString());
        Assert.That(Contents(), Is.EqualTo(before));
        Assert.That(Directory.GetFileSystemEntries(Host.Root, "back*"), Is.Empty);
    }

    [TestCase("scp -t {0}/read/new")]
    [TestCase("scp -t -f {0}/open/x")]
    [TestCase("scp -f {0}/open/x -S /bin/sh")]
    [TestCase("rsync --server --daemon . {0}/open")]
    [TestCase("rsync --server --sender --log-file={0}/open/x . {0}/open/x")]
    [TestCase("git-upload-pack --strict {0}/open/x")]
    [TestCase("git-receive-pack '{0}/open/x.git'")]
    [TestCase("git-upload-pack '{0}/open/x.git'; id")]
    [TestCase("id")]
    public async Task It_ends_with_126(string command)
    {
        ToolResult result = await Endpoint.ExecAsync(string.Format(CultureInfo.InvariantCulture, command, Host.Files));

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((126, "")), result.ToString());
        Assert.That(result.Error, Does.Contain("wiregate: denied"));
    }

    [Test]
    public async Task The_audit_log_has_what_was_copied()
    {
        await ShellAsync($"{Scp} {_file} gate:{There}; {Rsync} -a gate:{ReadOnly}/ {Host.Root}/copied; {Scp} gate:{Open}/keys/secret {There}");

        string audit = await Gateway.AuditAsync();
        Assert.That(audit, Does.Match($"\"verdict\":\"allow\",\"rule\":\"work\".*\"exec\":\"scp -t {There}\",\"copy\":\"scp\",\"operations\":\\[\"write\"\\],\"paths\":\\[\"{There}\"\\]"));
        Assert.That(audit, Does.Match($"\"verdict\":\"allow\",\"rule\":\"look\".*\"copy\":\"rsync\",\"operations\":\\[\"read\"\\],\"paths\":\\[\"{ReadOnly}\"\\]"));
        Assert.That(audit, Does.Match($"\"verdict\":\"deny\",\"rule\":\"no-keys\".*\"copy\":\"scp\".*keys stay here"));
    }

    private string[] Contents() => [.. Directory.GetFileSystemEntries(Host.Files, "*", SearchOption.AllDirectories).Order()];

    private async Task SameAsync(string script) => Assert.That((await ShellAsync($"set -eo pipefail\n{script}\necho same")).Succeeded().Output, Does.EndWith("same\n"));

    private Task<ToolResult> ShellAsync(string script) => Tools.RunAsync("/bin/bash", ["-c", script], Endpoint.Environment, limit: TimeSpan.FromMinutes(2));
}
