using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>Drivers of other languages, each by a program of ours in Clients/ that prints a line for each thing that came out right.</summary>
[TestFixtureSource(typeof(Route), nameof(Route.All))]
internal sealed class DriverTests(Route route)
{
    [Test]
    public async Task Node_postgres_works()
    {
        ToolResult result = await Tools.NodeAsync("node_postgres.js", await route.OpenAsync());

        AssertLines(result, "simple", "parameters", "prepared", "transaction", "large", "notify", "cancelled");
    }

    [Test]
    public async Task Psycopg2_works()
    {
        ToolResult result = await Tools.PythonAsync("with_psycopg2.py", await route.OpenAsync());

        AssertLines(result, "parameters", "transaction", "copy", "copy refused", "cursor", "large object", "notify", "cancelled");
    }

    [Test]
    public async Task Asyncpg_works()
    {
        ToolResult result = await Tools.PythonAsync("with_asyncpg.py", await route.OpenAsync());

        AssertLines(result, "parameters", "prepared", "introspection", "transaction", "copy", "notify", "cancelled", "pool");
    }

    private static void AssertLines(ToolResult result, params IReadOnlyList<string> lines)
    {
        Assert.That(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(lines), result.ToString());
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }
}
