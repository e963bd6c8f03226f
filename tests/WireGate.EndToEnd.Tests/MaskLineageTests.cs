using System.Text;
using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>Ways around the reader of lineage: a name that it takes for clean, and what tells of a value without a condition.</summary>
internal sealed class MaskLineageTests
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
                CREATE SCHEMA trail;
                CREATE TABLE trail.people (id int PRIMARY KEY, ssn text, name text, age int);
                INSERT INTO trail.people VALUES (1, '123-45-6789', 'Ada', 36);
                CREATE TABLE trail.open (id int PRIMARY KEY, w int);
                INSERT INTO trail.open VALUES (1, 1);
                CREATE TABLE trail.kept (id int, j jsonb);
                CREATE FUNCTION public.leaking(trail.open) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM trail.people LIMIT 1';
                CREATE TYPE trail.pair AS (a int, b text);
                CREATE TABLE trail.letters (id int, body text);
                INSERT INTO trail.letters SELECT 1, '123-45-6789 ' || string_agg(md5(i::text), '') FROM generate_series(1, 200) i;
                """, direct);
            await make.ExecuteNonQueryAsync();
        }

        _gateway = await GatewayProcess.StartAsync(_cluster, text => text
            .Replace("databases: [orders, restored, bench]", "databases: [orders, restored, bench]\n    mask: [pii]", StringComparison.Ordinal)
            .Replace("do: allow }\n", """
                do: allow }
                masks:
                  pii: { columns: [trail.people.ssn, trail.letters.body], with: redact }

                """, StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP SCHEMA IF EXISTS trail CASCADE");
    }

    [TestCase("SELECT to_json(q.p) FROM (SELECT p FROM trail.people p) q")]
    [TestCase("SELECT (q.people)::text FROM (SELECT people FROM trail.people) q")]
    [TestCase("WITH q AS (SELECT people FROM trail.people) SELECT q.people::text FROM q")]
    [TestCase("WITH q AS (UPDATE trail.people p SET age = 36 RETURNING p) SELECT q.p::text FROM q")]
    [TestCase("SELECT (x.q)::text FROM (SELECT q FROM (SELECT ssn FROM trail.people) q) x")]
    [TestCase("SELECT (z.p)::text FROM (SELECT * FROM (SELECT p FROM trail.people p) q) z")]
    public async Task A_row_that_keeps_its_name_is_a_row(string sql) => await ShowsNotAsync(sql);

    [TestCase("SELECT v.column2 FROM trail.people p, LATERAL (VALUES (p.*, 'a'::text, 'b'::text, 1)) v")]
    [TestCase("SELECT column2 FROM trail.people p, LATERAL (VALUES ((p).*, 'a'::text, 'b'::text, 1)) v")]
    [TestCase("SELECT v.b FROM trail.people p, LATERAL (VALUES (p.*, 'a'::text, 'b'::text)) v(a, b)")]
    [TestCase("COPY (SELECT v.column2 FROM trail.people p, LATERAL (VALUES (p.*, 'a'::text, 'b'::text, 1)) v) TO STDOUT")]
    public async Task A_star_in_VALUES_is_more_than_one_column(string sql) => await ShowsNotAsync(sql);

    [Test]
    public async Task What_a_star_in_VALUES_stands_for_is_in_no_condition() =>
        Assert.That(
            await AskAsync("SELECT id FROM trail.people p, LATERAL (VALUES (p.*, 'a'::text, 'b'::text, 1)) v WHERE v.column2 LIKE '123%'"),
            Is.Not.EqualTo("1"));

    // The number of rows tells which are equal, as with UNION.
    [Test]
    public async Task CYCLE_by_what_is_made_of_a_masked_column_is_a_condition() => await TellsNotAsync(
        "WITH RECURSIVE q AS (SELECT (ssn LIKE '{0}%')::text AS v FROM trail.people UNION ALL SELECT 'true' FROM q) CYCLE v SET c USING path SELECT count(*) FROM q");

    [Test]
    public async Task A_transaction_number_does_not_tell_what_stood_before_it() => await TellsNotAsync(
        "BEGIN; SELECT ssn LIKE '{0}%' AND txid_current() > 0 FROM trail.people; SELECT txid_current_if_assigned() IS NULL; ROLLBACK");

    [Test]
    public async Task A_plan_that_ran_does_not_tell_what_was_never_executed() => await TellsNotAsync(
        "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, COSTS OFF) SELECT ssn LIKE '{0}%' AND (SELECT count(*) > 0 FROM trail.open o WHERE o.w = p.id) FROM trail.people p");

    [TestCase("SELECT substring(ssn from '^{0}') FROM trail.people")]
    [TestCase("SELECT regexp_substr(ssn, '^{0}') FROM trail.people")]
    [TestCase("SELECT to_jsonb(substring(ssn from '^{0}')) FROM trail.people")]
    public async Task What_is_made_of_a_masked_column_does_not_tell_by_NULL(string sql) => await TellsNotAsync(sql);

    // pg_read_all_data may read it too.
    [Test]
    public async Task The_TOAST_table_of_a_masked_column_is_masked()
    {
        string? toast = await _cluster.AskAsync("SELECT reltoastrelid::regclass::text FROM pg_class WHERE oid = 'trail.letters'::regclass");
        await _cluster.AskAsync($"GRANT pg_read_all_data TO {PostgresCluster.AppUser}");
        try
        {
            await ShowsNotAsync($"SELECT convert_from(substr(chunk_data, 1, 20), 'UTF8') FROM {toast} WHERE chunk_seq = 0");
        }
        finally
        {
            await _cluster.AskAsync($"REVOKE pg_read_all_data FROM {PostgresCluster.AppUser}");
        }
    }

    [Test]
    public async Task A_MERGE_that_names_no_masked_column_runs()
    {
        ToolResult result = await Tools.PsqlAsync(
            _endpoint, "MERGE INTO trail.people p USING trail.open o ON p.id = o.id WHEN MATCHED THEN UPDATE SET age = 36;\n");

        Assert.That(result.Error, Is.Empty);
    }

    [Test]
    public async Task Many_rows_with_an_expression_in_parentheses_are_in_proportion()
    {
        string rows = string.Join(',', Enumerable.Range(100, 120).Select(i => $"({i}, {i})"));

        ToolResult result = await Tools.PsqlAsync(
            _endpoint, $"INSERT INTO trail.open VALUES {rows} ON CONFLICT (id) DO UPDATE SET w = (open.w + excluded.w) / 2;\n");

        Assert.That(result.Error, Is.Empty);
    }

    [TestCase("INSERT INTO trail.kept(id, j[(SELECT string_agg(ssn, ',') FROM trail.people)]) VALUES (4, '1') RETURNING j")]
    [TestCase("WITH w AS (INSERT INTO trail.kept(id, j[(SELECT max(ssn) FROM trail.people)]) VALUES (4, '1') RETURNING j) SELECT * FROM w")]
    [TestCase("COPY (INSERT INTO trail.kept(id, j[(SELECT max(ssn) FROM trail.people)]) VALUES (4, '1') RETURNING j) TO STDOUT")]
    [TestCase("PREPARE s AS INSERT INTO trail.kept(id, j[(SELECT max(ssn) FROM trail.people)]) VALUES (4, '1') RETURNING j;\nEXECUTE s")]
    [TestCase("UPDATE trail.kept SET j[(SELECT max(ssn) FROM trail.people)] = '1' RETURNING j")]
    public async Task A_subscript_of_what_is_written_is_written(string sql)
    {
        await _cluster.AskAsync("INSERT INTO trail.kept VALUES (9, '{}')");

        await ShowsNotAsync($"{sql};\nSELECT j FROM trail.kept");
    }

    [TestCase("SELECT open.leaking FROM trail.open")]
    [TestCase("SELECT o.leaking FROM trail.open o WHERE o.leaking IS NOT NULL")]
    [TestCase("CREATE TEMP TABLE taken AS SELECT open.leaking FROM trail.open;\nTABLE taken")]
    [TestCase("SELECT (json_populate_record(NULL::trail.open, '{}')).leaking")]
    [TestCase("SELECT x.leaking FROM json_populate_record(NULL::trail.open, '{}') x")]
    public async Task What_is_no_column_is_a_call(string sql) => await ShowsNotAsync(sql);

    [TestCase("SELECT o.w, o.ctid IS NOT NULL FROM trail.open o WHERE o.id = 1", "1|t")]
    [TestCase("SELECT (json_populate_record(NULL::trail.open, '{\"w\": 2}')).w", "2")]
    [TestCase("SELECT x.b FROM json_populate_record(NULL::trail.pair, '{\"b\": \"c\"}') x", "c")]
    [TestCase("BEGIN;\nALTER TABLE trail.kept ADD COLUMN late int;\nSELECT count(kept.late) FROM trail.kept;\nROLLBACK", "0")]
    [TestCase("BEGIN;\nCREATE TEMP TABLE mine AS SELECT * FROM trail.open;\nSELECT mine.w FROM mine WHERE mine.id = 1;\nROLLBACK", "1")]
    [TestCase("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'trail' AND c.relname = 'open'", "open")]
    [TestCase("SELECT t.typname FROM pg_type t, information_schema.columns c WHERE t.typname = 'pair' AND c.table_name = 'open' AND c.column_name = 'w'", "pair")]
    public async Task What_is_a_column_is_none(string sql, string shown) => Assert.That(await AskAsync(sql), Is.EqualTo(shown));

    [TestCase("SELECT (string_to_array(repeat(',', ascii(substr(ssn, {0}, 1)) - 40), ',')).unnest FROM trail.people")]
    [TestCase("SELECT (jsonb_path_query_array(to_jsonb(ssn), '$ ? (@ starts with \"{0}\")')).jsonb_array_elements FROM trail.people")]
    public async Task A_field_that_is_a_function_of_rows_does_not_tell_by_their_number(string sql) => await TellsNotAsync(sql);

    [TestCase("SELECT ssn BETWEEN '{0}' AND (SELECT max(w)::text FROM trail.open) FROM trail.people")]
    [TestCase("SELECT (ssn LIKE '{0}%', 1) = (true, (SELECT w FROM trail.open)) FROM trail.people")]
    [TestCase("SELECT (ssn LIKE '{0}%') IN (true, (SELECT p.id = w FROM trail.open)) FROM trail.people p")]
    [TestCase("SELECT (regexp_match(ssn, '^{0}'))[(SELECT count(*)::int FROM trail.open)] FROM trail.people")]
    public async Task Counters_do_not_tell_whether_a_subquery_ran(string sql) => await TellsNotAsync(
        $"BEGIN; {sql}; SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'open'; SELECT pg_stat_get_xact_numscans('trail.open'::regclass); ROLLBACK");

    // The same question about what is so and about what is not.
    private async Task TellsNotAsync(string question)
    {
        string[] answers = [.. await Task.WhenAll(new[] { "1", "2" }.Select(async start =>
            (await Tools.PsqlAsync(_endpoint, string.Format(null, CompositeFormat.Parse(question.Replace("; ", ";\n", StringComparison.Ordinal)), start) + ";\n")).Output))];

        Assert.That(answers[0], Is.EqualTo(answers[1]), question);
    }

    private async Task<string> AskAsync(string sql) => (await Tools.PsqlAsync(_endpoint, $"{sql};\n")).Output.TrimEnd('\n');

    private async Task ShowsNotAsync(string sql)
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, $"{sql};\n");

        Assert.That(result.ToString(), Does.Not.Contain(Ssn), sql);
    }
}
