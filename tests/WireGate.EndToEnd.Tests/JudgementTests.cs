using Npgsql;
using WireGate.EndToEnd.Tests.Harness;
using WireGate.Testing.Peers;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>What is refused by a rule never runs, and the session goes on as after any error of PostgreSQL.</summary>
internal sealed class JudgementTests : JudgementFixture
{
    [Test]
    public async Task Psql_is_told_the_rule_the_reason_and_a_reference_and_goes_on()
    {
        ToolResult result = await Tools.PsqlAsync(Endpoint, "\\set ON_ERROR_STOP 0\nDROP TABLE t;\nSELECT 'still here';");

        Assert.That(result.Output, Is.EqualTo("still here\n"), result.ToString());
        Assert.That(result.Error, Does.Match($"ERROR:  42501: denied by rule \"no-drop\": {Reason} \\(ref [0-9A-Z]+\\)"));
        string reference = result.Error.Split("(ref ")[1].Split(')')[0];
        Assert.That(await Gateway.AuditAsync(), Does.Contain(reference));
        ToolResult why = await Gateway.CommandAsync("why", reference);
        Assert.That(why.Succeeded().Output, Does.Contain("no-drop"));
        Assert.That(await CountAsync("t"), Is.Zero, "t is still there");
    }

    [Test]
    public async Task Npgsql_gets_42501_and_its_session_goes_on()
    {
        await using NpgsqlConnection connection = await Endpoint.OpenAsync();
        await using var drop = new NpgsqlCommand("DROP TABLE t", connection);

        PostgresException? error = Assert.ThrowsAsync<PostgresException>(() => drop.ExecuteNonQueryAsync());

        Assert.That(error!.SqlState, Is.EqualTo("42501"));
        Assert.That(error.MessageText, Does.StartWith($"denied by rule \"no-drop\": {Reason} (ref "));
        Assert.That(error.IsTransient, Is.False, "nobody tries again by himself");
        await using var count = new NpgsqlCommand("SELECT count(*) FROM t", connection);
        Assert.That(await count.ExecuteScalarAsync(), Is.EqualTo(0L));
    }

    [Test]
    public async Task Python_drivers_get_their_own_error_of_missing_privilege()
    {
        ToolResult result = (await Tools.PythonAsync("denied.py", Endpoint)).Succeeded();

        Assert.That(result.Output, Is.EqualTo("psycopg2\nasyncpg\n"), result.ToString());
    }

    [Test]
    public async Task A_refusal_aborts_the_transaction_and_its_COMMIT_rolls_back()
    {
        ToolResult result = await Tools.PsqlAsync(Endpoint, """
            \set ON_ERROR_STOP 0
            BEGIN;
            INSERT INTO t VALUES (1);
            DROP TABLE t;
            SELECT 'never';
            \set QUIET off
            COMMIT;
            """);

        Assert.That(result.Output, Is.EqualTo("ROLLBACK\n"), result.ToString());
        Assert.That(result.Error, Does.Contain("25P02"));
        Assert.That(await CountAsync("t"), Is.Zero);
    }

    [TestCase("begin", "T", "E")]
    [TestCase("select 1", "I", "I")]
    public async Task The_state_of_the_transaction_is_true_in_both_protocols(string before, string status, string after)
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        foreach (byte[][] denied in (byte[][][])[[Query("drop table t")], [Run("drop table t"), Sync]])
        {
            Assert.That(await session.AskAsync(before), Does.EndWith($"Z{status}"));
            Assert.That(await session.AskAsync(1, denied), Is.EqualTo($"E42501 Z{after}"));
            Assert.That(await session.AskAsync(1, denied), Is.EqualTo($"E42501 Z{after}"), "again, whatever the state");
            await session.AskAsync("rollback");
        }
    }

    [Test]
    public async Task A_savepoint_takes_the_transaction_back_to_before_the_refusal()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync("begin");
        await session.AskAsync("insert into t values (1)");
        await session.AskAsync("savepoint s");

        Assert.That(await session.AskAsync("drop table t"), Is.EqualTo("E42501 ZE"));
        Assert.That(await session.AskAsync("rollback to s"), Is.EqualTo("C(ROLLBACK) ZT"));
        Assert.That(await session.AskAsync("commit"), Is.EqualTo("C(COMMIT) ZI"));
        Assert.That(await CountAsync("t"), Is.EqualTo(1));
    }

    [Test]
    public async Task What_was_pipelined_before_a_refusal_is_not_committed()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);

        string answers = await session.AskAsync(1, Run("insert into t values (1)"), Run("drop table t"), Run("insert into t values (2)"), Sync);

        // The refused Parse is the third that is answered by anything.
        Assert.That(answers, Is.EqualTo("1 2 C(INSERT 0 1) E42501 ZI"));
        Assert.That(await CountAsync("t"), Is.Zero);
    }

    [Test]
    public async Task Neighbours_in_other_groups_keep_their_answers()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);

        string answers = await session.AskAsync(
            5, Run("insert into t values (1)"), Sync, Run("drop table t"), Sync, Query("truncate t"), Run("insert into t values (2)"), Sync, Query("select count(*) from t"));

        Assert.That(answers, Is.EqualTo("1 2 C(INSERT 0 1) ZI E42501 ZI E42501 ZI 1 2 C(INSERT 0 1) ZI T D(2) C(SELECT 1) ZI"));
    }

    [Test]
    public async Task One_refused_statement_of_a_text_refuses_all_of_it()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);

        Assert.That(await session.AskAsync("insert into t values (1); drop table t"), Is.EqualTo("E42501 ZI"));
        Assert.That(await CountAsync("t"), Is.Zero);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_COPY_is_refused_before_its_data_is_asked_for(bool isSimple)
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        byte[][] copy = isSimple ? [Query("copy u from stdin")] : [Run("copy u from stdin"), Sync];
        byte[] data = Message('d', "1\n"), done = Message('c', "");

        Assert.That(await session.AskAsync(1, copy), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync(2, [.. copy, data, done, Query("select 1")]), Is.EqualTo("E42501 ZI T D(1) C(SELECT 1) ZI"), "data that did not wait");
        Assert.That(await CountAsync("u"), Is.Zero);
    }

    [Test]
    public async Task Psql_goes_on_behind_a_refused_copy()
    {
        ToolResult result = await Tools.PsqlAsync(Endpoint, "\\set ON_ERROR_STOP 0\n\\copy u FROM '/dev/null'\nSELECT 'still here';");

        Assert.That(result.Output, Does.EndWith("still here\n"), result.ToString());
        Assert.That(result.Error, Does.Contain("42501: denied by rule \"no-load\""));
        Assert.That(await CountAsync("u"), Is.Zero);
    }

    [Test]
    public async Task A_function_called_by_its_number_is_refused()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        byte[] pgBackendPid = [.. ScriptedClient.Int32(2026), 0, 0, 0, 0, 0, 0];

        Assert.That(await session.AskAsync(1, ScriptedClient.Message('F', pgBackendPid)), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync("select 1"), Is.EqualTo("T D(1) C(SELECT 1) ZI"));
    }

    [TestCase(9)]
    [TestCase(17)]
    [TestCase(65)]
    public async Task A_text_that_is_padded_beyond_what_is_read_is_refused(int megabytes)
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        string padding = new(' ', megabytes * 1024 * 1024);

        string simple = await session.AskAsync(1, Query($"{padding}drop table t"));
        string extended = await session.AskAsync(1, Run($"select 1;{padding}drop table t"), Sync);

        Assert.That((simple, extended), Is.EqualTo(megabytes > 16 ? ("E54000 ZI", "E54000 ZI") : ("E42501 ZI", "E42501 ZI")));
        Assert.That(await session.AskAsync("select count(*) from t"), Does.Contain("D(0)"));
    }

    [Test]
    public async Task A_reload_that_denies_is_in_force_for_what_was_prepared_before()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.AskAsync(1, Parse("insert into t values (1)", "before"), Bind("before", "portal"), Execute("portal"), Sync);
        await session.AskAsync("prepare p as insert into t values (2)");
        await session.AskAsync("begin");
        await session.AskAsync("declare c cursor for select * from u");
        await session.AskAsync(1, Bind("before", "open"), Sync);
        try
        {
            await ReloadAsync(Gateway.ConfigText
                .Replace("effects: [read, write], tables: [public.t, public.u]", "effects: [read, write], tables: [public.other]", StringComparison.Ordinal)
                .Replace("tables: [public.t, public.u, \"pg_catalog.*\"]", "tables: [public.t, \"pg_catalog.*\"]", StringComparison.Ordinal));

            Assert.Multiple(async () =>
            {
                Assert.That(await session.AskAsync(1, Execute("open"), Sync), Is.EqualTo("E42501 ZE"), "the portal");
                await session.AskAsync("rollback");
                Assert.That(await session.AskAsync(1, Bind("before"), Execute(), Sync), Is.EqualTo("E42501 ZI"), "the statement");
                Assert.That(await session.AskAsync("execute p"), Is.EqualTo("E42501 ZI"), "by SQL");
                Assert.That(await session.AskAsync("explain analyze execute p"), Is.EqualTo("E42501 ZI"), "within EXPLAIN");
                Assert.That(await session.AskAsync("fetch c"), Is.EqualTo("E42501 ZI"), "the cursor");
            });
        }
        finally
        {
            await ReloadAsync(Gateway.ConfigText);
        }

        Assert.That(await CountAsync("t"), Is.EqualTo(1));
        Assert.That(await session.AskAsync("execute p"), Is.EqualTo("C(INSERT 0 1) ZI"), "allowed again");
    }

    [TestCase("execute never_prepared")]
    [TestCase("fetch never_declared")]
    public async Task What_nothing_is_known_of_counts_as_unknown(string sql)
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);

        Assert.That(await session.AskAsync(sql), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync(1, Bind("nothing"), Sync), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync(1, Execute("nothing"), Sync), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync(1, Execute(), Sync), Is.EqualTo("E42501 ZI"));
    }
}
