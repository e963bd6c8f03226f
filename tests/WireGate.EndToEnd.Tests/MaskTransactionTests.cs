using Npgsql;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>What a session has made, what has failed and what was measured tells nothing of masked values.</summary>
internal sealed class MaskTransactionTests
{
    private const string Ssn = "123-45-6789";

    private GatewayProcess _gateway = null!;
    private PostgresCluster _cluster = null!;
    private Endpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(15);
        await using (NpgsqlConnection direct = await _cluster.Direct(tls: false).OpenAsync())
        {
            await using var make = new NpgsqlCommand("""
                CREATE SCHEMA made;
                CREATE TABLE made.people (id int, ssn text, name text);
                INSERT INTO made.people VALUES (1, '123-45-6789', 'Ada'), (2, '987-65-4321', 'Bob');
                CREATE TABLE made.open (id int, note text);
                INSERT INTO made.open VALUES (1, 'n');
                CREATE DOMAIN made.first AS text CONSTRAINT k1 CHECK (left(value, 1) <> '1') CONSTRAINT k9 CHECK (left(value, 1) <> '9');
                """, direct);
            await make.ExecuteNonQueryAsync();
        }

        _gateway = await GatewayProcess.StartAsync(_cluster, text => text
            .Replace("databases: [orders, restored, bench]", "databases: [orders, restored, bench]\n    mask: [pii]", StringComparison.Ordinal)
            .Replace("do: allow }\n", """
                do: allow }
                masks:
                  pii: { columns: [made.people.ssn, made.fresh.ssn, made.later.ssn], with: last4 }

                """, StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP SCHEMA IF EXISTS made, made_app CASCADE");
    }

    /// <summary>PREPARE and DEALLOCATE are not taken back with the transaction that they end, and an error is all that tells of them.</summary>
    [TestCase("EXECUTE p")]
    [TestCase("EXPLAIN ANALYZE EXECUTE p")]
    public async Task What_was_prepared_in_a_transaction_whose_commit_failed_is_masked(string sql)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.AskAsync("CREATE TEMP TABLE u (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
        await session.AskAsync("PREPARE p AS SELECT note || '' FROM made.open");
        foreach (string failing in (string[])["DEALLOCATE p", "PREPARE p AS SELECT ssn || '' FROM made.people"])
        {
            await session.SendAsync(Query($"INSERT INTO u VALUES (1), (1); {failing}"));
            Assert.That(string.Join('|', (await session.ReadAsync()).Select(m => m.Text)), Does.Contain("23505"));
        }

        await session.SendAsync(Query(sql));
        Assert.That(string.Join('|', (await session.ReadAsync()).Select(m => m.Text)), Does.Not.Contain(Ssn).And.Not.Contain("987-65"));
    }

    [TestCase("SELECT (repeat(' ', replace(ssn, '-', '')::int % 10000) || ')')::regtype FROM made.people WHERE id = 1")]
    [TestCase("SELECT to_regtype(repeat(' ', replace(ssn, '-', '')::int / 100000) || ')') FROM made.people WHERE id = 1")]
    public async Task An_error_in_a_value_does_not_tell_its_place(string sql)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.SendAsync(Query(sql));

        Assert.That((await session.ReadAsync()).Single(m => m.Type == 'E').Field('P'), Is.Null.Or.Empty);
    }

    [Test]
    public async Task An_error_in_the_text_tells_its_place()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.SendAsync(Query("SELECT nothing FROM made.people"));

        Assert.That((await session.ReadAsync()).Single(m => m.Type == 'E').Field('P'), Is.EqualTo("8"));
    }

    [TestCase("SELECT * FROM (SELECT name, repeat('x', substr(ssn, 1, 3)::int * 1024) FROM made.people WHERE id = 2 OFFSET 0) q ORDER BY name")]
    [TestCase("SELECT ssn FROM made.people")]
    public async Task A_plan_that_ran_does_not_tell_the_size_of_what_flowed_in_it(string sql)
    {
        string answer = await AskAsync($"EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF, SUMMARY OFF) {sql}");

        Assert.That(answer, Does.Contain("E42501"));
    }

    [TestCase("EXPLAIN ANALYZE SELECT note FROM made.open")]
    [TestCase("EXPLAIN SELECT ssn FROM made.people")]
    public async Task A_plan_that_tells_nothing_is_shown(string sql) => Assert.That(await AskAsync(sql), Does.Contain("Seq Scan"));

    [TestCase("PREPARE w AS UPDATE made.open SET note = note; EXPLAIN EXECUTE w", "Update on")]
    [TestCase("PREPARE w AS SELECT ssn FROM made.people; EXPLAIN EXECUTE w", "Seq Scan")]
    public async Task A_plan_of_what_is_prepared_is_shown(string sql, string shown)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        string[] texts = sql.Split("; ");
        await session.AskAsync(texts[0]);
        await session.SendAsync(Query(texts[1]));

        Assert.That(string.Join('|', (await session.ReadAsync()).Select(m => m.Text)), Does.Contain(shown).And.Not.Contain("redacted"));
    }

    [Test]
    public async Task Which_constraint_of_a_domain_failed_is_not_told()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.SendAsync(Query("SELECT ssn::made.first FROM made.people WHERE id = 1"));

        Assert.That(string.Join('|', (await session.ReadAsync()).Select(m => m.Text)), Does.Contain("23514").And.Not.Contain("k1").And.Not.Contain("k9"));
    }

    [TestCase("SAVEPOINT s", "CREATE TABLE made.fresh (x int)", "ROLLBACK TO s")]
    [TestCase("SAVEPOINT s; CREATE TABLE made.fresh (x int)", "ROLLBACK TO s; SELECT 1")]
    public async Task A_table_that_is_gone_is_not_the_sessions_own(params string[] statements)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.AskAsync("BEGIN");
        foreach (string statement in statements)
        {
            await session.AskAsync(statement);
        }

        await session.AskAsync("SELECT 1 FROM made.open");
        await WithFreshAsync(async () =>
        {
            foreach (string sql in (string[])["SELECT ssn, upper(ssn) FROM made.fresh", "COPY made.fresh TO STDOUT"])
            {
                await session.SendAsync(Query($"SAVEPOINT a; {sql}"));
                Assert.That(string.Concat((await session.ReadAsync()).Select(m => m.Text)), Does.Not.Contain(Ssn), sql);
                await session.AskAsync("ROLLBACK TO a");
            }
        });
    }

    [Test]
    public async Task A_table_of_others_beside_an_own_one_is_looked_up()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await WithFreshAsync(async () =>
        {
            await session.AskAsync("BEGIN");
            await session.AskAsync("CREATE TEMP TABLE own2 (a int)");
            await session.AskAsync("INSERT INTO own2 VALUES (1)");
            await session.AskAsync("SELECT 1 FROM made.fresh");
            await session.AskAsync("COMMIT");
            await session.AskAsync("BEGIN");
            await session.AskAsync("CREATE TEMP TABLE own3 (a int)");
            await session.AskAsync("INSERT INTO own3 VALUES (1)");
            await _cluster.AskAsync($"CREATE TABLE made.old AS TABLE made.fresh; GRANT SELECT ON made.old TO {PostgresCluster.AppUser}; DROP TABLE made.fresh; ALTER TABLE made.old RENAME TO fresh");

            Assert.That(await session.AskAsync("SELECT own3.a, p.ssn FROM made.fresh p CROSS JOIN own3"), Is.EqualTo("T D(1,****6789) C(SELECT 1) ZT"));
            await session.AskAsync("ROLLBACK");
        });
    }

    [Test]
    public async Task A_temporary_table_of_another_session_is_not_what_a_name_means()
    {
        await using RawSession other = await RawSession.OpenAsync(_endpoint);
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await other.AskAsync("CREATE TEMP TABLE fresh (id int, ssn text)");
        await session.AskAsync("SET search_path = made");
        await session.AskAsync("SELECT id FROM open");
        await WithFreshAsync(async () =>
        {
            foreach (string sql in (string[])["SELECT upper(ssn) FROM fresh", "COPY fresh TO STDOUT"])
            {
                await session.SendAsync(Query(sql));
                Assert.That(string.Concat((await session.ReadAsync()).Select(m => m.Text)), Does.Not.Contain(Ssn), sql);
            }
        });
    }

    [TestCase("CREATE TYPE made.mood AS ENUM ('a')", "CREATE TABLE made.al (id serial, m made.mood)", "INSERT INTO made.al (m) VALUES ('a') RETURNING m", "D(a)")]
    [TestCase("CREATE SCHEMA IF NOT EXISTS made_app", "CREATE TABLE made_app.t (id int)", "SELECT count(*) FROM made_app.t", "D(0)")]
    [TestCase("CREATE TEMP TABLE st (id int, n text)", "ALTER TABLE st RENAME COLUMN n TO m", "SELECT count(m) FROM st", "D(0)")]
    [TestCase("CREATE TEMP TABLE st (id int, n text)", "CREATE VIEW pg_temp.x AS SELECT 1", "SELECT count(*) FROM st", "D(0)")]
    [TestCase("CREATE TEMP TABLE st (id int)", "DROP TABLE IF EXISTS st2", "SELECT count(*) FROM st", "D(0)")]
    public async Task A_migration_in_a_transaction_that_touches_nothing_masked_runs(string first, string second, string third, string shown)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.AskAsync("BEGIN");
        await session.AskAsync(first);
        await session.AskAsync(second);

        Assert.That(await session.AskAsync(third), Does.Contain(shown));
        await session.AskAsync("ROLLBACK");
    }

    [Test]
    public async Task What_follows_a_result_that_was_cut_off_is_not_cancelled()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        for (int i = 0; i < 20; i++)
        {
            Assert.That(await session.AskAsync("SELECT ssn || repeat('x', 17000000) FROM made.people"), Does.Contain("E42501"));
            Assert.That(await session.AskAsync("SELECT count(*) FROM generate_series(1, 20000)"), Is.EqualTo("T D(20000) C(SELECT 1) ZI"));
        }
    }

    private async Task WithFreshAsync(Func<Task> ask)
    {
        await _cluster.AskAsync(
            $"CREATE TABLE made.fresh AS SELECT 1 AS id, '{Ssn}'::text AS ssn; GRANT SELECT ON made.fresh TO {PostgresCluster.AppUser}");
        try
        {
            await ask();
        }
        finally
        {
            await _cluster.AskAsync("SET lock_timeout = '5s'; DROP TABLE made.fresh");
        }
    }

    private async Task<string> AskAsync(string sql)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        return await session.AskAsync(sql);
    }
}
