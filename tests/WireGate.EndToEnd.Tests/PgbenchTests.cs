using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>pgbench in all its modes.</summary>
[TestFixtureSource(typeof(Route), nameof(Route.All))]
internal sealed class PgbenchTests(Route route)
{
    [TestCase("simple")]
    [TestCase("extended")]
    [TestCase("prepared")]
    public async Task Pgbench_runs_its_transactions_without_a_failure(string mode)
    {
        Dictionary<string, string> environment = (await route.OpenAsync("bench")).ToEnvironment();
        (await Tools.RunAsync("pgbench", ["-i", "-s", "1", "-q", "bench"], environment)).Succeeded();

        ToolResult mixed = await Tools.RunAsync("pgbench", ["-M", mode, "-n", "-c", "8", "-t", "50", "bench"], environment);
        ToolResult reading = await Tools.RunAsync("pgbench", ["-M", mode, "-S", "-n", "-C", "-c", "4", "-t", "10", "bench"], environment);

        Assert.That(mixed.ExitCode, Is.Zero, mixed.ToString());
        Assert.That(mixed.Output, Does.Contain("number of transactions actually processed: 400/400").And.Contain("number of failed transactions: 0"));
        Assert.That(reading.ExitCode, Is.Zero, reading.ToString());
        Assert.That(reading.Output, Does.Contain("number of transactions actually processed: 40/40"));
    }

    [Test]
    public async Task Pgbench_pipelines()
    {
        string statements = string.Concat(Enumerable.Repeat("SELECT count(*) FROM customers WHERE id < 10;\n", 50));

        ToolResult result = await Tools.RunAsync(
            "pgbench",
            ["-M", "extended", "-n", "-f", "/dev/stdin", "-c", "2", "-t", "20", "orders"],
            (await route.OpenAsync()).ToEnvironment(),
            $"\\startpipeline\n{statements}\\endpipeline\n");

        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Output, Does.Contain("number of transactions actually processed: 40/40"));
    }
}
