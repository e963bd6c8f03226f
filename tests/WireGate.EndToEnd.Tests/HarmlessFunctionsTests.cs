using System.Runtime.CompilerServices;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>The shipped list of harmless functions against a real pg_proc: a name that means nothing, or more than was reviewed, is found.</summary>
internal sealed class HarmlessFunctionsTests
{
    private const int Reviewed = 15;
    private const string Exceptions = "# Exceptions:";

    [Test]
    public async Task Each_exists_and_none_is_volatile_but_the_exceptions()
    {
        string[] lines = await File.ReadAllLinesAsync(ListPath());
        int begin = Array.FindIndex(lines, line => line.StartsWith(Exceptions, StringComparison.Ordinal));
        int end = Array.FindIndex(lines, begin, line => line.Length == 0);
        string[] names = [.. lines.Where(line => line.Length > 0 && line[0] != '#')];
        string[] volatiles = [.. lines[begin..end].Where(line => line[0] != '#')];

        PostgresCluster cluster = await Machine.ClusterAsync(Reviewed);
        string? wrong = await cluster.AskAsync(
            $"""
            SELECT coalesce(string_agg(name, ', '), '') FROM unnest('{ArrayOf(names)}'::text[]) AS name
            WHERE (SELECT bool_or(provolatile = 'v' OR prokind = 'p') FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
              WHERE name = CASE nspname WHEN 'pg_catalog' THEN proname WHEN 'information_schema' THEN nspname || '.' || proname END)
              IS DISTINCT FROM (name = ANY ('{ArrayOf(volatiles)}'::text[]))
            """);

        Assert.That(wrong, Is.Empty);
        Assert.That(names, Is.Unique);
        Assert.That(names, Has.Length.GreaterThan(500));
        Assert.That(volatiles, Has.Length.InRange(20, 40));
    }

    private static string ArrayOf(string[] names) => $$"""{{{string.Join(',', names)}}}""";

    private static string ListPath([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "../../protocols/WireGate.Postgres/Sql/HarmlessFunctions.txt");
}
