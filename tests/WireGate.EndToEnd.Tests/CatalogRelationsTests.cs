using System.Runtime.CompilerServices;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>The shipped list of pg_catalog's tables and views against a real server: a name that it does not have may be another schema's.</summary>
internal sealed class CatalogRelationsTests
{
    [TestCase(15)]
    [TestCase(18)]
    public async Task Each_is_a_table_or_a_view_of_the_catalog(int version)
    {
        string[] names = [.. (await File.ReadAllLinesAsync(ListPath())).Where(line => line.Length > 0 && line[0] != '#')];

        PostgresCluster cluster = await Machine.ClusterAsync(version);
        string? absent = await cluster.AskAsync(
            $$"""
            SELECT coalesce(string_agg(name, ', '), '') FROM unnest('{{{string.Join(',', names)}}}'::text[]) AS name
            WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class
              WHERE relname = name AND relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v'))
            """);

        Assert.That(absent, Is.Empty);
        Assert.That(names, Is.Unique);
        Assert.That(names, Has.Length.GreaterThan(130));
    }

    private static string ListPath([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "../../src/WireGate.Core/Policy/Facts/CatalogRelations.txt");
}
