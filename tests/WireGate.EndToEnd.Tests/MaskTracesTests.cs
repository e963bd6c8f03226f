using System.Text;
using Npgsql;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>What a statement leaves behind, or the server keeps of values, tells nothing of those that are masked: locks, counts, notices.</summary>
[TestFixture(15)]
[TestFixture(18)]
internal sealed class MaskTracesTests(int version)
{
    private const string WouldTell = "would tell of a masked value";

    private GatewayProcess _gateway = null!;
    private PostgresCluster _cluster = null!;
    private Endpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(version);
        await using (NpgsqlConnection direct = await _cluster.Direct(tls: false).OpenAsync())
        {
            await using var make = new NpgsqlCommand("""
                CREATE SCHEMA traces;
                CREATE TABLE traces.people (id int PRIMARY KEY, ssn text, name text);
                INSERT INTO traces.people VALUES (1, '123-45-6789', 'Ada');
                CREATE SEQUENCE traces.s1;
                CREATE TABLE traces.open (id int PRIMARY KEY);
                CREATE VIEW traces.v1 AS SELECT id FROM traces.people;
                CREATE VIEW traces.said AS SELECT obj_description(1, 'pg_class') AS d, 1 AS one;
                CREATE VIEW traces.memory AS SELECT level FROM pg_backend_memory_contexts;
                CREATE STATISTICS traces.both (ndistinct) ON ssn, name FROM traces.people;
                CREATE TYPE traces.pair AS (a text, b text);
                CREATE TABLE traces.parts (id int PRIMARY KEY, short name, doc jsonb, both_of traces.pair, open jsonb);
                INSERT INTO traces.parts VALUES (1, '123-45-6789', '{"who": "123-45-6789"}', ('123', '456'), '{}');
                ANALYZE traces.people;
                """, direct);
            await make.ExecuteNonQueryAsync();
        }

        _gateway = await GatewayProcess.StartAsync(_cluster, text => text
            .Replace("databases: [orders, restored, bench]", "databases: [orders, restored, bench]\n    mask: [pii]", StringComparison.Ordinal)
            .Replace("do: allow }\n", """
                do: allow }
                masks:
                  pii: { columns: [traces.people.ssn, traces.parts.short, traces.parts.doc, traces.parts.both_of], with: last4 }

                """, StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP SCHEMA IF EXISTS traces CASCADE");
    }

    [TestCase("currval(('traces.s' || substr(ssn, 1, 1))::regclass)")]
    [TestCase("pg_get_viewdef(('traces.v' || substr(ssn, 1, 1))::regclass)")]
    [TestCase("(('traces.v' || substr(ssn, 1, 1))::regclass).pg_get_viewdef")]
    [TestCase("ssn LIKE '1%' AND current_schema IS NULL")]
    [TestCase("ssn LIKE '1%' AND current_schemas(true) IS NULL")]
    [TestCase("pg_get_object_address('schema', array['traces' || left(ssn, 0)], '{}')")]
    [TestCase("pg_relation_size(('traces.v' || substr(ssn, 1, 1))::regclass)")]
    [TestCase("has_table_privilege('traces.v' || substr(ssn, 1, 1), 'select')")]
    [TestCase("information_schema._pg_index_position(length(ssn)::oid, 1::smallint)")]
    [TestCase("ssn LIKE '1%' AND obj_description(1, 'pg_class') IS NULL")]
    [TestCase("CASE id WHEN 1 THEN shobj_description(length(ssn)::oid, 'pg_database') END")]
    [TestCase("ssn LIKE '1%' AND d IS NULL", "(SELECT obj_description(1, 'pg_class') AS d) q")]
    [TestCase("ssn LIKE '1%' AND e IS NULL", "(SELECT obj_description(1, 'pg_class') AS d) q(e)")]
    [TestCase("ssn LIKE '1%' AND q IS NULL", "(SELECT obj_description(1, 'pg_class') AS d) q")]
    [TestCase("ssn LIKE '1%' AND q.f IS NULL", "(SELECT d || '' AS f FROM (SELECT obj_description(1, 'pg_class') AS d) i) q")]
    [TestCase("ssn LIKE '1%' AND d IS NULL", "LATERAL (VALUES (obj_description(1, 'pg_class'))) l(d)")]
    [TestCase("ssn LIKE '1%' AND d IS NULL", "traces.said")]
    [TestCase("ssn LIKE '1%' AND v.definition IS NULL", "pg_views v")]
    public async Task What_looks_something_up_does_not_tell_by_its_lock(string expression, string beside = "(VALUES (1)) nothing")
    {
        string from = $"FROM traces.people p, {beside}";
        Assert.That((await PsqlAsync($"SELECT {expression} {from}")).Error, Does.Contain(WouldTell));
        Assert.That((await PsqlAsync($"WITH w AS (SELECT {expression} AS x {from}) SELECT x FROM w")).Error, Does.Contain(WouldTell));
    }

    // With a row locked for each character that a value has, the next statement would read the value from the locks.
    [TestCase("p.ssn LIKE '1%' OR l.w", "LATERAL (SELECT (SELECT true FROM traces.open o WHERE o.id = p.id FOR UPDATE) w) l")]
    [TestCase("ROW(substring(p.ssn FROM '^1'), (SELECT 1 FROM traces.open FOR UPDATE)) IS NULL")]
    [TestCase("lead((SELECT 1 FROM traces.open o WHERE o.id = g FOR UPDATE), ascii(p.ssn)) OVER (ORDER BY g)", "generate_series(1, 200) g")]
    public async Task Whether_a_subquery_ran_does_not_tell(string expression, string beside = "(VALUES (1)) nothing")
    {
        string sql = $"SELECT {expression} AS bit FROM traces.people p, {beside}";

        Assert.That((await PsqlAsync(sql)).Error, Does.Contain("may not stand").And.Contain("42501"));
        Assert.That((await PsqlAsync($"SELECT count(bit) FROM ({sql} OFFSET 0) q")).Error, Does.Contain("may not stand").And.Contain("42501"));
    }

    [TestCase("DECLARE c CURSOR FOR {0}; FETCH c")]
    [TestCase("PREPARE s AS {0}; EXECUTE s")]
    [TestCase("COPY ({0}) TO STDOUT")]
    [TestCase("CREATE VIEW traces.bits AS {0}; SELECT * FROM traces.bits")]
    public async Task What_looks_something_up_does_not_tell_where_it_runs_later(string sql)
    {
        const string Bit = "SELECT p.ssn LIKE '1%' AND d IS NULL AS bit FROM traces.people p, (SELECT obj_description(1, 'pg_class') AS d) q";
        string later = sql.Replace("{0}", Bit, StringComparison.Ordinal);
        ToolResult result = await PsqlAsync($"BEGIN;\n{later.Replace("; ", ";\n", StringComparison.Ordinal)};\nROLLBACK");

        Assert.That(result.Error, Does.Contain("masked").And.Contain("42501"));
        Assert.That(result.Output, Is.Empty);
    }

    [TestCase("SELECT obj_description('traces.people'::regclass, 'pg_class') IS NULL, ssn FROM traces.people", "t|****6789")]
    [TestCase("SELECT pg_get_viewdef('traces.v1'::regclass) IS NULL, upper(ssn), pg_typeof(name) FROM traces.people", "f|[redacted]|text")]
    [TestCase("SELECT v.definition IS NULL, length(v.definition || p.name) > 0, upper(p.ssn) FROM traces.people p, pg_views v WHERE v.viewname = 'v1'", "f|t|[redacted]")]
    [TestCase("SELECT length(ssn || one::text), d IS NULL FROM traces.people, traces.said", "|t")]
    [TestCase("SELECT pg_relation_size('traces.people') > length(name), to_tsvector('simple', ssn) FROM traces.people", "t|")]
    public async Task What_looks_something_up_of_its_own_runs(string sql, string shown) => Assert.That(await AskAsync(sql), Is.EqualTo(shown));

    [TestCase("SELECT ident FROM pg_backend_memory_contexts")]
    [TestCase("SELECT count(*) FROM pg_backend_memory_contexts")]
    [TestCase("SELECT count(*) FROM traces.memory")]
    [TestCase("SELECT count(*) FROM pg_get_backend_memory_contexts()")]
    [TestCase("SELECT pg_log_backend_memory_contexts(pg_backend_pid())")]
    [TestCase("SELECT pg_tablespace_size('pg_default')")]
    public async Task What_the_session_holds_in_memory_and_temporary_files_is_not_told(string sql) =>
        Assert.That((await PsqlAsync(sql)).Error, Does.Contain("cannot be known"));

    [TestCase("SELECT schemaname, tablename, attname, inherited, {0} FROM pg_stats WHERE tablename = 'people' AND schemaname = 'traces' AND attname = 'ssn'",
        "traces|people|ssn|f|", "null_frac", "avg_width", "n_distinct", "correlation", "elem_count_histogram")]
    [TestCase("SELECT statistics_name, {0} FROM pg_stats_ext WHERE statistics_schemaname = 'traces'", "both|", "n_distinct", "dependencies")]
    [TestCase("SELECT staattnum, {0} FROM pg_statistic WHERE starelid = 'traces.people'::regclass AND staattnum = 2", "2|", "stanullfrac", "stawidth", "stadistinct", "stakind1", "stanumbers1")]
    public async Task What_the_server_has_computed_of_values_is_hidden(string sql, string shown, params string[] columns)
    {
        await _cluster.AskAsync($"GRANT pg_read_all_data TO {PostgresCluster.AppUser}");
        try
        {
            foreach (string column in columns)
            {
                string answer = await AskAsync(string.Format(null, CompositeFormat.Parse(sql), column));
                Assert.That(answer.Replace("[redacted]", "", StringComparison.Ordinal), Is.EqualTo(shown), column);
            }
        }
        finally
        {
            await _cluster.AskAsync($"REVOKE pg_read_all_data FROM {PostgresCluster.AppUser}");
        }
    }

    [Test]
    public async Task What_is_told_of_a_COPY_under_way_is_hidden()
    {
        await using RawSession copying = await RawSession.OpenAsync(_endpoint);
        await copying.SendAsync(Query("COPY (SELECT repeat('x', ascii(p.ssn)) FROM traces.people p, generate_series(1, 20000000)) TO STDOUT"));
        await Wait.UntilAsync(
            async () => await _cluster.AskAsync("SELECT count(*)::text FROM pg_stat_progress_copy WHERE bytes_processed > 0") != "0", "a COPY under way");

        Assert.That(await AskAsync("SELECT pid > 0, bytes_processed, tuples_processed FROM pg_stat_progress_copy"), Is.EqualTo("t||"));
    }

    [TestCase("CREATE DOMAIN pg_temp.leak AS text CHECK (pg_try_advisory_lock(ascii(value)))")]
    [TestCase("CREATE DOMAIN traces.leak AS text; ALTER DOMAIN traces.leak ADD CHECK (pg_try_advisory_lock(ascii(value)))")]
    [TestCase("CREATE DOMAIN traces.leak AS text CHECK (currval(('traces.s' || value)::regclass) > 0)")]
    public async Task A_domain_does_not_tell_what_is_cast_to_it(string sql) =>
        Assert.That((await PsqlAsync($"BEGIN;\n{sql.Replace("; ", ";\n", StringComparison.Ordinal)};\nROLLBACK")).Error, Does.Contain("cannot be known"));

    [TestCase("SELECT relation, page, tuple, transactionid, objid, granted FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' LIMIT 1", "|||||t")]
    [TestCase("SELECT relname, n_live_tup, seq_scan, vacuum_count FROM pg_stat_user_tables WHERE schemaname = 'traces' AND relname = 'people'", "people|||0")]
    [TestCase("SELECT count(*) > 50 FROM (SELECT setting FROM pg_settings WHERE name LIKE 'w%' OR setting = 'on') s", "t")]
    [TestCase("SELECT rolcanlogin, rolpassword FROM pg_roles WHERE rolname = current_user", "t|********")]
    [TestCase("SELECT datname = current_database(), numbackends > 0, xact_commit >= 0, temp_files, temp_bytes FROM pg_stat_database WHERE datname = current_database()", "t|t|t||")]
    [TestCase("SELECT name, blks_zeroed, flushes, truncates FROM pg_stat_slru ORDER BY name LIMIT 0", "")]
    [TestCase("SELECT wal_records, wal_fpi, wal_bytes, stats_reset IS NULL FROM pg_stat_wal", "|||")]
    [TestCase("SELECT buffers_clean, maxwritten_clean, buffers_alloc FROM pg_stat_bgwriter", "||")]
    public async Task What_is_counted_of_all_that_runs_is_hidden(string sql, string shown) =>
        Assert.That((await AskAsync(sql)).TrimEnd('t', 'f'), Is.EqualTo(shown.TrimEnd('t')));

    [Test]
    public async Task What_is_counted_of_reads_and_writes_is_hidden()
    {
        // PostgreSQL 15 has no such view.
        foreach (string column in version > 15 ? (string[])["writes", "extends", "evictions", "write_bytes", "reuses"] : [])
        {
            Assert.That(await AskAsync($"SELECT {column}, backend_type FROM pg_stat_io WHERE backend_type = 'client backend' LIMIT 1"), Is.EqualTo("|client backend"));
        }
    }

    [TestCase("\\l+", ""), TestCase("\\dt+ traces.*", "people"), TestCase("\\d+ traces.people", "ssn"), TestCase("\\dX traces.*", "both")]
    [TestCase("SELECT datname, numbackends, xact_commit, deadlocks FROM pg_stat_database", "orders")]
    public async Task What_describes_the_database_is_shown(string command, string shown)
    {
        // A column that psql 15 lists databases by is called otherwise in PostgreSQL 18.
        string asked = version > 15 ? command.Replace("\\l+", "\\dn", StringComparison.Ordinal) : command;
        ToolResult result = await Tools.PsqlAsync(_endpoint, $"{asked}\n;\n");
        Assert.That(result.Error, Is.Empty);
        Assert.That(result.Output, Does.Contain(shown));
    }

    [TestCase("UPDATE traces.parts SET short[4] = '' RETURNING short", "short")]
    [TestCase("UPDATE traces.parts SET doc['who'] = '1' RETURNING doc", "doc")]
    [TestCase("UPDATE traces.parts SET both_of.b = '' RETURNING both_of", "both_of")]
    [TestCase("UPDATE traces.parts SET (short[4], id) = ROW ('', 1)", "short")]
    [TestCase("WITH w AS (UPDATE traces.parts SET doc['who'] = '1') SELECT 1", "doc")]
    [TestCase("INSERT INTO traces.parts VALUES (1) ON CONFLICT (id) DO UPDATE SET short[4] = ''", "short")]
    [TestCase("MERGE INTO traces.parts p USING (VALUES (1)) v(x) ON p.id = x WHEN MATCHED THEN UPDATE SET short[4] = ''", "short")]
    [TestCase("PREPARE u AS UPDATE traces.parts SET short[4] = ''", "short")]
    public async Task A_part_of_a_masked_column_is_not_assigned(string sql, string column)
    {
        ToolResult result = await PsqlAsync($"BEGIN;\n{sql};\nROLLBACK");
        Assert.That(result.Error, Does.Contain($"42501: masking: the column traces.parts.{column} is masked, and who assigns a part of it"));
    }

    [TestCase("UPDATE traces.parts SET short = '5', doc = '{}', both_of = ('a', 'b'), open['a'] = '1'")]
    [TestCase("INSERT INTO traces.parts VALUES (1) ON CONFLICT (id) DO UPDATE SET open['a'] = '1', short = excluded.short")]
    public async Task A_whole_masked_column_is_assigned_and_a_part_of_another(string sql) =>
        Assert.That((await PsqlAsync($"BEGIN;\n{sql};\nROLLBACK")).Error, Is.Empty);

    [TestCase("SELECT plainto_tsquery('simple', replace(substr(ssn, 1, 1), '1', '')) FROM traces.people", false)]
    [TestCase("SELECT plainto_tsquery('simple', ''), ssn FROM traces.people", false)]
    [TestCase("SELECT plainto_tsquery('simple', '')", true)]
    [TestCase("DROP TABLE IF EXISTS traces.nothing", true)]
    public async Task There_is_no_notice_of_a_statement_that_reads_what_is_masked(string sql, bool isThere)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.SendAsync(Query(sql));
        var types = new List<char>();
        do
        {
            types.Add((await session.ReadOneAsync()).Type);
        }
        while (types[^1] != 'Z');

        Assert.That(types.Contains('N'), Is.EqualTo(isThere));
    }

    [Test]
    public async Task An_error_whose_text_is_withheld_does_not_tell_where_in_the_server_it_came_from()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.SendAsync(Query("SELECT ssn::int FROM traces.people"));
        var error = (await session.ReadAsync()).Single(m => m.Type == 'E');

        Assert.That(error.Field('R'), Is.Null.Or.Empty);
        Assert.That(error.Field('C'), Is.EqualTo("22P02"));
    }

    private async Task<string> AskAsync(string sql) => (await PsqlAsync(sql)).Output.TrimEnd('\n');

    private Task<ToolResult> PsqlAsync(string sql) => Tools.PsqlAsync(_endpoint, $"{sql};\n");
}
