using WireGate.Core.Configuration;

namespace WireGate.Configuration;

/// <summary>Patterns of HTTP rules that hardly are what was meant.</summary>
internal static class HttpPatternWarnings
{
    // Of globs, regular expressions and templates of routes; here they stand for themselves.
    private const string Elsewhere = "?[{^";

    public static IEnumerable<string> Find(MatchConfig match) => match.Http is not { } http ? [] :
    [
        .. http.Paths.SelectMany(p => OfPattern(p.Text, "only * and ** are patterns")),
        .. http.Query.SelectMany(q => OfPattern(q.Value.Text, "only * is a pattern")),
        .. http.Headers.SelectMany(h => OfPattern(h.Value.Text, "only * is a pattern")),
        .. http.Body.SelectMany(b => b.Value).SelectMany(v => OfPattern(v.Text, "only * is a pattern")),
    ];

    private static IEnumerable<string> OfPattern(string pattern, string what)
    {
        int which = pattern.AsSpan().IndexOfAny(Elsewhere);
        return which < 0 ? [] : [$"{pattern}: {what}, {pattern[which]} stands for itself"];
    }
}
