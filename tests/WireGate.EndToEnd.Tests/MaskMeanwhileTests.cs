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
            .Replace("bench]", "bench, swapped]", StringComparison.Ordinal)
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

    [TestCase("UPDATE meanwhile.ruled SET a = a RETURNING a")]
    [TestCase("UPDATE meanwhile.above SET a = a RETURNING upper(a)")]
    [TestCase("WITH w AS (UPDATE meanwhile.ruled SET a = a RETURNING a) SELECT * FROM w")]
    public async Task What_a_rule_gives_back_in_place_of_what_is_written_is_refused(string sql)
    {
        await using RawSession session = await RawSession.OpenAsync(_masked);
        await using RawSession other = await RawSession.OpenAsync(_unmasked);
        await other.AskAsync("""
            CREATE VIEW meanwhile.ruled AS SELECT id, vis AS a FROM meanwhile.people;
            CREATE RULE r AS ON UPDATE TO meanwhile.ruled DO INSTEAD UPDATE meanwhile.people SET vis = NEW.a WHERE id = OLD.id RETURNING id, ssn;
            CREATE VIEW meanwhile.above AS SELECT * FROM meanwhile.ruled;
            """);
        Assert.That(await AskAsync(session, "SELECT a FROM meanwhile.ruled"), Does.Contain("SELECT 2"));

        Assert.That(await AskAsync(session, sql), Does.Contain("42501").And.Not.Contain("ecret").And.Not.Contain("ECRET"));
        Assert.That(await AskAsync(session, "UPDATE meanwhile.ruled SET a = a"), Does.Contain("UPDATE 2"));
    }

    [TestCase("ALTER DATABASE swapped RENAME TO aside", "ALTER DATABASE swapped_made RENAME TO swapped")]
    [TestCase("DROP DATABASE swapped", "CREATE DATABASE swapped TEMPLATE swapped_made")]
    public async Task Another_database_under_the_name_is_masked_by_its_own_catalog(params string[] changes)
    {
        const string Make = "CREATE SCHEMA meanwhile; CREATE TABLE meanwhile.people (id int, ssn text); CREATE VIEW meanwhile.shown AS SELECT id, ssn AS a FROM meanwhile.people; INSERT INTO meanwhile.people VALUES (1, 'SecretAda');";
        await _cluster.AskAsync($"CREATE DATABASE swapped OWNER {PostgresCluster.AppUser}");
        await _cluster.AskAsync($"CREATE DATABASE swapped_made OWNER {PostgresCluster.AppUser}");
        try
        {
            await _cluster.AskAsync($"ALTER ROLE {PostgresCluster.AppUser} CREATEDB");
            await _cluster.AskAsync("CREATE SCHEMA meanwhile; CREATE TABLE meanwhile.people (id int, ssn text); CREATE VIEW meanwhile.shown AS SELECT id, 'x'::text AS a FROM meanwhile.people; GRANT ALL ON SCHEMA meanwhile TO public; GRANT ALL ON ALL TABLES IN SCHEMA meanwhile TO public", "swapped");
            await _cluster.AskAsync(Make + "GRANT ALL ON SCHEMA meanwhile TO public; GRANT ALL ON ALL TABLES IN SCHEMA meanwhile TO public", "swapped_made");
            Endpoint swapped = _masked with { Database = "swapped" };
            await using (RawSession before = await RawSession.OpenAsync(swapped))
            {
                Assert.That(await AskAsync(before, "SELECT a, upper(a) FROM meanwhile.shown"), Does.Contain("SELECT 0"));
            }

            await using RawSession other = await RawSession.OpenAsync(_unmasked);
            foreach (string change in changes)
            {
                string done = "";
                await Wait.UntilAsync(async () => !(done = await AskAsync(other, change)).Contains("being accessed by other users", StringComparison.Ordinal), "the database to be left alone");
                Assert.That(done, Does.Not.Contain("ERROR"));
            }

            await using RawSession after = await RawSession.OpenAsync(swapped);
            Assert.That(await AskAsync(after, "SELECT a, upper(a) FROM meanwhile.shown"), Does.Contain("SELECT 1").And.Not.Contain("ecret").And.Not.Contain("ECRET"));
        }
        finally
        {
            await _cluster.AskAsync($"ALTER ROLE {PostgresCluster.AppUser} NOCREATEDB");
            foreach (string database in (string[])["swapped", "aside", "swapped_made"])
            {
                await _cluster.AskAsync($"DROP DATABASE IF EXISTS {database} WITH (FORCE)");
            }
        }
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
