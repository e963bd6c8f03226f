using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>Dumps and replication. These tools refuse an upstream newer than themselves, and Debian's are version 15.</summary>
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
        Dictionary<string, string> environment = (await OpenReplicationAsync()).ToEnvironment();
        environment.Remove("PGDATABASE");

        ToolResult result = await Tools.RunAsync("pg_basebackup", ["-D", backup, "-X", "stream", "--checkpoint=fast", "--no-sync"], environment, limit: 2 * Wait.Limit);
        ToolResult verified = await Tools.RunAsync("pg_verifybackup", [backup]);

        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(verified.ExitCode, Is.Zero, verified.ToString());
    }

    [Test]
    public async Task Logical_decoding_streams_changes()
    {
        string slot = $"slot_{Guid.NewGuid():N}"[..20];
        Dictionary<string, string> environment = (await OpenReplicationAsync()).ToEnvironment();
        (await Tools.RunAsync("pg_recvlogical", ["-d", "orders", "-S", slot, "--create-slot", "-P", "test_decoding"], environment)).Succeeded();
        await using RunningProcess receiver = RunningProcess.Start(
            Places.Program("pg_recvlogical"), ["-d", "orders", "-S", slot, "--start", "-f", "-", "-F", "1", "--no-loop"], environment);

        (await Tools.PsqlAsync(await route.OpenAsync(), $"CREATE TABLE {slot} AS SELECT 1 AS n; INSERT INTO {slot} VALUES (4711); DROP TABLE {slot};")).Succeeded();
        await Wait.UntilAsync(() => receiver.Output.Contains("4711", StringComparison.Ordinal), "the change to arrive");
        receiver.Signal(Unix.SigInt);

        Assert.That(await receiver.WaitForExitAsync(), Is.Zero, receiver.Error);
        PostgresCluster cluster = await Machine.ClusterAsync(route.Version);
        await Wait.UntilAsync(async () => await cluster.AskAsync($"SELECT active FROM pg_replication_slots WHERE slot_name = '{slot}'") == "False", "the slot to be let go");
        await cluster.AskAsync($"SELECT pg_drop_replication_slot('{slot}')");
    }

    private async Task<Endpoint> OpenReplicationAsync()
    {
        PostgresCluster cluster = await Machine.ClusterAsync(route.Version);
        if (!route.ThroughGateway)
        {
            return cluster.Direct(route.Tls, user: PostgresCluster.ReplicationUser);
        }

        GatewayProcess gateway = await Machine.GatewayAsync(route.Version);
        // pg_basebackup names no database, so the user name says which target is meant.
        return gateway.Through(await gateway.MintAsync("replicas"), route.Tls) with { User = "alice@orders" };
    }
}
