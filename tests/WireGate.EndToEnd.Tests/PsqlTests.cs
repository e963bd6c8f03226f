using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>psql, as people use it.</summary>
[TestFixtureSource(typeof(Route), nameof(Route.All))]
internal sealed class PsqlTests(Route route)
{
    [Test]
    public async Task Runs_statements_one_by_one_and_together()
    {
        ToolResult result = await RunAsync("""
            SELECT count(*) FROM customers;
            SELECT 1 \; SELECT 2 \; SELECT 3;
            BEGIN; CREATE TEMPORARY TABLE t AS SELECT generate_series(1, 5) AS n; COMMIT;
            SELECT sum(n) FROM t;
            SELECT 'grüß' || chr(128512);
            PREPARE p AS SELECT n FROM t WHERE n = $1; EXECUTE p (4);
            """);

        Assert.That(result.Output, Is.EqualTo("10000\n1\n2\n3\n15\ngrüß\U0001F600\n4\n"), result.ToString());
    }

    [Test]
    public async Task Shows_an_error_whole_and_goes_on()
    {
        ToolResult result = await RunAsync("""
            \set ON_ERROR_STOP 0
            SELECT nothing FROM customers;
            DO $$ BEGIN RAISE WARNING 'careful' USING HINT = 'a hint'; END $$;
            SELECT 'still here';
            """);

        Assert.That(result.Output, Is.EqualTo("still here\n"), result.ToString());
        Assert.That(result.Error, Does.Contain("ERROR:  42703: column \"nothing\" does not exist\nLINE 1: SELECT nothing"));
        Assert.That(result.Error, Does.Contain("WARNING:  01000: careful\nHINT:  a hint"));
    }

    [Test]
    public async Task Stops_at_the_first_error_of_a_batch()
    {
        ToolResult result = await RunAsync("SELECT 1 \\; SELECT 1 / 0 \\; SELECT 2;");

        Assert.That(result.ExitCode, Is.EqualTo(3), result.ToString());
        Assert.That(result.Output, Is.EqualTo("1\n"));
        Assert.That(result.Error, Does.Contain("22012: division by zero"));
    }

    [Test]
    public async Task Copies_in_and_out()
    {
        string file = Path.GetTempFileName();
        try
        {
            ToolResult result = await RunAsync($"""
                CREATE TEMPORARY TABLE copied (LIKE customers);
                \copy (SELECT * FROM customers) TO '{file}' (FORMAT csv)
                \copy copied FROM '{file}' (FORMAT csv)
                SELECT (SELECT count(*) FROM copied), (SELECT count(*) FROM (TABLE copied EXCEPT TABLE customers) d);
                \copy copied FROM '{file}' (FORMAT binary)
                """);

            Assert.That(result.Output, Is.EqualTo("10000|0\n"), result.ToString());
            Assert.That(result.Error, Does.Contain("22P04: COPY file signature not recognized"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public async Task Ctrl_C_cancels_the_statement()
    {
        string mark = $"m{Guid.NewGuid():N}";
        PostgresCluster cluster = await Machine.ClusterAsync(route.Version);
        Endpoint endpoint = await route.OpenAsync();
        await using RunningProcess psql = RunningProcess.Start(
            Places.Program("psql"), [.. Tools.PsqlArguments, "-c", $"SELECT pg_sleep(600) /* {mark} */"], endpoint.ToEnvironment());
        string running = $"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%{mark}%'";
        await Wait.UntilAsync(async () => await cluster.AskAsync(running) == "1", "the statement to run");

        psql.Signal(Unix.SigInt);

        Assert.That(await psql.WaitForExitAsync(), Is.Not.Zero);
        Assert.That(psql.Error, Does.Contain("57014: canceling statement due to user request"));
        Assert.That(await cluster.AskAsync(running), Is.EqualTo("0"));
    }

    private async Task<ToolResult> RunAsync(string script) => await Tools.PsqlAsync(await route.OpenAsync(), script);
}
