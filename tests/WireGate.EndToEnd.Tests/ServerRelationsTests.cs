using System.Runtime.CompilerServices;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>The shipped list of what is shown of pg_catalog against real servers: what nobody has reviewed is found.</summary>
internal sealed class ServerRelationsTests
{
    // What is not in the list on purpose.
    private static readonly string[] Hidden =
        ["pg_aios", "pg_backend_memory_contexts", "pg_shmem_allocations", "pg_shmem_allocations_numa", "pg_statistic_ext_data", "pg_stats_ext_exprs"];

    [TestCase(15)]
    [TestCase(18)]
    public async Task Each_relation_was_reviewed(int version)
    {
        PostgresCluster cluster = await Machine.ClusterAsync(version);
        string there = (await cluster.AskAsync(
            "SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')"))!;

        Assert.That(there.Split(' ').Except((await LinesAsync()).Select(line => line[0])), Is.SubsetOf(Hidden));
    }

    [Test]
    public async Task Each_that_is_named_is_there_in_some_version()
    {
        var there = new HashSet<string>(StringComparer.Ordinal);
        foreach (int version in (int[])[15, 18])
        {
            PostgresCluster cluster = await Machine.ClusterAsync(version);
            there.UnionWith((await cluster.AskAsync(
                """
                SELECT string_agg(relname || '.' || attname, ' ') FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid
                WHERE relnamespace = 'pg_catalog'::regnamespace AND attnum > 0
                """))!.Split(' '));
        }

        List<string[]> lines = await LinesAsync();
        IEnumerable<string> named = lines.SelectMany(line => line[1..].Where(c => c != "*").Select(c => $"{line[0]}.{c.TrimStart('-')}"));

        Assert.That(named.Except(there), Is.Empty);
        Assert.That(lines.Select(line => line[0]).Except(there.Select(t => t.Split('.')[0])), Is.Empty);
        Assert.That(lines.Select(line => line[0]), Is.Unique);
    }

    private static async Task<List<string[]>> LinesAsync() =>
        [.. (await File.ReadAllLinesAsync(ListPath())).Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' '))];

    private static string ListPath([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "../../protocols/WireGate.Postgres/Masking/ServerRelations.txt");
}
