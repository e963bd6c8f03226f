using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>OLD and NEW of RETURNING, which PostgreSQL 18 has and the grammar that texts are read by has not.</summary>
internal sealed class MaskReturningTests
{
    private const string Ssn = "123-45-6789";

    private GatewayProcess _gateway = null!;
    private PostgresCluster _cluster = null!;
    private Endpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(18);
        await using (NpgsqlConnection direct = await _cluster.Direct(tls: false).OpenAsync())
        {
            await using var make = new NpgsqlCommand("""
                CREATE SCHEMA given;
                CREATE TABLE given.people (id int PRIMARY KEY, ssn text, name text);
                INSERT INTO given.people VALUES (1, '123-45-6789', 'Ada');
                """, direct);
            await make.ExecuteNonQueryAsync();
        }

        _gateway = await GatewayProcess.StartAsync(_cluster, text => text
            .Replace("databases: [orders, restored, bench]", "databases: [orders, restored, bench]\n    mask: [pii]", StringComparison.Ordinal)
            .Replace("do: allow }\n", """
                do: allow }
                masks:
                  pii: { columns: [given.people.ssn], with: redact }

                """, StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP SCHEMA IF EXISTS given CASCADE");
    }

    [TestCase("UPDATE given.people SET name = name WHERE id = 1 RETURNING old::text")]
    [TestCase("UPDATE given.people SET name = name WHERE id = 1 RETURNING new::text")]
    [TestCase("UPDATE given.people SET name = name WHERE id = 1 RETURNING to_json(old) AS old")]
    [TestCase("UPDATE given.people SET name = name WHERE id = 1 RETURNING upper(new::text) AS new")]
    [TestCase("UPDATE given.people SET name = name WHERE id = 1 RETURNING old, new.*, old.ssn || ''")]
    [TestCase("DELETE FROM given.people RETURNING old::text")]
    [TestCase("INSERT INTO given.people VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'Ada' RETURNING old::text")]
    [TestCase("COPY (UPDATE given.people SET name = name WHERE id = 1 RETURNING old::text) TO STDOUT")]
    [TestCase("WITH w AS (UPDATE given.people SET name = name WHERE id = 1 RETURNING old::text AS x) SELECT x FROM w")]
    public async Task The_rows_of_RETURNING_are_masked(string sql) =>
        Assert.That((await AskAsync(sql)).ToString(), Does.Not.Contain(Ssn));

    [TestCase("WITH w AS (UPDATE given.people SET name = name WHERE id = 1 RETURNING old::text AS x) SELECT count(*) FROM w WHERE x LIKE '%123%'")]
    [TestCase("CREATE TEMP TABLE t (x text); WITH w AS (UPDATE given.people SET name = name WHERE id = 1 RETURNING old::text AS x) INSERT INTO t SELECT x FROM w")]
    public async Task They_decide_nothing_and_are_written_nowhere(string sql) => Assert.That((await AskAsync(sql)).Error, Does.Contain("42501"));

    [Test]
    public async Task What_is_not_masked_of_them_is_shown()
    {
        ToolResult result = await AskAsync("UPDATE given.people SET name = 'Bob' WHERE id = 1 RETURNING old.name || ' to ' || new.name");

        Assert.That(result.Output, Does.Contain("Ada to Bob"), result.ToString());
    }

    private async Task<ToolResult> AskAsync(string sql) =>
        await Tools.PsqlAsync(_endpoint, $"BEGIN;\n{sql.Replace("; ", ";\n", StringComparison.Ordinal)};\nROLLBACK;\n");
}
