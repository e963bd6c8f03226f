using System.Collections.Immutable;
using System.Globalization;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>Says of a request that no rule allows which of them came nearest. Pure functions.</summary>
internal static class NearestRules
{
    private const int MostRules = 3;
    private const int LongestText = 60;

    /// <param name="allows">The rules that could have.</param>
    /// <param name="request">Which none of them covers.</param>
    /// <param name="now">The moment.</param>
    /// <returns>Null: none of them is about requests.</returns>
    internal static string? Of(ImmutableArray<Rule> allows, HttpOperation request, DateTimeOffset now)
    {
        var nearest = new List<(string Rule, List<string> Misses)>();
        foreach (Rule rule in allows)
        {
            if ((request.Kubernetes is { } kubernetes ? rule.Kubernetes?.Misses(kubernetes) : rule.Http?.Misses(request)) is not { } found)
            {
                continue;
            }

            List<string> misses = [.. found, .. rule.Config.Match.Hours?.Contains(now) == false ? (string[])["hours"] : []];
            int least = nearest.Count == 0 ? int.MaxValue : nearest[0].Misses.Count;
            if (misses.Count < least)
            {
                nearest.Clear();
            }

            if (misses.Count <= least && nearest.Count < MostRules)
            {
                nearest.Add((rule.Name, misses));
            }
        }

        return nearest.Count == 0 ? null : string.Join("; ", nearest.Select(n => $"rule {n.Rule} would allow it but for: {string.Join(", ", n.Misses)}"));
    }

    /// <summary>What a request has in place of what a rule asks for.</summary>
    internal static string Miss(string key, string found) =>
        $"{key} ({(found.Length == 0 ? "none" : found.Length > LongestText ? $"{found[..LongestText]}..." : found)})";

    /// <summary>The same of a number of bytes; <see cref="long.MaxValue"/>: nobody knows it.</summary>
    internal static string Miss(string key, long bytes) =>
        bytes == long.MaxValue ? $"{key} (of unknown length)" : string.Create(CultureInfo.InvariantCulture, $"{key} ({bytes} bytes)");
}
