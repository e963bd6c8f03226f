using WireGate.Core.Approvals;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Operations;

/// <summary>What statements were taken for, in words: whoever asked knows the text, and not always what it counts as.</summary>
internal static class StatementWords
{
    /// <summary>What texts do.</summary>
    /// <param name="runs">All that would run: a text, and what its names stand for.</param>
    /// <param name="mostStatements">Beyond, nothing is said.</param>
    /// <param name="mostParts">Of each statement.</param>
    /// <returns>Null: nothing.</returns>
    public static string? Of(IReadOnlyList<JudgedText> runs, int mostStatements = 4, int mostParts = 8)
    {
        string[] parts = [.. runs.SelectMany(text => text.Parsed.Statements).Take(mostStatements).Select(s => Of(s, mostParts))];
        return parts.Length == 0 ? null : string.Join(" | ", parts);
    }

    private static string Of(ParsedStatement statement, int most)
    {
        SqlStatementFacts facts = statement.Facts;
        IEnumerable<string> effects = facts.Accesses
            .Select(a => a.Relation is { } relation ? $"{Word(a.Effect)} {relation}" : Word(a.Effect)).Distinct().Take(most);
        string what = string.Join(", ", effects.Concat(statement.Changes.Select(NameIn).OfType<string>().Take(most)));
        string kinds = string.Join(", ", facts.Kinds);
        string unknown = facts.UnknownFunctions.Length > 0 ? $"unknown: {string.Join(", ", facts.UnknownFunctions.Take(most / 2).Select(f => $"{f}()"))}" : "";
        string why = facts.Unknown ?? "";
        return string.Join("; ", ((string[])[what.Length > 0 ? $"{kinds}: {what}" : kinds, unknown, why]).Where(p => p.Length > 0));
    }

    /// <summary>The name of a prepared statement or cursor that a statement asks for; null: it asks for none.</summary>
    private static string? NameIn(SessionChange change)
    {
        string? name = change switch
        {
            SessionChange.Execute execute => execute.Name,
            SessionChange.Deallocate deallocate => deallocate.Name,
            SessionChange.Fetch fetch => fetch.Name,
            SessionChange.Close close => close.Name,
            _ => null,
        };
        return name is null ? null : ApprovalDisplay.Line(ServerName.Cut(name));
    }

    private static string Word(SqlEffects effect) => effect.ToString().ToLowerInvariant();
}
