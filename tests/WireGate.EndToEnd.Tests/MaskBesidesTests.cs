using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>Masked values beside the rows of a SELECT: formats, views of functions, notifications, several masks, and the catalog's own locks.</summary>
internal sealed class MaskBesidesTests
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
                CREATE SCHEMA besides;
                CREATE TABLE besides.people (id int PRIMARY KEY, ssn text, name text);
                INSERT INTO besides.people VALUES (1, '123-45-6789', 'Ada'), (2, '987-65-4321', 'Bob'), (3, NULL, 'Eve');
                CREATE TABLE besides.open (id int, note text);
                INSERT INTO besides.open VALUES (1, 'n');
                CREATE VIEW besides.seen AS SELECT id, note FROM besides.open;
                CREATE FUNCTION besides.all_people() RETURNS SETOF besides.people LANGUAGE plpgsql AS $$BEGIN RETURN QUERY TABLE besides.people; END$$;
                CREATE FUNCTION besides.ssn_of(i int) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT ssn FROM besides.people WHERE id = i); END$$;
                CREATE VIEW besides.by_rows AS SELECT p.id, p.ssn FROM besides.all_people() p;
                CREATE VIEW besides.by_subquery AS SELECT s.id, s.x FROM (SELECT id, besides.ssn_of(id) AS x FROM besides.open) s;
                CREATE VIEW besides.by_with AS WITH c AS MATERIALIZED (SELECT id, besides.ssn_of(id) AS x FROM besides.open) SELECT id, x FROM c;
                CREATE VIEW besides.by_part AS SELECT id, substr(besides.ssn_of(id), 1, 8) AS x FROM besides.open;
                CREATE FUNCTION besides.tells() RETURNS trigger LANGUAGE plpgsql AS
                    $$BEGIN PERFORM pg_notify('besides', row_to_json(NEW)::text); RETURN NEW; END$$;
                CREATE TRIGGER tells AFTER UPDATE ON besides.people FOR EACH ROW EXECUTE FUNCTION besides.tells();
                """, direct);
            await make.ExecuteNonQueryAsync();
        }

        _gateway = await GatewayProcess.StartAsync(_cluster, text => text
            .Replace("databases: [orders, restored, bench]", "databases: [orders, restored, bench]\n    mask: [pii]", StringComparison.Ordinal)
            .Replace("by-socket:\n    protocol: postgres\n", "by-socket:\n    protocol: postgres\n    mask: [above, soft, hard]\n", StringComparison.Ordinal)
            .Replace("do: allow }\n", """
                do: allow }
                masks:
                  pii: { columns: [besides.people.ssn, besides.late.ssn, besides.swap.ssn], with: last4 }
                  above: { columns: [besides.open.note], with: redact, predicates: allow }
                  soft: { columns: [besides.people.name], with: redact, predicates: allow }
                  hard: { columns: [besides.people.ssn], with: redact }

                """, StringComparison.Ordinal)
            .Replace("limits: { failurePenalty: 1ms }", "limits: { failurePenalty: 1ms, connect: 3s }", StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP SCHEMA IF EXISTS besides CASCADE");
    }

    [Test]
    public async Task What_stands_for_NULL_in_a_COPY_finds_no_value()
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, $"COPY (SELECT id, ssn FROM besides.people WHERE id < 3 ORDER BY id) TO STDOUT (NULL '{Ssn}');\n");

        Assert.That(result.Output, Does.Not.Contain(Ssn), result.ToString());
    }

    [TestCase("SELECT ssn FROM besides.by_rows")]
    [TestCase("SELECT x FROM besides.by_subquery")]
    [TestCase("SELECT x FROM besides.by_with")]
    public async Task What_a_view_has_from_a_function_is_hidden_under_whatever_name(string sql)
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, $"{sql};\n");

        Assert.That(result.ToString(), Does.Not.Contain(Ssn));
    }

    [Test]
    public async Task What_a_view_that_cannot_be_read_has_from_a_function_is_hidden()
    {
        await using NpgsqlConnection direct = await _cluster.Direct(tls: false).OpenAsync();
        await using var make = new NpgsqlCommand(
            $"CREATE VIEW besides.by_length AS SELECT besides.ssn_of(id) AS x, '{new string('p', 70_000)}'::text AS pad FROM besides.open", direct);
        await make.ExecuteNonQueryAsync();
        ToolResult result = await Tools.PsqlAsync(_endpoint, "CREATE TEMP TABLE besides_again (id int);\nSELECT x FROM besides.by_length;\n");

        Assert.That(result.Output, Does.Not.Contain(Ssn), result.ToString());
    }

    [Test]
    public async Task What_a_view_makes_with_a_function_shows_no_end()
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, "SELECT x FROM besides.by_part;\n");

        Assert.That(result.Output, Does.Not.Contain("5-6").And.Not.Contain("45-"), result.ToString());
    }

    [TestCase("name IS NOT NULL AND ssn LIKE '123%'")]
    [TestCase("ssn LIKE '123%' AND name IS NOT NULL")]
    [TestCase("people::text LIKE '%123-45%'")]
    [TestCase("to_json(people)->>'ssn' LIKE '123%'")]
    public async Task A_column_that_may_stand_in_a_condition_lets_no_other_stand_there(string condition)
    {
        Endpoint endpoint = _gateway.Through(await _gateway.MintAsync(target: "by-socket")) with { User = "alice@by-socket" };
        ToolResult result = await Tools.PsqlAsync(endpoint, $"SELECT id FROM besides.people WHERE {condition};\n");

        Assert.That(result.Error, Does.Contain("may not stand in a condition"), result.ToString());
    }

    [Test]
    public async Task A_notification_of_a_trigger_does_not_tell_the_value()
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, "LISTEN besides;\nUPDATE besides.people SET name = 'Ada' WHERE id = 1;\nSELECT 1;\n");

        Assert.That(result.ToString(), Does.Not.Contain(Ssn));
    }

    [Test]
    public async Task Options_of_a_user_mapping_are_hidden_in_every_view_of_them()
    {
        await using NpgsqlConnection direct = await _cluster.Direct(tls: false, user: PostgresCluster.Superuser).OpenAsync();
        await using var make = new NpgsqlCommand($"""
            CREATE FOREIGN DATA WRAPPER besides_none;
            CREATE SERVER besides_server FOREIGN DATA WRAPPER besides_none;
            CREATE USER MAPPING FOR {PostgresCluster.AppUser} SERVER besides_server OPTIONS (password 'hunter2');
            GRANT USAGE ON FOREIGN SERVER besides_server TO {PostgresCluster.AppUser};
            """, direct);
        await using var drop = new NpgsqlCommand("DROP FOREIGN DATA WRAPPER besides_none CASCADE", direct);
        await make.ExecuteNonQueryAsync();
        try
        {
            ToolResult result = await Tools.PsqlAsync(_endpoint, "SELECT option_value FROM information_schema.user_mapping_options;\n");

            Assert.That(result.ToString(), Does.Not.Contain("hunter2"));
        }
        finally
        {
            await drop.ExecuteNonQueryAsync();
        }
    }

    [Test]
    public async Task A_large_value_of_which_nothing_is_hidden_passes_in_the_first_row_too()
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, "SELECT id, repeat('x', 20000000) FROM besides.open WHERE id = 1;\n");

        Assert.That(result.Output, Has.Length.GreaterThan(20_000_000), result.Error);
    }

    [Test]
    public async Task What_the_client_is_told_has_failed_has_not_run()
    {
        ToolResult told = await Tools.PsqlAsync(_endpoint, "INSERT INTO besides.open VALUES (77, 'n') RETURNING id, repeat('x', 20000000);\n");
        ToolResult ran = await Tools.PsqlAsync(_endpoint, "SELECT count(*) FROM besides.open WHERE id = 77;\n");

        Assert.That(told.Error.Contains("ERROR", StringComparison.Ordinal) && ran.Output.StartsWith('1'), Is.False, told.Error + ran.Output);
    }

    [Test]
    public async Task A_write_whose_rows_cannot_be_masked_ends_the_session_and_says_that_it_may_stay()
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, "UPDATE besides.people SET name = name WHERE id = 1 RETURNING ssn, repeat('x', 20000000);\n");

        Assert.That(result.Error, Does.Contain("FATAL").And.Contain("may be in force").And.Not.Contain("ERROR"), result.Error);
    }

    [Test]
    public async Task A_transaction_in_which_a_row_cannot_be_masked_is_rolled_back_by_its_COMMIT()
    {
        ToolResult told = await Tools.PsqlAsync(
            _endpoint,
            "\\set ON_ERROR_STOP off\nBEGIN;\nINSERT INTO besides.open VALUES (78, 'n');\nSELECT ssn, repeat('x', 20000000) FROM besides.people WHERE id = 1;\nSELECT 4242;\nCOMMIT;\n");
        ToolResult ran = await Tools.PsqlAsync(_endpoint, "SELECT count(*) FROM besides.open WHERE id = 78;\n");

        Assert.That(told.Error, Does.Contain("larger than what is read"), told.ToString());
        Assert.That((told.Output.Contains("4242", StringComparison.Ordinal), ran.Output), Is.EqualTo((false, "0\n")), told.Error);
    }

    [Test]
    public async Task A_temporary_table_of_this_very_transaction_is_no_row_of_NULLs()
    {
        ToolResult result = await Tools.PsqlAsync(
            _endpoint, "BEGIN;\nCREATE TEMP TABLE besides_own (id int) ON COMMIT DROP;\nINSERT INTO besides_own VALUES (42);\nSELECT id FROM besides_own;\nROLLBACK;\n");

        Assert.That(result.Output, Is.EqualTo("42\n"), result.ToString());
    }

    // The values of what it made itself are its own; others are masked beside them, and what is made of both.
    [TestCase("SELECT id FROM mine", "42")]
    [TestCase("SELECT m.id, p.name FROM mine m JOIN besides.people p ON p.id < m.id ORDER BY p.id LIMIT 1", "42|Ada")]
    [TestCase("SELECT m.v, p.ssn FROM mine m, besides.people p WHERE p.id = 1", "v|****6789")]
    [TestCase("SELECT m.v || p.ssn FROM mine m, besides.people p WHERE p.id = 1", "[redacted]")]
    [TestCase("INSERT INTO mine SELECT id, name FROM besides.people WHERE id = 1; SELECT v FROM mine WHERE id = 1", "Ada")]
    [TestCase("INSERT INTO mine SELECT id, ssn FROM besides.people; SELECT v FROM mine", "")]
    [TestCase("CREATE TEMP VIEW over AS SELECT id, ssn AS v FROM besides.people; SELECT v FROM over", "")]
    [TestCase("CREATE TEMP VIEW over AS SELECT id FROM mine; SELECT id FROM mine", "42")]
    [TestCase("CREATE TEMP VIEW over AS SELECT id FROM mine; SELECT id FROM over", "")]
    [TestCase("CREATE TEMP TABLE like_them (LIKE besides.people); SELECT 1", "")]
    [TestCase("CREATE TEMP TABLE made AS SELECT id + 1 AS id FROM mine; CREATE INDEX ON made (id); SELECT id FROM made", "43")]
    [TestCase("DO $$BEGIN EXECUTE 'DROP TABLE mine; CREATE TEMP VIEW mine AS SELECT ssn AS id FROM besides.people'; END$$; SELECT id FROM mine", "")]
    public async Task What_a_transaction_made_itself_is_shown(string sql, string shown)
    {
        ToolResult result = await Tools.PsqlAsync(
            _endpoint, $"BEGIN;\nCREATE TEMP TABLE mine (id int, v text) ON COMMIT DROP;\nINSERT INTO mine VALUES (42, 'v');\n{sql.Replace("; ", ";\n", StringComparison.Ordinal)};\nROLLBACK;\n");

        Assert.That(result.Output.TrimEnd('\n'), Is.EqualTo(shown), result.ToString());
    }

    [Test]
    public async Task A_table_that_was_there_already_is_not_the_sessions_own()
    {
        await _cluster.AskAsync(
            "CREATE TABLE besides.late (id int, ssn text); INSERT INTO besides.late VALUES (1, '123-45-6789'); GRANT SELECT ON besides.late TO " + PostgresCluster.AppUser);
        ToolResult result = await Tools.PsqlAsync(
            _endpoint, "BEGIN;\nSAVEPOINT s;\nCREATE TABLE besides.late (id int);\nROLLBACK TO s;\nCREATE TABLE IF NOT EXISTS besides.late (id int);\nSELECT * FROM besides.late;\nROLLBACK;\n");

        Assert.That(result.Output, Does.Not.Contain(Ssn), result.ToString());
    }

    // Its text says other names then.
    [Test]
    public async Task A_view_is_read_again_when_what_it_reads_has_other_names()
    {
        await _cluster.AskAsync(
            "CREATE TABLE besides.swap (a text, ssn text); INSERT INTO besides.swap VALUES ('123-45-6789', 'n'); CREATE VIEW besides.swapped AS SELECT a AS v FROM besides.swap; GRANT SELECT ON besides.swapped TO " + PostgresCluster.AppUser);
        const string sql = "CREATE TEMP TABLE changes (id int);\nSELECT v FROM besides.swapped;\n";
        Assert.That((await Tools.PsqlAsync(_endpoint, sql)).Output, Does.Contain(Ssn));

        await _cluster.AskAsync("ALTER TABLE besides.swap RENAME ssn TO x; ALTER TABLE besides.swap RENAME a TO ssn; ALTER TABLE besides.swap RENAME x TO a");
        ToolResult result = await Tools.PsqlAsync(_endpoint, sql);

        Assert.That(result.Output, Does.Contain("*6789").And.Not.Contain(Ssn), result.ToString());
    }

    [Test]
    public async Task A_migration_in_a_transaction_goes_on_upon_a_table_with_a_view()
    {
        ToolResult result = await Tools.PsqlAsync(
            _endpoint, "BEGIN;\nALTER TABLE besides.open ADD COLUMN more text;\nSELECT count(*) FROM besides.open;\nROLLBACK;\n");

        Assert.That(result.Error, Does.Not.Contain("catalog cannot be read"), result.ToString());
    }

    [Test]
    public async Task A_lock_upon_a_table_with_a_view_keeps_nobody_from_reading_another()
    {
        await using NpgsqlConnection direct = await _cluster.Direct(tls: false).OpenAsync();
        await using NpgsqlTransaction transaction = await direct.BeginTransactionAsync();
        await using var locks = new NpgsqlCommand("LOCK TABLE besides.open", direct, transaction);
        await locks.ExecuteNonQueryAsync();
        ToolResult result = await Tools.PsqlAsync(_endpoint, "CREATE TEMP TABLE besides_scratch (id int);\nSELECT name FROM besides.people WHERE id = 2;\n");

        Assert.That(result.Output, Does.Contain("Bob"), result.ToString());
    }

    [Test]
    public async Task Views_whose_texts_are_out_of_proportion_hide_all_of_themselves_and_nothing_else()
    {
        string columns = string.Join(',', Enumerable.Range(0, 600).Select(i => $"{new string('c', 58)}{i} int"));
        string sources = string.Join(',', Enumerable.Range(0, 700).Select(i => $"(SELECT * FROM besides.wide) a{i}"));
        string views = string.Concat(Enumerable.Range(0, 2).Select(i => $"CREATE VIEW besides.huge{i} AS SELECT 700 AS x FROM {sources};"));
        await _cluster.AskAsync($"CREATE TABLE besides.wide ({columns}); {views} GRANT SELECT ON ALL TABLES IN SCHEMA besides TO {PostgresCluster.AppUser}");
        try
        {
            ToolResult result = await Tools.PsqlAsync(
                _endpoint, "CREATE TEMP TABLE besides_huge (id int);\nSELECT name FROM besides.people WHERE id = 2;\nSELECT x FROM besides.huge1;\n");

            Assert.That(result.Succeeded().Output, Does.StartWith("Bob\n").And.Not.Contain("700"));
        }
        finally
        {
            await _cluster.AskAsync("DROP VIEW besides.huge0, besides.huge1; DROP TABLE besides.wide");
        }
    }
}
