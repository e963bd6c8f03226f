using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>What a mask hides never reaches a client, by whatever way it is asked for, and whatever else works as it did.</summary>
internal sealed class MaskingTests
{
    private const string Secret = "123-45-6789";
    private const string Last4 = "****6789";
    private const string Redacted = "[redacted]";

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
                CREATE SCHEMA hr;
                CREATE TABLE hr.people (id int PRIMARY KEY, ssn text UNIQUE, salary numeric, born date, name text, note text);
                INSERT INTO hr.people VALUES (1, '123-45-6789', 1000, '1990-01-01', 'Ada', 'card 4111 1111 1111 1111'),
                    (2, '987-65-4321', 2000, '1991-01-01', 'Bob', NULL), (3, NULL, 3000, '1992-01-01', 'Eve', 'x');
                CREATE VIEW hr.shown AS SELECT id, upper(ssn) AS code, name FROM hr.people;
                CREATE TABLE hr.staff () INHERITS (hr.people);
                CREATE TABLE hr.open (id int, ssn text);
                INSERT INTO hr.open VALUES (1, 'nothing');
                CREATE TABLE hr.hashed (ssn text);
                INSERT INTO hr.hashed VALUES ('123-45-6789');
                CREATE FUNCTION hr.look(int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM hr.people WHERE id = $1';
                """, direct);
            await make.ExecuteNonQueryAsync();
        }

        _gateway = await GatewayProcess.StartAsync(_cluster, text => text
            .Replace("databases: [orders, restored, bench]", "databases: [orders, restored, bench]\n    mask: [pii]", StringComparison.Ordinal)
            .Replace("do: allow }\n", """
                do: allow }
                    - { name: auditors, match: { target: orders, from: { issuer: local, groups: [auditors] }, sql: { tables: [hr.people], effects: [read] } }, do: allow, unmask: [pii] }
                    - { name: open, match: { target: orders, sql: { tables: [hr.open], effects: [read] } }, mask: [more] }
                    - { name: hashed, match: { target: orders, sql: { tables: [hr.hashed], effects: [read] } }, mask: [hashed] }
                masks:
                  pii: { columns: [hr.people.ssn, hr.people.salary, "hr.people.bo*"], detect: [credit-card], with: last4 }
                  more: { columns: [hr.open.ssn], with: { fixed: gone } }
                  hashed: { columns: [hr.hashed.ssn], with: hash }

                """, StringComparison.Ordinal)
            .Replace("issuer: local, groups: [agents] }", "issuer: local, groups: [agents, auditors] }", StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP SCHEMA hr CASCADE");
    }

    [TestCase("SELECT ssn FROM hr.people WHERE id = 1", Last4)]
    [TestCase("SELECT ssn AS x FROM hr.people WHERE id = 1", Last4)]
    [TestCase("SELECT ssn::varchar FROM hr.people WHERE id = 1", Redacted)]
    [TestCase("SELECT substring(ssn, 1) FROM hr.people WHERE id = 1", Redacted)]
    [TestCase("SELECT x FROM (SELECT ssn AS x, id FROM hr.people) s WHERE id = 1", Last4)]
    [TestCase("SELECT upper(x) FROM (SELECT ssn AS x, id FROM hr.people) s WHERE id = 1", Redacted)]
    [TestCase("WITH c AS (SELECT ssn || '' AS y, id FROM hr.people) SELECT y FROM c WHERE id = 1", Redacted)]
    [TestCase("WITH c(y, i) AS (SELECT ssn || '', id FROM hr.people) SELECT y || '' FROM c WHERE i = 1", Redacted)]
    [TestCase("SELECT p.ssn FROM hr.people p JOIN hr.open o ON o.id = p.id", Last4)]
    [TestCase("SELECT code FROM hr.shown WHERE id = 1", Redacted)]
    [TestCase("SELECT code || '' FROM hr.shown WHERE id = 1", Redacted)]
    [TestCase("SELECT ssn FROM hr.people WHERE id = 1 UNION ALL SELECT 'a' WHERE false", Redacted)]
    [TestCase("SELECT name FROM hr.people WHERE false UNION ALL SELECT ssn FROM hr.people WHERE id = 1", Redacted)]
    [TestCase("SELECT (SELECT ssn FROM hr.people WHERE id = 1)", Redacted)]
    [TestCase("SELECT salary FROM hr.people WHERE id = 1", "")]
    [TestCase("SELECT p FROM hr.people p WHERE id = 1", "")]
    [TestCase("SELECT row_to_json(p) FROM hr.people p WHERE id = 1", "\"[redacted]\"")]
    [TestCase("SELECT to_jsonb(p)->>'ssn' FROM hr.people p WHERE id = 1", Redacted)]
    [TestCase("SELECT string_agg(ssn, ',') FROM hr.people", Redacted)]
    [TestCase("SELECT reverse(ssn) FROM hr.people WHERE id = 1", Redacted)]
    [TestCase("SELECT substr(ssn, 1, 8), repeat(substr(ssn, 1, 1), 16) FROM hr.people WHERE id = 1", $"{Redacted}|{Redacted}")]
    [TestCase("COPY (SELECT substr(ssn, 1, 8) FROM hr.people WHERE id = 1) TO STDOUT", "\\N")]
    [TestCase("UPDATE hr.people SET name = name WHERE id = 1 RETURNING ssn", Last4)]
    [TestCase("BEGIN; DECLARE c CURSOR FOR SELECT ssn || '' FROM hr.people WHERE id = 1; FETCH c; COMMIT", Redacted)]
    [TestCase("PREPARE q AS SELECT ssn || '' FROM hr.people WHERE id = 1; EXECUTE q", Redacted)]
    [TestCase("SELECT note FROM hr.people WHERE id = 1", "card ****1111")]
    [TestCase("COPY (SELECT id, ssn, salary FROM hr.people ORDER BY id) TO STDOUT", "1\t****6789\t\\N\n2\t****4321\t\\N\n3\t\\N\t\\N")]
    [TestCase("COPY (SELECT ssn, name FROM hr.people WHERE id = 1) TO STDOUT (FORMAT csv)", "\"****6789\",Ada")]
    [TestCase("COPY (SELECT ssn, name FROM hr.people ORDER BY id) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *)",
        "ssn,name\n\"****6789\",\"Ada\"\n\"****4321\",\"Bob\"\n,\"Eve\"")]
    [TestCase("COPY hr.staff TO STDOUT", "")]
    [TestCase("SELECT ssn FROM hr.open", "gone")]
    [TestCase("SELECT count(*), max(id) FROM hr.people", "3|3")]
    [TestCase("SELECT name || '!' FROM hr.people WHERE id = 1", "Ada!")]
    [TestCase("SELECT upper(name) FROM customers WHERE id = 1", "CUSTOMER 1")]
    [TestCase("SELECT p.id, g FROM hr.people p, generate_series(1, p.id) g WHERE p.id = 1", "1|1")]
    [TestCase("SELECT CASE WHEN id = 1 THEN ssn END FROM hr.people WHERE id = 1", Redacted)]
    [TestCase("SELECT count(*) FILTER (WHERE id = 1) FROM hr.people", "1")]
    [TestCase("SELECT regexp_matches(name, '^A') FROM hr.people", "{A}")]
    public async Task Hides_what_the_mask_names_and_nothing_else(string sql, string shown)
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, sql.Replace("; ", ";\n", StringComparison.Ordinal) + ";\n");

        Assert.That(result.Output.TrimEnd('\n'), Is.EqualTo(shown), result.ToString());
        Assert.That(result.ToString(), Does.Not.Contain(Secret));
    }

    [Test]
    public async Task A_hash_is_the_same_after_a_restart()
    {
        const string Ask = "SELECT ssn FROM hr.hashed;\n";
        ToolResult before = await Tools.PsqlAsync(_endpoint, Ask);

        _gateway.Signal(Unix.SigTerm);
        await _gateway.WaitForExitAsync();
        await _gateway.StartAsync();

        Assert.That(before.Output, Does.Match("^[0-9a-f]{32}\n$"), before.ToString());
        Assert.That((await Tools.PsqlAsync(_endpoint, Ask)).Output, Is.EqualTo(before.Output));
    }

    [TestCase("SELECT id FROM hr.people WHERE ssn = '123-45-6789'", "hr.people.ssn")]
    [TestCase("SELECT id FROM hr.people ORDER BY salary", "hr.people.salary")]
    [TestCase("SELECT id FROM hr.people GROUP BY id, ssn", "hr.people.ssn")]
    [TestCase("SELECT o.id FROM hr.open o JOIN hr.people p USING (ssn)", "ssn")]
    [TestCase("SELECT id FROM hr.people NATURAL JOIN (VALUES ('123-45-6789')) v(ssn)", "masked")]
    [TestCase("SELECT ssn FROM hr.people INTERSECT SELECT '123-45-6789'", "hr.people.ssn")]
    [TestCase("SELECT count(*) FROM hr.people p, generate_series(1, ascii(p.ssn))", "hr.people.ssn")]
    [TestCase("SELECT id, CASE WHEN ssn LIKE '1%' THEN 1 END FROM hr.people", "hr.people.ssn")]
    [TestCase("SELECT count(*) FILTER (WHERE ssn LIKE '1%') FROM hr.people", "hr.people.ssn")]
    [TestCase("SELECT id, regexp_matches(ssn, '^1') FROM hr.people", "hr.people.ssn")]
    [TestCase("SELECT id FROM hr.people LIMIT (SELECT ascii(ssn) FROM hr.people LIMIT 1)", "hr.people.ssn")]
    [TestCase("SELECT hr.look(1)", "hr.look")]
    [TestCase("CREATE TABLE copied AS SELECT * FROM hr.people", "hr.people")]
    [TestCase("SELECT ssn INTO copied FROM hr.people", "hr.people")]
    [TestCase("INSERT INTO hr.open SELECT id, ssn FROM hr.people", "hr.people")]
    [TestCase("UPDATE hr.people SET note = ssn", "hr.people.ssn")]
    [TestCase("CREATE VIEW another AS SELECT ssn FROM hr.people", "hr.people")]
    [TestCase("ALTER TABLE hr.people RENAME TO folk", "hr.people")]
    [TestCase("SELECT set_config('application_name', ssn, false) FROM hr.people", "setting")]
    [TestCase("BEGIN;\nCREATE TEMP TABLE mine (id int) ON COMMIT DROP;\nSELECT mine.id FROM mine, hr.people p WHERE p.ssn = 'x'", "hr.people.ssn")]
    [TestCase("DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM hr.people LIMIT 1); END $$", "cannot be known")]
    [TestCase("COPY (SELECT * FROM hr.people JOIN hr.open USING (id)) TO STDOUT", "COPY")]
    public async Task Refuses_with_42501_what_cannot_be_masked(string sql, string names)
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, $"\\set VERBOSITY verbose\n{sql};\n");

        Assert.That(result.Error, Does.Contain("42501").And.Contain(names), result.ToString());
        Assert.That(result.Output + result.Error, Does.Not.Contain("6789\n"));
    }

    [Test]
    public async Task Refuses_what_is_hidden_as_an_argument_of_every_function_that_gives_rows()
    {
        string? functions = await _cluster.AskAsync("SELECT string_agg(DISTINCT proname, ',') FROM pg_catalog.pg_proc WHERE proretset AND pronamespace = 'pg_catalog'::regnamespace");
        string[] names = functions!.Split(',');
        ToolResult result = await Tools.PsqlAsync(
            _endpoint, "\\set ON_ERROR_STOP off\n" + string.Concat(names.Select(name => $"SELECT {name}(ssn) FROM hr.people;\n\\echo {name} :SQLSTATE\n")));

        Assert.That(names, Has.Length.GreaterThan(70));
        Assert.That(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(names.Select(name => $"{name} 42501")), result.ToString());
    }

    [Test]
    public async Task Withholds_values_that_an_error_quotes()
    {
        foreach (string sql in (string[])["SELECT ssn::int FROM hr.people;", "INSERT INTO hr.people (id, ssn) VALUES (9, '123-45-6789');"])
        {
            ToolResult result = await Tools.PsqlAsync(_endpoint, sql);
            Assert.That(result.Error, Does.Contain("masking").And.Not.Contain(Secret), result.ToString());
        }
    }

    [Test]
    public async Task Describes_again_what_a_changed_search_path_makes_of_a_statement()
    {
        await using NpgsqlConnection connection = await _endpoint.OpenAsync();
        await RunAsync(connection, "CREATE SCHEMA IF NOT EXISTS other");
        await RunAsync(connection, "CREATE TABLE IF NOT EXISTS other.people (id int, ssn text)");
        await RunAsync(connection, "SET search_path = other");
        await using var command = new NpgsqlCommand("SELECT ssn FROM people", connection);
        await command.PrepareAsync();
        Assert.That(await command.ExecuteScalarAsync(), Is.Null);
        await RunAsync(connection, "SET search_path = hr");
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(Last4));
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(Last4), "again, without a Describe of the client's own");
    }

    [Test]
    public async Task Describes_again_what_a_swap_of_names_makes_of_a_statement()
    {
        await using NpgsqlConnection connection = await _endpoint.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT ssn FROM hr.open WHERE id = 1", connection);
        await command.PrepareAsync();
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo("gone"));
        await _cluster.AskAsync("ALTER TABLE hr.open RENAME TO aside; ALTER TABLE hr.people RENAME TO open;");
        try
        {
            Assert.That(await command.ExecuteScalarAsync(), Is.Not.EqualTo(Secret));
        }
        finally
        {
            await _cluster.AskAsync("ALTER TABLE hr.open RENAME TO people; ALTER TABLE hr.aside RENAME TO open;");
        }
    }

    [Test]
    public async Task Npgsql_loads_its_types_and_reads_binary_values_masked()
    {
        await using NpgsqlConnection connection = await _endpoint.OpenAsync();
        await connection.ReloadTypesAsync();
        await using var command = new NpgsqlCommand("SELECT id, ssn, salary, born, name FROM hr.people ORDER BY id", connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        Assert.That(await reader.ReadAsync());
        Assert.That(reader.GetInt32(0), Is.EqualTo(1));
        Assert.That(reader.GetString(1), Is.EqualTo(Last4));
        Assert.That(reader.IsDBNull(2) && reader.IsDBNull(3));
        Assert.That(reader.GetString(4), Is.EqualTo("Ada"));
    }

    [Test]
    public async Task Npgsql_exports_binary_rows_masked()
    {
        await using NpgsqlConnection connection = await _endpoint.OpenAsync();
        await using NpgsqlBinaryExporter exporter = await connection.BeginBinaryExportAsync(
            "COPY (SELECT id, ssn, name FROM hr.people ORDER BY id) TO STDOUT (FORMAT binary)");
        var rows = new List<string>();
        while (await exporter.StartRowAsync() > 0)
        {
            int id = await exporter.ReadAsync<int>();
            string? ssn = exporter.IsNull ? null : await exporter.ReadAsync<string>();
            if (ssn is null)
            {
                await exporter.SkipAsync();
            }

            rows.Add($"{id}|{ssn}|{await exporter.ReadAsync<string>()}");
        }

        Assert.That(rows, Is.EqualTo(new[] { "1|****6789|Ada", "2|****4321|Bob", "3||Eve" }));
    }

    [Test]
    public async Task Psql_describes_tables()
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, "\\d hr.people\n\\dt hr.*\n\\df hr.*\n\\l\n\\du\n\\d+ hr.shown\n");

        Assert.That(result.Error, Is.Empty);
        Assert.That(result.Output, Does.Contain("ssn").And.Contain("look"));
    }

    [Test]
    public async Task Psycopg2_reads_masked()
    {
        ToolResult result = await Tools.PythonAsync("masked_psycopg2.py", _endpoint);

        Assert.That(result.Output, Is.EqualTo("column\ncopy\ncursor\n"), result.ToString());
    }

    [Test]
    public async Task Asyncpg_reads_masked()
    {
        ToolResult result = await Tools.PythonAsync("masked_asyncpg.py", _endpoint);

        Assert.That(result.Output, Is.EqualTo("column\nprepared\nintrospection\ncursor\n"), result.ToString());
    }

    [Test]
    public async Task A_rule_lifts_a_mask_for_whom_it_names()
    {
        Endpoint auditor = _gateway.Through(await _gateway.MintAsync("auditors"));

        Assert.That((await Tools.PsqlAsync(auditor, "SELECT ssn FROM hr.people WHERE id = 1;")).Output, Is.EqualTo($"{Secret}\n"));
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
