using Npgsql;
using WireGate.EndToEnd.Tests.Harness;
using WireGate.Testing.Peers;

namespace WireGate.EndToEnd.Tests;

/// <summary>Ways by which a value that is masked comes back in clear.</summary>
internal sealed class MaskLeakTests
{
    private const string Ssn = "123-45-6789";
    private const string Word = "sekrit";

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
                CREATE SCHEMA leak;
                CREATE SCHEMA aside;
                CREATE TABLE leak.people (id int PRIMARY KEY, ssn text, name text, code text GENERATED ALWAYS AS (upper(ssn)) STORED);
                INSERT INTO leak.people VALUES (1, '123-45-6789', 'Ada'), (2, '987-65-4321', 'Bob'), (3, '123-45-6789', 'Eve');
                CREATE TABLE leak.words (id int, ssn text);
                INSERT INTO leak.words VALUES (1, 'sekrit');
                CREATE TABLE leak.open (id int, ssn text, w int);
                INSERT INTO leak.open VALUES (1, '123-45-6789', 1);
                CREATE TABLE aside.people (id int, ssn text, name text);
                INSERT INTO aside.people VALUES (9, 'none', 'n');
                CREATE SCHEMA moving;
                CREATE TABLE moving.people (id int, ssn text);
                INSERT INTO moving.people VALUES (1, '123-45-6789');
                """, direct);
            await make.ExecuteNonQueryAsync();
        }

        _gateway = await GatewayProcess.StartAsync(_cluster, text => text
            .Replace("databases: [orders, restored, bench]", "databases: [orders, restored, bench]\n    mask: [pii]", StringComparison.Ordinal)
            .Replace("by-socket:\n    protocol: postgres\n", "by-socket:\n    protocol: postgres\n    mask: [loose]\n", StringComparison.Ordinal)
            .Replace("in-clear:\n    protocol: postgres\n", "in-clear:\n    protocol: postgres\n    mask: [found]\n", StringComparison.Ordinal)
            .Replace("failing-over:\n    protocol: postgres\n", "failing-over:\n    protocol: postgres\n    mask: [joined]\n", StringComparison.Ordinal)
            .Replace("do: allow }\n", """
                do: allow }
                    - { name: words, match: { target: in-clear, sql: { tables: [leak.words] } }, do: deny, reason: "no" }
                masks:
                  pii: { columns: [leak.people.ssn, leak.words.ssn, moving.people.ssn], with: last4 }
                  joined: { columns: [leak.people.ssn], with: redact, predicates: allow }
                  loose: { columns: [leak.people.ssn], detect: [jwt], with: redact, unsure: detect }
                  found: { detect: [credit-card, iban, phone, us-ssn, ip, api-key], with: redact }

                """, StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP SCHEMA IF EXISTS leak, aside, moving, moved CASCADE");
    }

    [TestCase("ssn::regnamespace")]
    [TestCase("ssn::regrole")]
    [TestCase("ssn::regtype")]
    [TestCase("ssn::regproc")]
    [TestCase("ssn::regconfig")]
    [TestCase("ssn::regcollation")]
    [TestCase("ssn::regoper")]
    [TestCase("current_setting(ssn)")]
    [TestCase("has_schema_privilege(ssn, 'usage')")]
    [TestCase("has_database_privilege(ssn, 'connect')")]
    [TestCase("has_column_privilege('leak.open', ssn, 'select')")]
    [TestCase("to_tsquery(ssn || ' &')")]
    public async Task An_error_does_not_name_a_value_as_the_object_that_is_not_there(string expression)
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, $"SELECT {expression} FROM leak.words;\n");

        Assert.That(result.Error, Does.Not.Contain(Word), result.ToString());
    }

    [TestCase("SELECT code FROM leak.people WHERE id = 1")]
    [TestCase("SELECT * FROM leak.people WHERE id = 1")]
    public async Task A_column_generated_from_a_masked_one_is_masked(string sql) => await ShowsNotAsync(_endpoint, $"{sql};\n");

    [Test]
    public async Task A_prepared_statement_does_not_become_a_table() => await ShowsNotAsync(
        _endpoint, "PREPARE q AS SELECT ssn FROM leak.people;\nCREATE TEMP TABLE copied AS EXECUTE q;\nTABLE copied;\n");

    [TestCase("SET search_path = aside;\nSET search_path = leak\\; SELECT upper(ssn) FROM people;\n")]
    [TestCase("SET search_path = aside;\nSELECT set_config('search_path', 'leak', false)\\; SELECT upper(ssn) FROM people;\n")]
    [TestCase("SET search_path = aside;\nBEGIN\\; SET LOCAL search_path = leak\\; SELECT upper(ssn) FROM people\\; COMMIT;\n")]
    public async Task A_search_path_counts_for_what_follows_it_in_the_same_text(string sql) => await ShowsNotAsync(_endpoint, sql);

    [Test]
    public async Task An_encoding_counts_for_a_COPY_that_follows_it_in_the_same_text() => await ShowsNotAsync(
        _endpoint,
        "SET client_encoding = 'SJIS'\\; COPY (SELECT U&'\\30dd' AS a, ssn, U&'\\30bd' AS b, 'z' AS c FROM leak.people) TO STDOUT (DELIMITER '|');\n");

    [Test]
    public async Task A_domain_that_sets_something_takes_no_value() => await ShowsNotAsync(
        _endpoint,
        "CREATE DOMAIN leak.keeps AS text CHECK (set_config('x.kept', VALUE, false) IS NOT NULL);\nSELECT ssn::leak.keeps FROM leak.people WHERE id = 1;\nSHOW x.kept;\n");

    [Test]
    public async Task A_domain_that_would_change_what_names_mean_is_not_made()
    {
        ToolResult made = await Tools.PsqlAsync(
            _endpoint, "CREATE DOMAIN leak.moves AS text CHECK (set_config('search_path', 'leak', false) IS NOT NULL);\n");

        Assert.That(made.Error, Does.Contain("42501"), made.ToString());
    }

    [Test]
    public async Task A_setting_does_not_tell_what_stood_before_it()
    {
        ToolResult result = await Tools.PsqlAsync(
            _endpoint, "SELECT ssn LIKE '1%' AND set_config('x.told', '1', false) IS NOT NULL FROM leak.people WHERE id = 1;\nSHOW x.told;\n");

        Assert.That(result.Output, Does.Not.Contain("1\n"), result.ToString());
    }

    [Test]
    public async Task A_session_that_makes_tables_keeps_nobody_else_from_reading()
    {
        Endpoint endpoint = _endpoint;
        using var stop = new CancellationTokenSource();
        Task[] makers = [.. Enumerable.Range(0, 3).Select(i => Task.Run(async () =>
        {
            await using RawSession session = await RawSession.OpenAsync(endpoint);
            while (!stop.IsCancellationRequested)
            {
                await session.AskAsync($"CREATE TEMP TABLE scratch{i} (id int); DROP TABLE scratch{i}");
            }
        }))];
        await using RawSession reader = await RawSession.OpenAsync(endpoint);
        int refused = 0;
        for (int i = 0; i < 40; i++)
        {
            refused += (await reader.AskAsync("SELECT id FROM leak.people WHERE id = 1")).Contains("E42501", StringComparison.Ordinal) ? 1 : 0;
        }

        await stop.CancelAsync();
        await Task.WhenAll(makers);
        Assert.That(refused, Is.Zero);
    }

    [Test]
    public async Task A_rule_about_a_table_holds_behind_a_search_path_in_the_same_text()
    {
        Endpoint endpoint = await ToAsync("in-clear");
        ToolResult result = await Tools.PsqlAsync(endpoint, "SET search_path = aside;\nSET search_path = leak\\; UPDATE words SET id = id RETURNING ssn;\n");

        Assert.That(result.Output, Does.Not.Contain(Word), result.ToString());
        Assert.That(result.Error, Does.Contain("42501").Or.Contain("denied"), result.ToString());
    }

    [Test]
    public async Task A_cursor_with_hold_that_sets_something_counts_when_it_is_declared() => await ShowsNotAsync(
        _endpoint,
        "SET search_path = aside;\nDECLARE c CURSOR WITH HOLD FOR SELECT set_config('search_path', 'leak', false);\nSELECT upper(ssn) FROM people;\n");

    [Test]
    public async Task A_cursor_is_masked_by_what_its_names_meant_when_it_was_declared() => await ShowsNotAsync(
        _endpoint,
        "SET search_path = leak;\nDECLARE c CURSOR WITH HOLD FOR SELECT upper(ssn) FROM people;\nSET search_path = aside;\nFETCH ALL FROM c;\n");

    [Test]
    public async Task A_schema_of_masked_columns_is_not_renamed() => await ShowsNotAsync(
        _endpoint, "ALTER SCHEMA moving RENAME TO moved;\nSELECT ssn FROM moved.people;\n");

    [TestCase("SELECT p.to_json FROM leak.people p, (SELECT 1 AS to_json) z")]
    [TestCase("SELECT p.quote_literal || '' FROM leak.people p, (SELECT 1 AS quote_literal) z")]
    [TestCase("SELECT q.concat FROM (SELECT ssn FROM leak.people) q, (SELECT 1 AS concat) z")]
    [TestCase("WITH q AS (SELECT ssn FROM leak.people) SELECT q.row_to_json FROM q, (SELECT 1 AS row_to_json) z")]
    [TestCase("UPDATE leak.people p SET name = p.quote_literal FROM (SELECT 1 AS quote_literal) z WHERE p.id = 3 RETURNING name")]
    public async Task A_function_of_a_row_is_no_column_because_another_has_its_name(string sql) => await ShowsNotAsync(_endpoint, $"{sql};\n");

    [Test]
    public async Task The_alias_of_USING_is_a_row_of_what_is_joined_by() => await ShowsNotAsync(
        await ToAsync("failing-over"),
        "SELECT to_json(w) FROM leak.people JOIN (SELECT ssn FROM leak.open) o USING (ssn) AS w WHERE EXISTS (SELECT w FROM leak.open);\n");

    [TestCase("SELECT reverse(ssn), pg_sleep(0) FROM leak.people", "9876-54-321")]
    [TestCase("SELECT upper(ssn) FROM leak.people, pg_sleep(0)", Ssn)]
    public async Task What_is_known_of_a_column_counts_beside_what_is_not(string sql, string value)
    {
        ToolResult result = await Tools.PsqlAsync(await ToAsync("by-socket"), $"{sql};\n");

        Assert.That(result.Output, Does.Not.Contain(value), result.ToString());
    }

    [TestCase("SELECT substr(ssn, 1, 1), array_agg(id) FROM leak.people GROUP BY ROLLUP (1)")]
    [TestCase("SELECT ssn LIKE '1%', array_agg(id) FROM leak.people GROUP BY GROUPING SETS ((1))")]
    [TestCase("SELECT name(ssn), id FROM leak.people ORDER BY name")]
    [TestCase("SELECT (ssn || '')::name, id FROM leak.people ORDER BY name")]
    [TestCase("SELECT DISTINCT ON (name) name(ssn), id FROM leak.people")]
    [TestCase("SELECT count(*) FROM (SELECT DISTINCT ssn LIKE '1%' FROM leak.people) s")]
    [TestCase("SELECT count(*) FROM (SELECT ssn LIKE '1%' AS b FROM leak.people UNION SELECT true) s")]
    public async Task A_masked_column_does_not_group_or_order_by_another_name(string sql)
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, $"{sql};\n");

        Assert.That(result.Error, Does.Contain("may not stand in a condition"), result.ToString());
    }

    [TestCase("123-45-6789")]
    [TestCase("AKIAIOSFODNN7EXAMPLE")]
    [TestCase("DE89370400440532013000")]
    [TestCase("10.20.30.40")]
    [TestCase("212-555-0123")]
    public async Task A_detector_finds_what_stands_behind_a_line_break_in_JSON(string value)
    {
        ToolResult result = await Tools.PsqlAsync(await ToAsync("in-clear"), $"SELECT json_build_object('note', E'x\\n{value}');\n");

        Assert.That(result.Output, Does.Not.Contain(value), result.ToString());
    }

    [TestCase("tel +1 212 555 0123 4111 1111 1111 1111", "1111 1111")]
    [TestCase("212-555-4111-1111-1111-1111", "1111-1111")]
    [TestCase("+1 212 555 0123 123-45-6789", "6789")]
    public async Task What_two_detectors_find_is_hidden_to_the_end_of_both(string text, string rest)
    {
        ToolResult result = await Tools.PsqlAsync(await ToAsync("in-clear"), $"SELECT '{text}';\n");

        Assert.That(result.Output, Does.Not.Contain(rest), result.ToString());
    }

    [TestCase("ip:10.20.30.40", "10.20.30.40")]
    [TestCase("host:10.20.30.40:5432", "10.20.30.40")]
    [TestCase("addr:2001:db8::1", "db8")]
    [TestCase("from 10.20.30.40: refused", "10.20.30.40")]
    [TestCase("It was 10.20.30.40.", "10.20.30.40")]
    public async Task A_detector_finds_an_address_beside_a_colon_or_a_stop(string text, string address)
    {
        ToolResult result = await Tools.PsqlAsync(await ToAsync("in-clear"), $"SELECT '{text}';\n");

        Assert.That(result.Output, Does.Not.Contain(address), result.ToString());
    }

    [TestCase("SELECT name, count(*) AS n FROM leak.people GROUP BY name ORDER BY n DESC, name", "Ada|1\nBob|1\nEve|1")]
    [TestCase("SELECT p.id FROM leak.people p JOIN generate_series(1, 1) AS g(n) ON g.n = p.id", "1")]
    [TestCase("INSERT INTO leak.people (id, ssn) VALUES (1, '123-45-6789') ON CONFLICT (id) DO UPDATE SET ssn = excluded.ssn RETURNING id", "1")]
    public async Task What_tells_nothing_of_a_masked_column_runs(string sql, string shown)
    {
        ToolResult result = await Tools.PsqlAsync(_endpoint, $"{sql};\n");

        Assert.That(result.Output.TrimEnd('\n'), Is.EqualTo(shown), result.ToString());
    }

    [Test]
    public async Task What_a_detector_finds_is_in_no_report_of_a_setting()
    {
        await using RawSession session = await RawSession.OpenAsync(await ToAsync("in-clear"));
        await session.SendAsync(RawSession.Query("SELECT set_config('application_name', 'card 4111 1111 1111 1111', false)"));
        string all = "";
        for (char type = ' '; type != 'Z';)
        {
            PeerMessage message = await session.ReadOneAsync();
            all += message.Text;
            type = message.Type;
        }

        Assert.That(all, Does.Not.Contain("4111 1111 1111 1111"));
    }

    [Test]
    public async Task What_a_detector_finds_is_in_no_error()
    {
        ToolResult result = await Tools.PsqlAsync(
            await ToAsync("in-clear"), "SELECT current_setting(replace('card 4x11 1111 1111 1111', 'x', '1'));\n");

        Assert.That(result.Error, Does.Not.Contain("4111 1111 1111 1111"), result.ToString());
    }

    private async Task<Endpoint> ToAsync(string target) =>
        _gateway.Through(await _gateway.MintAsync(target: target)) with { User = $"alice@{target}" };

    private static async Task ShowsNotAsync(Endpoint endpoint, string sql)
    {
        ToolResult result = await Tools.PsqlAsync(endpoint, sql);

        Assert.That(result.ToString(), Does.Not.Contain(Ssn), sql);
        // It ran masked, or was refused: not that nothing was asked.
        Assert.That(result.ToString(), Does.Contain("[redacted]").Or.Contain("42501").Or.Contain("*6789"), sql);
    }
}
