using System.Collections.Immutable;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Tests.Policy.Http;

/// <summary>Requests of HTTP, and matches of them, in few words.</summary>
internal static class HttpHouse
{
    public static readonly MatchConfig Everything = new() { AllOperations = true };

    /// <summary>A request; headers are <c>name: value</c>.</summary>
    public static HttpOperation Request(string method, string target, params string[] headers)
    {
        int query = target.IndexOf('?', StringComparison.Ordinal);
        return new HttpOperation
        {
            Method = method,
            Host = "api.internal",
            Path = new HttpPath(Encoding.Latin1.GetBytes(query < 0 ? target : target[..query])),
            Query = query < 0 ? [] : HttpQuery.Parse(Encoding.UTF8.GetBytes(target[(query + 1)..])),
            Headers = Pairs(headers),
        };
    }

    public static HttpOperation Get(string target, params string[] headers) => Request("GET", target, headers);

    /// <summary>A match; lists are words with commas between them, of query and headers <c>name: pattern</c>.</summary>
    public static MatchConfig Match(string methods = "", string paths = "", string hosts = "", string query = "", string headers = "") => new()
    {
        Http = new HttpMatchConfig
        {
            Methods = RuleHouse.Words(methods),
            Paths = [.. RuleHouse.Words(paths).Select(p => PathPattern.TryParse(p, out PathPattern? pattern) ? pattern : throw new ArgumentException(p))],
            Hosts = [.. RuleHouse.Words(hosts).Select(h => new NamePattern(h))],
            Query = Patterns(query),
            Headers = Patterns(headers),
        },
    };

    private static ImmutableArray<KeyValuePair<string, NamePattern>> Patterns(string text) =>
        [.. Pairs([.. RuleHouse.Words(text)]).Select(p => KeyValuePair.Create(p.Key, new NamePattern(p.Value)))];

    private static ImmutableArray<KeyValuePair<string, string>> Pairs(string[] lines) =>
        [.. lines.Select(l => l.Split(": ", 2)).Select(p => KeyValuePair.Create(p[0], p[1]))];
}
