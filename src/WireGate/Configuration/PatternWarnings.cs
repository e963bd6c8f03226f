using System.Text;
using WireGate.Core.Configuration;

namespace WireGate.Configuration;

/// <summary>Patterns with characters that mean something in patterns elsewhere, or in SQL, and stand for themselves here: such a rule or mask is of nothing.</summary>
internal static class PatternWarnings
{
    // Of globs; and names are compared as PostgreSQL has them, without the quotes that a statement may write around them.
    private const string Elsewhere = "[?\"";

    // NAMEDATALEN - 1 of PostgreSQL.
    private const int LongestName = 63;

    public static IEnumerable<string> Find(GatewayConfig config) =>
    [
        .. PatternsOf(config).SelectMany(found => Of(found.Pattern).Select(w => $"{found.At}: {found.Pattern}: {w}")),
        .. config.Rules.List.SelectMany((rule, i) => SshPatternWarnings.Find(rule.Match).Concat(HttpPatternWarnings.Find(rule.Match)).Select(w => $"rules.list[{i}] ({rule.Name}): {w}")),
    ];

    private static IEnumerable<(string At, string Pattern)> PatternsOf(GatewayConfig config) =>
    [
        .. config.Rules.List.SelectMany((rule, i) => PatternsOf(rule.Match).Select(p => ($"rules.list[{i}] ({rule.Name})", p))),
        .. config.Masks.Values.OrderBy(m => m.Name, StringComparer.Ordinal).SelectMany(m => m.Columns.Select(c => ($"masks.{m.Name}", c.ToString()))),
    ];

    private static IEnumerable<string> Of(string pattern)
    {
        int which = pattern.AsSpan().IndexOfAny(Elsewhere);
        if (which >= 0)
        {
            yield return $"only * is a pattern, {pattern[which]} stands for itself";
        }

        if (pattern.Split('.').Any(part => Encoding.UTF8.GetByteCount(part.Replace("*", "", StringComparison.Ordinal)) > LongestName))
        {
            yield return $"PostgreSQL cuts names after {LongestName} bytes, so nothing has this one";
        }
    }

    private static IEnumerable<string> PatternsOf(MatchConfig match) =>
    [
        .. match.Session?.Databases.Select(d => d.Text) ?? [],
        .. match.Session?.Applications.Select(a => a.Text) ?? [],
        .. match.Sql?.Tables.Select(t => t.ToString()) ?? [],
        .. match.Sql?.Columns.Select(c => c.ToString()) ?? [],
        .. match.Sql?.Functions.Select(f => f.ToString()) ?? [],
    ];
}
