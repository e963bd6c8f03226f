using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>Connections on which the upstream sends its changes: COPY in both directions until somebody hangs up.</summary>
[TestFixtureSource(typeof(Route), nameof(Route.All))]
internal sealed class ReplicationTests(Route route)
{
    [Test]
    public async Task Logical_decoding_streams_changes()
    {
        string slot = $"slot_{Guid.NewGuid():N}"[..20];
        Dictionary<string, string> environment = (await route.OpenReplicationAsync()).ToEnvironment();
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

    [Test]
    public async Task A_subscription_of_the_same_version_follows_its_publisher()
    {
        string name = $"sub_{Guid.NewGuid():N}"[..20];
        Endpoint publisher = await route.OpenReplicationAsync();
        PostgresCluster cluster = await Machine.ClusterAsync(route.Version);
        await cluster.AskAsync($"CREATE TABLE {name} (n int PRIMARY KEY); CREATE PUBLICATION {name} FOR TABLE {name};");
        await cluster.AskAsync($"SELECT pg_create_logical_replication_slot('{name}', 'pgoutput')");
        await cluster.AskAsync($"CREATE TABLE {name} (n int PRIMARY KEY)", "restored");
        // The subscriber's worker is PostgreSQL's own walreceiver: it sends `options`, and `replication=database`.
        // No client certificate of whoever started the server (whose home may be closed to it).
        string connection = string.Join(' ', publisher.ToEnvironment().Select(v => $"{Keyword(v.Key)}='{v.Value}'").Append("sslcert='/nowhere'"));
        await cluster.AskAsync(
            $"CREATE SUBSCRIPTION {name} CONNECTION '{connection.Replace("'", "''", StringComparison.Ordinal)}' PUBLICATION {name} "
            + $"WITH (create_slot = false, slot_name = '{name}', copy_data = false)",
            "restored");
        try
        {
            await cluster.AskAsync($"INSERT INTO {name} SELECT generate_series(1, 1000)");
            await Wait.UntilAsync(async () => await cluster.AskAsync($"SELECT count(*) FROM {name}", "restored") == "1000", "the rows to arrive");
            Assert.That(await cluster.AskAsync($"SELECT sum(n) FROM {name}", "restored"), Is.EqualTo("500500"));
        }
        finally
        {
            await cluster.AskAsync($"ALTER SUBSCRIPTION {name} DISABLE", "restored");
            await cluster.AskAsync($"ALTER SUBSCRIPTION {name} SET (slot_name = NONE)", "restored");
            await cluster.AskAsync($"DROP SUBSCRIPTION {name}", "restored");
            await Wait.UntilAsync(async () => await cluster.AskAsync($"SELECT active FROM pg_replication_slots WHERE slot_name = '{name}'") == "False", "the slot to be let go");
            await cluster.AskAsync($"SELECT pg_drop_replication_slot('{name}')");
        }

        static string Keyword(string variable) => variable switch
        {
            "PGDATABASE" => "dbname",
            _ => variable[2..].ToLowerInvariant(),
        };
    }
}
