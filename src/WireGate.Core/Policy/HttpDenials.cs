using System.Collections.Immutable;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>Says of a request of HTTP that is denied what it hung on, as far as the rules' own words do not. Pure functions.</summary>
internal static class HttpDenials
{
    /// <param name="decision">What was decided.</param>
    /// <param name="request">About what.</param>
    /// <param name="denies">The rules that could have denied it.</param>
    /// <param name="allows">The rules that could have allowed it.</param>
    /// <param name="now">The moment.</param>
    internal static Decision Explain(in Decision decision, HttpOperation request, ImmutableArray<Rule> denies, ImmutableArray<Rule> allows, DateTimeOffset now) =>
        decision.Verdict != Verdict.Deny ? decision
        : decision.Rule is { } name ? ExplainPath(decision, name, request.Path, denies)
        : !ReferenceEquals(decision.Reason, SessionRules.NoRule) ? decision
        : request.Unknown is { } unknown ? decision with { Reason = $"{SessionRules.NoRule}: {unknown}" }
        : decision with { Near = NearestRules.Of(allows, request, now) };

    // What is wrong with a request that is the rule's only because its path can be read in two ways.
    private static Decision ExplainPath(in Decision decision, string rule, HttpPath path, ImmutableArray<Rule> denies) =>
        path.Problem is { } problem && denies.Any(r => r.Name == rule && r.Http is { NamesPaths: true })
            ? decision with { Reason = $"{problem}, and may be one that the rule names" } : decision;
}
