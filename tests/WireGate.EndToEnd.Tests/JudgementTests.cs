using Npgsql;
using WireGate.EndToEnd.Tests.Harness;
using WireGate.Testing.Peers;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>What is refused by a rule never runs, and the session goes on as after any error of PostgreSQL.</summary>
internal sealed class JudgementTests
{
    private const string Reason = "schema changes go through migrations";

    private const string Rules = $$"""
            rules:
              default: deny
              list:
                - { name: reads, match: { sql: { effects: [read, session], tables: [public.t, public.u, "*.pg_*"] } }, do: allow }
                - { name: writes, match: { sql: { effects: [read, write], tables: [public.t, public.u] } }, do: allow }
                - { name: scratch, match: { sql: { effects: [ddl, write, read], tables: ["pg_temp.*"] } }, do: allow }
                - { name: no-drop, match: { sql: { statements: [drop, truncate] } }, do: deny, reason: "{{Reason}}" }
                - { name: no-load, match: { sql: { statements: [copy from], tables: [public.u] } }, do: deny }
            """;

    private PostgresCluster _cluster = null!;
    private GatewayProcess _gateway = null!;
    private Endpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(15);
        await _cluster.AskAsync($"CREATE DATABASE judged OWNER {PostgresCluster.AppUser}");
        _gateway = await GatewayProcess.StartAsync(_cluster, text => Ruled(text).Replace("bench]", "bench, judged]", StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync(), database: "judged");
    }

    [SetUp]
    public Task FillAsync() => DirectAsync("""
        DROP SCHEMA IF EXISTS evil CASCADE;
        DROP TABLE IF EXISTS t, u;
        CREATE TABLE t (a int);
        CREATE TABLE u (a int);
        CREATE SCHEMA evil;
        CREATE TABLE evil.t (a text);
        INSERT INTO evil.t VALUES ('evil');
        """);

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP DATABASE judged WITH (FORCE)");
    }

    [Test]
    public async Task Psql_is_told_the_rule_the_reason_and_a_reference_and_goes_on()
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, "\\set ON_ERROR_STOP 0\nDROP TABLE t;\nSELECT 'still here';");

        Assert.That(result.Output, Is.EqualTo("still here\n"), result.ToString());
        Assert.That(result.Error, Does.Match($"ERROR:  42501: denied by rule \"no-drop\": {Reason} \\(ref [0-9A-Z]+\\)"));
        string reference = result.Error.Split("(ref ")[1].Split(')')[0];
        Assert.That(await _gateway.AuditAsync(), Does.Contain(reference));
        ToolResult why = await _gateway.CommandAsync("why", reference);
        Assert.That(why.Succeeded().Output, Does.Contain("no-drop"));
        Assert.That(await CountAsync("t"), Is.Zero, "t is still there");
    }

    [Test]
    public async Task Npgsql_gets_42501_and_its_session_goes_on()
    {
        await using NpgsqlConnection connection = await _endpoint.OpenAsync();
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
        ToolResult result = (await Tools.PythonAsync("denied.py", _endpoint)).Succeeded();

        Assert.That(result.Output, Is.EqualTo("psycopg2\nasyncpg\n"), result.ToString());
    }

    [Test]
    public async Task A_refusal_aborts_the_transaction_and_its_COMMIT_rolls_back()
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, """
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
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
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
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
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
        await using RawSession session = await RawSession.OpenAsync(_endpoint);

        string answers = await session.AskAsync(1, Run("insert into t values (1)"), Run("drop table t"), Run("insert into t values (2)"), Sync);

        // The refused Parse is the third that is answered by anything.
        Assert.That(answers, Is.EqualTo("1 2 C(INSERT 0 1) E42501 ZI"));
        Assert.That(await CountAsync("t"), Is.Zero);
    }

    [Test]
    public async Task Neighbours_in_other_groups_keep_their_answers()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);

        string answers = await session.AskAsync(
            5, Run("insert into t values (1)"), Sync, Run("drop table t"), Sync, Query("truncate t"), Run("insert into t values (2)"), Sync, Query("select count(*) from t"));

        Assert.That(answers, Is.EqualTo("1 2 C(INSERT 0 1) ZI E42501 ZI E42501 ZI 1 2 C(INSERT 0 1) ZI T D(2) C(SELECT 1) ZI"));
    }

    [Test]
    public async Task One_refused_statement_of_a_text_refuses_all_of_it()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);

        Assert.That(await session.AskAsync("insert into t values (1); drop table t"), Is.EqualTo("E42501 ZI"));
        Assert.That(await CountAsync("t"), Is.Zero);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_COPY_is_refused_before_its_data_is_asked_for(bool isSimple)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        byte[][] copy = isSimple ? [Query("copy u from stdin")] : [Run("copy u from stdin"), Sync];
        byte[] data = Message('d', "1\n"), done = Message('c', "");

        Assert.That(await session.AskAsync(1, copy), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync(2, [.. copy, data, done, Query("select 1")]), Is.EqualTo("E42501 ZI T D(1) C(SELECT 1) ZI"), "data that did not wait");
        Assert.That(await CountAsync("u"), Is.Zero);
    }

    [Test]
    public async Task Psql_goes_on_behind_a_refused_copy()
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, "\\set ON_ERROR_STOP 0\n\\copy u FROM '/dev/null'\nSELECT 'still here';");

        Assert.That(result.Output, Does.EndWith("still here\n"), result.ToString());
        Assert.That(result.Error, Does.Contain("42501: denied by rule \"no-load\""));
        Assert.That(await CountAsync("u"), Is.Zero);
    }

    [Test]
    public async Task A_function_called_by_its_number_is_refused()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        byte[] pgBackendPid = [.. ScriptedClient.Int32(2026), 0, 0, 0, 0, 0, 0];

        Assert.That(await session.AskAsync(1, ScriptedClient.Message('F', pgBackendPid)), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync("select 1"), Is.EqualTo("T D(1) C(SELECT 1) ZI"));
    }

    [TestCase(9)]
    [TestCase(17)]
    [TestCase(65)]
    public async Task A_text_that_is_padded_beyond_what_is_read_is_refused(int megabytes)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        string padding = new(' ', megabytes * 1024 * 1024);

        string simple = await session.AskAsync(1, Query($"{padding}drop table t"));
        string extended = await session.AskAsync(1, Run($"select 1;{padding}drop table t"), Sync);

        Assert.That((simple, extended), Is.EqualTo(megabytes > 16 ? ("E54000 ZI", "E54000 ZI") : ("E42501 ZI", "E42501 ZI")));
        Assert.That(await session.AskAsync("select count(*) from t"), Does.Contain("D(0)"));
    }

    [Test]
    public async Task A_reload_that_denies_is_in_force_for_what_was_prepared_before()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.AskAsync(1, Parse("insert into t values (1)", "before"), Bind("before", "portal"), Execute("portal"), Sync);
        await session.AskAsync("prepare p as insert into t values (2)");
        await session.AskAsync("begin");
        await session.AskAsync("declare c cursor for select * from u");
        await session.AskAsync(1, Bind("before", "open"), Sync);
        try
        {
            await ReloadAsync(_gateway.ConfigText
                .Replace("effects: [read, write], tables: [public.t, public.u]", "effects: [read, write], tables: [public.other]", StringComparison.Ordinal)
                .Replace("tables: [public.t, public.u, \"*.pg_*\"]", "tables: [public.t, \"*.pg_*\"]", StringComparison.Ordinal));

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
            await ReloadAsync(_gateway.ConfigText);
        }

        Assert.That(await CountAsync("t"), Is.EqualTo(1));
        Assert.That(await session.AskAsync("execute p"), Is.EqualTo("C(INSERT 0 1) ZI"), "allowed again");
    }

    [TestCase("execute never_prepared")]
    [TestCase("fetch never_declared")]
    public async Task What_nothing_is_known_of_counts_as_unknown(string sql)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);

        Assert.That(await session.AskAsync(sql), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync(1, Bind("nothing"), Sync), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync(1, Execute("nothing"), Sync), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync(1, Execute(), Sync), Is.EqualTo("E42501 ZI"));
    }

    [TestCase("set standard_conforming_strings = off")]
    [TestCase("select set_config('standard_conforming_strings', 'off', false)")]
    [TestCase("prepare s as select set_config('standard_conforming_strings', 'off', false); execute s")]
    public async Task A_backslash_behind_a_setting_that_changes_what_it_means_is_refused(string setting)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        // With the setting off this is two statements, and one string with it on.
        byte[] text = Query(@"select '\''; insert into t values (1); --'");

        string answers = await session.AskAsync(2, Query(setting), text);

        Assert.That(answers, Does.EndWith("E42501 ZI"), "sent at once");
        Assert.That(await session.AskAsync(1, text), Is.EqualTo("E42501 ZI"), "and when it is known");
        Assert.That(await CountAsync("t"), Is.Zero);
        await session.AskAsync("set standard_conforming_strings = on");
        Assert.That(await session.AskAsync(@"select '\'"), Is.EqualTo(@"T D(\) C(SELECT 1) ZI"));
    }

    [TestCase("SJIS")]
    [TestCase("BIG5")]
    [TestCase("GBK")]
    [TestCase("GB18030")]
    public async Task A_text_in_an_encoding_whose_characters_end_in_ASCII_is_refused(string encoding)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        // 0x5C is the second byte of a character there.
        byte[] text = ScriptedClient.Message('Q', [.. "select '"u8, 0x95, 0x5C, .. "'; drop table t; --'\0"u8]);

        Assert.That(await session.AskAsync($"set client_encoding = '{encoding}'"), Is.EqualTo("C(SET) ZI"));
        Assert.That(await session.AskAsync(1, text), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync("select 'ASCII is ASCII'"), Does.Contain("D(ASCII is ASCII)"));
    }

    [Test]
    public async Task An_encoding_asked_for_at_the_start_is_seen()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint, ("client_encoding", "SJIS"));

        Assert.That(await session.AskAsync("select 'ü'"), Is.EqualTo("E42501 ZI"));
    }

    private static async Task DeniedAsync(RawSession session, string after)
    {
        string answer = await session.AskAsync("select a from t");
        Assert.That(answer, Is.EqualTo("E42501 ZI"), after);
    }

    [TestCase("set search_path = evil")]
    [TestCase("set search_path = evil, public")]
    [TestCase("set schema 'evil'")]
    [TestCase("select set_config('search_path', 'evil', false)")]
    [TestCase("prepare s as select set_config('search_path', 'evil', false); set search_path = public; execute s")]
    public async Task A_name_is_looked_for_where_the_search_path_says(string setting)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        Assert.That(await session.AskAsync("select a from t"), Is.EqualTo("T C(SELECT 0) ZI"));
        await session.AskAsync(1, Parse("select a from t", "before"), Sync);

        Assert.That(await session.AskAsync(2, Query(setting), Query("select a from t")), Does.EndWith("E42501 ZI"), "sent at once");
        await DeniedAsync(session, "and later");
        Assert.That(await session.AskAsync(1, Bind("before"), Execute(), Sync), Is.EqualTo("E42501 ZI"), "prepared before");
        Assert.That(await session.AskAsync("set search_path = public"), Is.EqualTo("C(SET) ZI"));
        Assert.That(await session.AskAsync("select a from t"), Is.EqualTo("T C(SELECT 0) ZI"), "where it is known again");
    }

    [Test]
    public async Task A_search_path_that_an_error_took_back_does_not_count_as_set()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.AskAsync("set search_path = evil");

        Assert.That(await session.AskAsync("set search_path = public; select 1/0"), Is.EqualTo("C(SET) E22012 ZI"));
        await DeniedAsync(session, "simple");
        Assert.That(await session.AskAsync(1, Run("set search_path = public"), Run("select 1/0"), Sync), Is.EqualTo("1 2 C(SET) 1 E22012 ZI"));
        await DeniedAsync(session, "extended");
    }

    [Test]
    public async Task What_one_of_two_texts_sets_counts_if_which_of_them_runs_is_not_known()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.AskAsync(1, Parse("set search_path = public", "s"), Sync);

        await session.AskAsync(3, Close("s"), Sync, Parse("set search_path = evil", "s"), Sync, Bind("s"), Execute(), Sync);

        await DeniedAsync(session, "the second ran");
    }

    [Test]
    public async Task What_EXECUTE_sets_counts()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.AskAsync(1, Parse("set search_path = evil", "s"), Sync);

        await session.AskAsync("execute s");

        await DeniedAsync(session, "by SQL, prepared by the protocol");
    }

    private static string Ruled(string text) => text[..text.IndexOf("rules:", StringComparison.Ordinal)] + Unindented(Rules) + "\n";

    private static string Unindented(string text) => text.Replace("\n        ", "\n", StringComparison.Ordinal).TrimStart();

    private async Task ReloadAsync(string config)
    {
        int before = Reloads();
        PrivateFile.Write(_gateway.ConfigPath, config);
        _gateway.Signal(Unix.SigHup);
        await Wait.UntilAsync(() => Reloads() > before, "the reload");

        int Reloads() => _gateway.Log.Split("config", StringSplitOptions.None).Length;
    }

    private async Task DirectAsync(string sql)
    {
        await using NpgsqlConnection connection = await _cluster.Direct(tls: false, "judged").OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<int> CountAsync(string table) =>
        int.Parse((await _cluster.AskAsync($"SELECT count(*) FROM public.{table}", "judged"))!, System.Globalization.CultureInfo.InvariantCulture);
}
