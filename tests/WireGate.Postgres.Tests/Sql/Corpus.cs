using System.Runtime.CompilerServices;

namespace WireGate.Postgres.Tests.Sql;

/// <summary>One text of a corpus.</summary>
/// <param name="Title">What it is.</param>
/// <param name="Setup">SQL that a database needs before it; empty: none.</param>
/// <param name="Expected">What the facts must hold at least.</param>
/// <param name="Sql">The text.</param>
internal sealed record CorpusCase(string Title, string Setup, string[] Expected, string Sql)
{
    public override string ToString() => Title;
}

/// <summary>Reads the corpora that lie beside this file.</summary>
internal static class Corpus
{
    /// <summary>All cases of a file.</summary>
    public static IEnumerable<CorpusCase> Read(string file, [CallerFilePath] string here = "")
    {
        string title = "";
        List<string> lines = [];
        foreach (string line in File.ReadLines(Path.Combine(Path.GetDirectoryName(here)!, file)).Append("== "))
        {
            if (line.StartsWith("== ", StringComparison.Ordinal))
            {
                if (title.Length > 0)
                {
                    yield return Case(title, lines);
                }

                (title, lines) = (line[3..], []);
            }
            else if (title.Length > 0)
            {
                lines.Add(line);
            }
        }
    }

    private static CorpusCase Case(string title, List<string> lines)
    {
        string[] setup = [.. lines.Where(line => line.StartsWith("setup: ", StringComparison.Ordinal))];
        string? expected = lines.Find(line => line.StartsWith("expect: ", StringComparison.Ordinal));
        IEnumerable<string> text = lines.Where(line => !setup.Contains(line) && line != expected);
        return new CorpusCase(
            title,
            string.Join('\n', setup.Select(line => line["setup: ".Length..])),
            expected?["expect: ".Length..].Split(", ") ?? [],
            string.Join('\n', text).Trim());
    }
}
