using System.Runtime.CompilerServices;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>The shipped list of harmless functions against a real pg_proc: a name that means nothing, or more than was reviewed, is found.</summary>
internal sealed class HarmlessFunctionsTests
{
    private const int Reviewed = 15;
    private const string Exceptions = "# Exceptions:";

    private const string Computing = "[computes]";
    private static readonly char[] NoNames = ['#', '['];

    [Test]
    public async Task Each_exists_and_none_is_volatile_but_the_exceptions()
    {
        string[] lines = await File.ReadAllLinesAsync(ListPath());
        int begin = Array.FindIndex(lines, line => line.StartsWith(Exceptions, StringComparison.Ordinal));
        int end = Array.FindIndex(lines, begin, line => line.Length == 0);
        string[] names = [.. lines.Where(line => line.Length > 0 && !NoNames.Contains(line[0]))];
        string[] volatiles = [.. lines[begin..end].Where(line => !NoNames.Contains(line[0]))];

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

    /// <summary>What reads a relation keeps a lock on it, and so does what is called with one: they are in the group of what looks up.</summary>
    [TestCase(15)]
    [TestCase(18)]
    public async Task What_only_computes_reads_no_relation_and_takes_no_object(int version)
    {
        string group = "";
        var names = new List<string>();
        foreach (string line in await File.ReadAllLinesAsync(ListPath()))
        {
            group = line.StartsWith('[') ? line : group;
            if (line.Length > 0 && !NoNames.Contains(line[0]) && group == Computing)
            {
                names.Add(line);
            }
        }

        PostgresCluster cluster = await Machine.ClusterAsync(version);
        string? wrong = await cluster.AskAsync(
            $"""
            SELECT coalesce(string_agg(p.oid::regprocedure::text, ', '), '') FROM pg_proc p JOIN pg_language l ON l.oid = prolang
            WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = ANY ('{ArrayOf([.. names])}'::text[])
            AND (lanname NOT IN ('internal', 'c') AND coalesce(pg_get_function_sqlbody(p.oid), prosrc) ~* '\mfrom\s+(pg_|[a-z_]+\.)'
              OR EXISTS (SELECT FROM unnest(proargtypes) a WHERE a::regtype::text ~ '^reg' AND a::regtype::text NOT IN ('regconfig', 'regdictionary')))
            """);

        Assert.That(wrong, Is.Empty);
        Assert.That(names, Has.Count.GreaterThan(400));
    }

    private static string ArrayOf(string[] names) => $$"""{{{string.Join(',', names)}}}""";

    private static string ListPath([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "../../protocols/WireGate.Postgres/Sql/HarmlessFunctions.txt");
}
