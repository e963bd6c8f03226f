using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>A reload puts on masks, or takes an exception from them away, while sessions stand that were begun without.</summary>
internal sealed class MaskReloadTests
{
    private const string Secret = "123-45-6789";
    private const string Last4 = "****6789";
    private const string Databases = "databases: [orders, restored, bench]";
    private const string Masked = Databases + "\n    mask: [pii]";
    private const string Lifted = "    - { name: lifted, match: { target: orders, from: { issuer: local, groups: [agents, replicas] }, operations: all }, do: allow, unmask: [pii] }\n";

    private const string Ruled = "    - { name: hides, match: { target: orders, sql: { tables: [late.people] } }, mask: [pii] }\n";

    private GatewayProcess _gateway = null!;
    private PostgresCluster _cluster = null!;
    private string _open = null!;
    private string _closed = null!;
    private string _lifted = null!;
    private string _ruled = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(15);
        await using (NpgsqlConnection direct = await _cluster.Direct(tls: false).OpenAsync())
        {
            await using var make = new NpgsqlCommand("""
                CREATE SCHEMA late;
                CREATE TABLE late.people (id int PRIMARY KEY, ssn text);
                INSERT INTO late.people SELECT i, '123-45-6789' FROM generate_series(1, 9) AS i;
                """, direct);
            await make.ExecuteNonQueryAsync();
        }

        _gateway = await GatewayProcess.StartAsync(_cluster, text =>
        {
            _open = text + "masks:\n  pii: { columns: [late.people.ssn], detect: [credit-card], with: last4 }\n";
            _closed = _open.Replace(Databases, Masked, StringComparison.Ordinal);
            _lifted = _closed.Replace("masks:\n", Lifted + "masks:\n", StringComparison.Ordinal);
            _ruled = _open.Replace("masks:\n", Ruled + "masks:\n", StringComparison.Ordinal);
            return _open;
        });
    }

    [SetUp]
    public Task OpenAsync() => ReloadAsync(_open);

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP SCHEMA late CASCADE");
    }

    [Test]
    public async Task What_was_prepared_opened_or_declared_before_a_mask_is_masked_by_it([Values] bool isLifted)
    {
        await ReloadAsync(isLifted ? _lifted : _open);
        await using RawSession session = await RawSession.OpenAsync(_gateway.Through(await _gateway.MintAsync()));
        await session.AskAsync("BEGIN");
        await session.AskAsync("DECLARE c CURSOR FOR SELECT ssn FROM late.people");
        await session.AskAsync("PREPARE q AS SELECT ssn FROM late.people WHERE id = 1");
        string before = await session.AskAsync(
            1, RawSession.Parse("SELECT ssn FROM late.people", "s"), RawSession.Bind("s", "p"), ExecuteOne("p"), RawSession.Sync);

        await ReloadAsync(_closed);
        string after = await session.AskAsync(1, RawSession.Bind("s", "again"), RawSession.Execute("again"), ExecuteOne("p"), RawSession.Sync)
            + await session.AskAsync("FETCH 2 FROM c") + await session.AskAsync("EXECUTE q") + await session.AskAsync("COPY late.people TO STDOUT");

        Assert.That(before, Does.Contain(Secret));
        Assert.That(after, Does.Not.Contain(Secret).And.Not.Contain(" E").And.Contain($"D({Last4})"));
    }

    [Test]
    public async Task A_stream_of_changes_ends_when_its_target_gets_a_mask([Values] bool isLifted)
    {
        await ReloadAsync(isLifted ? _lifted : _open);
        string slot = $"late_{Guid.NewGuid():N}"[..20];
        Dictionary<string, string> environment =
            (_gateway.Through(await _gateway.MintAsync("replicas")) with { User = "alice@orders" }).ToEnvironment();
        (await Tools.RunAsync("pg_recvlogical", ["-d", "orders", "-S", slot, "--create-slot", "-P", "test_decoding"], environment)).Succeeded();
        try
        {
            await using RunningProcess receiver = RunningProcess.Start(
                Places.Program("pg_recvlogical"), ["-d", "orders", "-S", slot, "--start", "-f", "-", "-F", "1", "--no-loop"], environment);
            await _cluster.AskAsync("UPDATE late.people SET ssn = '111-11-1111' WHERE id = 9");
            await Wait.UntilAsync(() => receiver.Output.Contains("111-11-1111", StringComparison.Ordinal), "the change to arrive");

            await ReloadAsync(_closed);
            await _cluster.AskAsync("UPDATE late.people SET ssn = '999-99-9999' WHERE id = 9");
            await Wait.UntilAsync(() => receiver.HasExited || receiver.Output.Contains("999-99-9999", StringComparison.Ordinal), "the stream to end");

            Assert.That(receiver.Output, Does.Not.Contain("999-99-9999"));
        }
        finally
        {
            await Wait.UntilAsync(async () => await _cluster.AskAsync($"SELECT active FROM pg_replication_slots WHERE slot_name = '{slot}'") == "False", "the slot to be let go");
            await _cluster.AskAsync($"SELECT pg_drop_replication_slot('{slot}')");
        }
    }

    [Test]
    public async Task A_replication_connection_gets_nothing_of_a_target_that_has_a_mask(
        [Values(
            "IDENTIFY_SYSTEM", "SHOW wal_segment_size", "BASE_BACKUP", "CREATE_REPLICATION_SLOT late TEMPORARY LOGICAL test_decoding",
            "START_REPLICATION SLOT late LOGICAL 0/0", "SELECT ssn FROM late.people")] string command,
        [Values] bool isByRule)
    {
        Endpoint endpoint = _gateway.Through(await _gateway.MintAsync("replicas"));
        await using (RawSession open = await RawSession.OpenAsync(endpoint, ("replication", "database")))
        {
            Assert.That(await open.AskAsync("IDENTIFY_SYSTEM"), Does.StartWith("T D"));
        }

        await ReloadAsync(isByRule ? _ruled : _closed);
        await using RawSession session = await RawSession.OpenAsync(endpoint, ("replication", "database"));

        Assert.That(await session.AskAsync(command), Is.EqualTo("E42501 ZI"));
    }

    [Test]
    public async Task A_notification_comes_without_its_payload_by_a_mask_that_came_after_its_LISTEN()
    {
        await using RawSession session = await RawSession.OpenAsync(_gateway.Through(await _gateway.MintAsync()));
        await session.AskAsync("LISTEN late");

        await ReloadAsync(_closed);
        await _cluster.AskAsync("NOTIFY late, 'card 4111 1111 1111 1111'; NOTIFY late, 'nothing'");

        Assert.That((await session.ReadOneAsync()).Text, Does.EndWith("late\0\0"));
    }

    private static byte[] ExecuteOne(string portal) => RawSession.Message('E', $"{portal}\0\0\0\0\u0001");

    private async Task ReloadAsync(string text)
    {
        int seen = Loaded();
        PrivateFile.Write(_gateway.ConfigPath, text);
        _gateway.Signal(Unix.SigHup);
        await Wait.UntilAsync(() => Loaded() > seen, "the config to be taken");

        int Loaded() => _gateway.Log.Split("config", StringSplitOptions.None).Length;
    }
}
