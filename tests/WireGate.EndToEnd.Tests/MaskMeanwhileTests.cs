using WireGate.EndToEnd.Tests.Harness;
using WireGate.Testing.Peers;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>What is made anew, dropped or replaced between a statement's plan and its rows takes no mask from them.</summary>
internal sealed class MaskMeanwhileTests
{
    private GatewayProcess _gateway = null!;
    private PostgresCluster _cluster = null!;
    private Endpoint _masked = null!;
    private Endpoint _unmasked = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(15);
        _gateway = await GatewayProcess.StartAsync(_cluster, text => text
            .Replace("do: allow }\n", """
                do: allow }
                    - { name: masked, match: { from: { groups: [readers] } }, mask: [pii] }
                masks:
                  pii: { columns: [meanwhile.people.ssn, meanwhile.cp.ssn], with: last4 }

                """, StringComparison.Ordinal));
        _masked = _gateway.Through(await _gateway.MintAsync("agents", "orders", "--group", "readers"));
        _unmasked = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP SCHEMA IF EXISTS meanwhile CASCADE");
    }

    [SetUp]
    public async Task MakeAsync()
    {
        // By way of the gateway, which then knows of it at once.
        await using RawSession session = await RawSession.OpenAsync(_unmasked);
        await session.AskAsync("""
            DROP SCHEMA IF EXISTS meanwhile CASCADE;
            CREATE SCHEMA meanwhile;
            CREATE TABLE meanwhile.people (id int, ssn text, vis text);
            INSERT INTO meanwhile.people VALUES (1, 'SecretAda', 'a'), (2, 'SecretBob', 'b');
            CREATE VIEW meanwhile.shown AS SELECT id, ssn AS a FROM meanwhile.people;
            CREATE VIEW meanwhile.visible AS SELECT id, vis AS a FROM meanwhile.people;
            CREATE TABLE meanwhile.cp (id int, ssn text, pub text);
            INSERT INTO meanwhile.cp VALUES (1, 'SecretCp', 'p');
            """);
    }

    [TestCase("upper(a), a", "shown", "DROP VIEW meanwhile.shown", "CREATE VIEW meanwhile.shown AS SELECT 'x'::text AS a")]
    [TestCase("a", "shown", "CREATE OR REPLACE VIEW meanwhile.shown AS SELECT id, vis AS a FROM meanwhile.people")]
    [TestCase("ssn || '!'", "cp", "DROP TABLE meanwhile.cp", "CREATE TABLE meanwhile.cp (id int, other text)")]
    [TestCase("ssn", "cp", "ALTER TABLE meanwhile.cp DROP COLUMN ssn")]
    [TestCase("*", "cp", "ALTER TABLE meanwhile.cp DROP COLUMN ssn")]
    public async Task A_cursor_that_is_held_shows_what_was_hidden_when_it_was_declared(string columns, string relation, params string[] changes)
    {
        await using RawSession session = await RawSession.OpenAsync(_masked);
        await using RawSession other = await RawSession.OpenAsync(_unmasked);
        await session.AskAsync($"DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT {columns} FROM meanwhile.{relation}");
        Assert.That(await AskAsync(session, "FETCH FIRST c"), Does.Contain("FETCH 1").And.Not.Contain("ecret").And.Not.Contain("ECRET"));
        foreach (string change in changes)
        {
            await other.AskAsync(change);
        }

        string after = await AskAsync(session, "FETCH FIRST c");

        Assert.That(after, Does.Not.Contain("ecret").And.Not.Contain("ECRET"));
        Assert.That(after, Does.Contain("FETCH 1"));
    }

    [TestCase("SELECT a FROM meanwhile.visible")]
    [TestCase("SELECT upper(a) FROM meanwhile.visible")]
    [TestCase("COPY (SELECT a FROM meanwhile.visible) TO STDOUT")]
    public async Task What_waits_for_a_view_to_be_replaced_is_masked_as_the_new_one(string sql)
    {
        await using RawSession session = await RawSession.OpenAsync(_masked);
        await using RawSession other = await RawSession.OpenAsync(_unmasked);
        Assert.That(await AskAsync(session, "SELECT a FROM meanwhile.visible"), Does.Contain("a"));
        await other.AskAsync("BEGIN");
        await other.AskAsync("CREATE OR REPLACE VIEW meanwhile.visible AS SELECT id, ssn AS a FROM meanwhile.people");
        await session.SendAsync(Query(sql));
        await UntilSomebodyWaitsAsync();
        await other.AskAsync("COMMIT");

        Assert.That(Text(await session.ReadAsync()), Does.Not.Contain("Secret").And.Not.Contain("SECRET"));
    }

    [Test]
    public async Task A_copy_that_waits_for_columns_to_be_moved_shows_none_in_the_place_of_another()
    {
        await using RawSession session = await RawSession.OpenAsync(_masked);
        await using RawSession other = await RawSession.OpenAsync(_unmasked);
        await other.AskAsync("BEGIN");
        await other.AskAsync("ALTER TABLE meanwhile.cp DROP COLUMN id");
        await other.AskAsync("ALTER TABLE meanwhile.cp ADD COLUMN extra int");
        await session.SendAsync(Query("COPY meanwhile.cp TO STDOUT"));
        await UntilSomebodyWaitsAsync();
        await other.AskAsync("COMMIT");

        Assert.That(Text(await session.ReadAsync()), Does.Not.Contain("Secret"));
    }

    [TestCase("SELECT meanwhile.replace_view()")]
    [TestCase("BEGIN; DECLARE c CURSOR FOR SELECT meanwhile.replace_view(); FETCH c; COMMIT")]
    [TestCase("PREPARE x AS SELECT meanwhile.replace_view(); EXPLAIN ANALYZE EXECUTE x")]
    public async Task What_a_function_replaces_is_masked_as_the_new_one(string sql)
    {
        await using RawSession session = await RawSession.OpenAsync(_masked);
        await using RawSession other = await RawSession.OpenAsync(_unmasked);
        await other.AskAsync("""
            CREATE FUNCTION meanwhile.replace_view() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
                CREATE OR REPLACE VIEW meanwhile.visible AS SELECT id, ssn AS a FROM meanwhile.people; RETURN 1; END $$
            """);
        Assert.That(await AskAsync(session, "SELECT a FROM meanwhile.visible"), Does.Contain("a"));
        Assert.That(await AskAsync(other, sql), Does.Not.Contain("ERROR"));

        Assert.That(await AskAsync(session, "SELECT a, upper(a) FROM meanwhile.visible"), Does.Not.Contain("Secret").And.Not.Contain("SECRET"));
    }

    private Task UntilSomebodyWaitsAsync() => Wait.UntilAsync(
        async () => await _cluster.AskAsync("SELECT count(*)::text FROM pg_locks WHERE NOT granted") != "0", "a statement to wait for a lock");

    private static async Task<string> AskAsync(RawSession session, string sql)
    {
        await session.SendAsync(Query(sql));
        return Text(await session.ReadAsync());
    }

    private static string Text(IEnumerable<PeerMessage> messages) => string.Join('\n', messages.Select(m => $"{m.Type}{m.Text}"));
}
