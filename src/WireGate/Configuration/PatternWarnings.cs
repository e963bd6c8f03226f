using WireGate.Core.Configuration;

namespace WireGate.Configuration;

/// <summary>Patterns with characters that mean something in patterns elsewhere, or in SQL, and stand for themselves here: such a rule or mask is of nothing.</summary>
internal static class PatternWarnings
{
    // Of globs; and names are compared as PostgreSQL has them, without the quotes that a statement may write around them.
    private const string Elsewhere = "[?\"";

    public static IEnumerable<string> Find(GatewayConfig config) =>
    [
        .. config.Rules.List.SelectMany((rule, i) => PatternsOf(rule.Match).Select(p => (At: $"rules.list[{i}] ({rule.Name})", Pattern: p)))
            .Concat(config.Masks.Values.OrderBy(m => m.Name, StringComparer.Ordinal).SelectMany(m => m.Columns.Select(c => (At: $"masks.{m.Name}", Pattern: c.ToString()))))
            .Select(found => (found.At, found.Pattern, Which: found.Pattern.AsSpan().IndexOfAny(Elsewhere)))
            .Where(found => found.Which >= 0)
            .Select(found => $"{found.At}: {found.Pattern}: only * is a pattern, {found.Pattern[found.Which]} stands for itself"),
    ];

    private static IEnumerable<string> PatternsOf(MatchConfig match) =>
    [
        .. match.Session?.Databases.Select(d => d.Text) ?? [],
        .. match.Session?.Applications.Select(a => a.Text) ?? [],
        .. match.Sql?.Tables.Select(t => t.ToString()) ?? [],
        .. match.Sql?.Columns.Select(c => c.ToString()) ?? [],
        .. match.Sql?.Functions.Select(f => f.ToString()) ?? [],
    ];
}
