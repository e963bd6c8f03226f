using Npgsql;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>What statements do beside what they name.</summary>
internal sealed class UnseenEffectTests
{
    private const string Rules = """
        masks:
          pii: { columns: [seen.people.ssn], with: redact }
        rules:
          list:
            - { name: denied, match: { target: orders, sql: { tables: ["aside.*"] } }, do: deny }
            - { name: column, match: { target: orders, sql: { columns: [seen.notes.secret] } }, do: deny }
            - { name: all, match: { target: orders, sql: { effects: [read, write, ddl, privilege, session] } }, do: allow }
            - { name: one, match: { target: in-clear, sql: { effects: [read, write, ddl, privilege, session], tables: ["seen.*"], functions: [seen.fine] } }, do: allow }
            - { name: note, match: { target: by-socket, sql: { effects: [read, write], columns: [seen.notes.note] } }, do: allow }

        """;

    private PostgresCluster _cluster = null!;
    private GatewayProcess _gateway = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(15);
        await using (NpgsqlConnection direct = await _cluster.Direct(tls: false).OpenAsync())
        {
            await using var make = new NpgsqlCommand("""
                CREATE SCHEMA seen;
                CREATE SCHEMA aside;
                CREATE TABLE seen.t (a int PRIMARY KEY);
                CREATE TABLE aside.t (a int REFERENCES seen.t);
                INSERT INTO seen.t VALUES (1);
                INSERT INTO aside.t VALUES (1);
                CREATE TABLE seen.notes (note text, secret text);
                INSERT INTO seen.notes VALUES ('n', 'sekrit');
                CREATE TABLE seen.people (id int, ssn text);
                INSERT INTO seen.people VALUES (1, '123-45-6789');
                CREATE FUNCTION seen.other() RETURNS text LANGUAGE sql AS $$ SELECT 'ran' $$;
                """, direct);
            await make.ExecuteNonQueryAsync();
        }

        _gateway = await GatewayProcess.StartAsync(_cluster, text => text[..text.IndexOf("rules:", StringComparison.Ordinal)]
            .Replace("databases: [orders, restored, bench]", "databases: [orders, restored, bench]\n    mask: [pii]", StringComparison.Ordinal) + Rules);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP SCHEMA IF EXISTS seen, aside CASCADE");
    }

    private async Task<RawSession> OpenAsync(string target = "orders") =>
        await RawSession.OpenAsync(_gateway.Through(await _gateway.MintAsync(target: target)) with { User = $"alice@{target}" });

    [TestCase("orders", "truncate seen.t cascade")]
    [TestCase("in-clear", "truncate seen.t cascade")]
    [TestCase("orders", "drop schema aside cascade")]
    [TestCase("in-clear", "drop schema aside cascade")]
    [TestCase("orders", "grant select on all tables in schema aside to public")]
    [TestCase("in-clear", "grant select on all tables in schema aside to public")]
    public async Task Tables_that_a_statement_reaches_without_their_names_count(string target, string sql)
    {
        await using RawSession session = await OpenAsync(target);
        await session.AskAsync("begin");

        Assert.That(await session.AskAsync(sql), Is.EqualTo("E42501 ZE"));
    }

    [TestCase("select j from (seen.notes join seen.t on true) as j")]
    [TestCase("select row_to_json(j) from (seen.notes join seen.t on true) as j")]
    public async Task The_row_of_a_join_has_all_columns_of_its_tables(string sql)
    {
        await using RawSession session = await OpenAsync();

        Assert.That(await session.AskAsync(sql), Is.EqualTo("E42501 ZI"));
    }

    [TestCase("delete from seen.notes")]
    [TestCase("truncate seen.notes")]
    [TestCase("delete from aside.t")]
    [TestCase("select 1 from aside.t")]
    public async Task An_allow_by_columns_covers_no_statement_that_names_none(string sql)
    {
        await using RawSession session = await OpenAsync("by-socket");
        await session.AskAsync("begin");

        Assert.That(await session.AskAsync(sql), Is.EqualTo("E42501 ZE"));
    }

    [Test]
    public async Task A_function_is_not_given_the_name_of_one_that_is_allowed()
    {
        await using RawSession session = await OpenAsync("in-clear");
        await session.AskAsync("begin");

        await session.AskAsync("alter function seen.other() rename to fine");
        Assert.That(await session.AskAsync("select seen.fine()"), Does.Not.Contain("ran"));
    }

    [Test]
    public async Task A_cursor_that_EXPLAIN_does_not_declare_keeps_its_meaning()
    {
        await using RawSession session = await OpenAsync();
        await session.AskAsync("begin");
        await session.AskAsync("declare c cursor for select substr(ssn, 1, 11) from seen.people");
        await session.AskAsync("explain analyze declare c cursor for select 'a'::text");

        Assert.That(await session.AskAsync("fetch c"), Does.Not.Contain("123-45-6789"));
    }

    [Test]
    public async Task What_a_suspended_portal_has_set_counts()
    {
        await using RawSession session = await OpenAsync("in-clear");
        await session.AskAsync(
            1, Run("set search_path = seen"), Parse("select set_config('search_path', 'aside', false) from generate_series(1, 3)"), Bind(), Message('E', "\0\0\0\0\u0001"), Sync);

        Assert.That(await session.AskAsync("show search_path"), Does.Contain("D(aside)"));
        Assert.That(await session.AskAsync("select * from t"), Is.EqualTo("E42501 ZI"));
    }
}
