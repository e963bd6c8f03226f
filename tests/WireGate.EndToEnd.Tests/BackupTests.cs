using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>Dumps and base backups. These tools refuse an upstream newer than themselves, and Debian's are version 15.</summary>
[TestFixtureSource(typeof(Route), nameof(Route.Version15))]
internal sealed class BackupTests(Route route)
{
    private string _directory = null!;

    [SetUp]
    public void CreateDirectory() => _directory = Places.Temporary("tools");

    [TearDown]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public async Task A_parallel_dump_restores_to_the_same_rows()
    {
        string dump = Path.Combine(_directory, "dump");
        (await Tools.RunAsync("pg_dump", ["-Fd", "-j", "2", "-f", dump, "orders"], (await route.OpenAsync()).ToEnvironment())).Succeeded();
        Endpoint restored = await route.OpenAsync("restored");
        (await Tools.RunAsync("pg_restore", ["-j", "2", "--clean", "--if-exists", "--no-owner", "--exit-on-error", "-d", "restored", dump], restored.ToEnvironment()))
            .Succeeded();

        const string Sums = "SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM customers c; SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o;";
        Assert.That(
            (await Tools.PsqlAsync(restored, Sums)).Succeeded().Output,
            Is.EqualTo((await Tools.PsqlAsync(await route.OpenAsync(), Sums)).Succeeded().Output));
    }

    [Test]
    public async Task A_dump_is_piped_into_a_restore()
    {
        Endpoint endpoint = await route.OpenAsync();
        string pipe = $"set -o pipefail; '{Places.Program("pg_dump")}' -Fc orders | '{Places.Program("pg_restore")}' --clean --if-exists --no-owner --exit-on-error -d restored";

        ToolResult result = await Tools.RunAsync("/bin/bash", ["-c", pipe], endpoint.ToEnvironment());

        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That((await Tools.PsqlAsync(endpoint with { Database = "restored" }, "SELECT count(*) FROM rich")).Output, Is.EqualTo("2800\n"));
    }

    [Test]
    public async Task A_base_backup_with_streamed_wal_is_whole()
    {
        string backup = Path.Combine(_directory, "backup");
        Dictionary<string, string> environment = (await route.OpenReplicationAsync()).ToEnvironment();
        environment.Remove("PGDATABASE");

        ToolResult result = await Tools.RunAsync("pg_basebackup", ["-D", backup, "-X", "stream", "--checkpoint=fast", "--no-sync"], environment, limit: 2 * Wait.Limit);
        ToolResult verified = await Tools.RunAsync("pg_verifybackup", [backup]);

        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(verified.ExitCode, Is.Zero, verified.ToString());
    }
}
