using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests.Weaknesses;

/// <summary>What a session opened under one search path, and reads under another; what others prepared; what is beyond the log.</summary>
internal sealed class StateWeaknesses
{
    private const string Secret = "123-45-6789";

    private GatewayProcess _gateway = null!;
    private PostgresCluster _cluster = null!;
    private string _masked = null!;
    private string _denying = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(15);
        await _cluster.AskAsync(
            $"""
            SET ROLE {PostgresCluster.AppUser};
            CREATE SCHEMA north;
            CREATE SCHEMA south;
            CREATE TABLE north.people (id int, ssn text);
            CREATE TABLE south.people (id int, ssn text);
            CREATE TABLE north.free (a int);
            INSERT INTO north.people SELECT i, '{Secret}' FROM generate_series(1, 9) AS i;
            """);
        _gateway = await GatewayProcess.StartAsync(_cluster, text =>
        {
            string start = text[..text.IndexOf("rules:", StringComparison.Ordinal)];
            const string rules = """
                rules:
                  list:
                    - { name: reads, match: { sql: { effects: [read, session] } }, do: allow }
                    - { name: free, match: { sql: { effects: [read, write, session], tables: [north.free] } }, do: allow }

                """;
            _denying = start + rules + "    - { name: closed, match: { sql: { tables: [north.people] } }, do: deny }\n";
            _masked = start.Replace("databases: [orders, restored, bench]", "databases: [orders, restored, bench]\n    mask: [pii]", StringComparison.Ordinal)
                + rules + $"masks:\n  pii: {{ columns: [north.people.ssn, {PostgresCluster.AppUser}.notes.ssn], with: redact }}\n";
            return _masked;
        });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP SCHEMA north, south CASCADE");
    }

    [Test]
    public async Task A_cursor_that_outlives_its_transaction_is_masked_by_the_tables_it_was_declared_over([Values] bool byProtocol)
    {
        await using RawSession session = await RawSession.OpenAsync(_gateway.Through(await _gateway.MintAsync()));
        await session.AskAsync("SET search_path = north");
        await session.AskAsync("DECLARE c CURSOR WITH HOLD FOR SELECT substr(ssn, 1, 11) FROM people");
        Assert.That(await session.AskAsync("FETCH 1 FROM c"), Does.Contain("D([redacted])"));

        await session.AskAsync("SET search_path = south");
        string after = byProtocol ? await session.AskAsync(1, Execute("c"), Sync) : await session.AskAsync("FETCH ALL FROM c");

        Assert.That(after, Does.Not.Contain(Secret));
    }

    [Test]
    public async Task A_cursor_that_outlives_its_transaction_is_judged_by_the_tables_it_was_declared_over()
    {
        await using RawSession session = await RawSession.OpenAsync(_gateway.Through(await _gateway.MintAsync()));
        await session.AskAsync("SET search_path = north");
        await session.AskAsync("DECLARE c CURSOR WITH HOLD FOR SELECT id FROM people");
        await session.AskAsync("SET search_path = south");
        try
        {
            await ReloadAsync(_denying);
            Assert.That(await session.AskAsync("FETCH 1 FROM c"), Is.EqualTo("E42501 ZI"));
        }
        finally
        {
            await ReloadAsync(_masked);
        }
    }

    [TestCase("COMMIT PREPARED 'of another'")]
    [TestCase("ROLLBACK PREPARED 'of another'")]
    public async Task Whoever_may_read_does_not_end_the_prepared_transaction_of_another(string sql)
    {
        await using RawSession session = await RawSession.OpenAsync(_gateway.Through(await _gateway.MintAsync()));

        Assert.That(await session.AskAsync(sql), Is.EqualTo("E42501 ZI"));
    }

    [Test]
    public async Task A_schema_of_the_search_path_that_is_made_later_is_looked_into()
    {
        try
        {
            await using RawSession session = await RawSession.OpenAsync(_gateway.Through(await _gateway.MintAsync()));
            Assert.That(await session.AskAsync("SELECT id FROM north.people WHERE id = 10"), Is.EqualTo("T C(SELECT 0) ZI"));

            // The search_path is "$user", public.
            await _cluster.AskAsync($"CREATE SCHEMA {PostgresCluster.AppUser} AUTHORIZATION {PostgresCluster.AppUser}");
            await _cluster.AskAsync($"SET ROLE {PostgresCluster.AppUser}; CREATE TABLE {PostgresCluster.AppUser}.notes AS SELECT '{Secret}' AS ssn");

            string shown = "";
            await Wait.UntilAsync(
                async () => (shown = await session.AskAsync("SELECT substr(ssn, 1, 11) FROM notes")).Contains("D(", StringComparison.Ordinal), "the row");
            Assert.That(shown, Does.Contain("D([redacted])").And.Not.Contain(Secret));
        }
        finally
        {
            await _cluster.AskAsync($"DROP SCHEMA IF EXISTS {PostgresCluster.AppUser} CASCADE");
        }
    }

    [Test]
    public async Task What_runs_is_in_the_log_in_full()
    {
        await using RawSession session = await RawSession.OpenAsync(_gateway.Through(await _gateway.MintAsync()));
        string padding = new('x', 33_000);

        Assert.That(await session.AskAsync($"/*{padding}*/ INSERT INTO north.free VALUES (424242)"), Is.EqualTo("C(INSERT 0 1) ZI"));

        string record = (await _gateway.AuditAsync()).Split('\n').Single(l => l.Contains(padding[..32_000], StringComparison.Ordinal));
        Assert.That(record, Does.Contain("424242").Or.Contain("north.free"), "neither the text nor what it does");
    }

    private async Task ReloadAsync(string text)
    {
        int seen = Loaded();
        PrivateFile.Write(_gateway.ConfigPath, text);
        _gateway.Signal(Unix.SigHup);
        await Wait.UntilAsync(() => Loaded() > seen, "the config to be taken");

        int Loaded() => _gateway.Log.Split("config", StringSplitOptions.None).Length;
    }
}
