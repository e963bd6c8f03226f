using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy;

/// <summary>Rules and texts by chance, over so few words that they often meet.</summary>
internal static class RandomRules
{
    private static readonly string[] Tables = ["public.a", "public.b", "a", "audit.a"];
    private static readonly string[] Patterns = ["public.a", "public.*", "*.a", "audit.*"];
    private static readonly string[] Kinds = ["select", "insert", "drop", "drop role"];
    private static readonly string[] Masks = ["pii", "cards", "tokens"];

    public static RuleConfig Next(Random random, string name)
    {
        MatchConfig match = Sql(
            Maybe(random, () => (SqlEffects?)random.Next(1, 64)),
            Maybe(random, () => Any(random, Kinds)) ?? "",
            Maybe(random, () => Any(random, Patterns)) ?? "");
        RuleConfig rule = random.Next(4) switch
        {
            0 => Deny(match, name),
            1 => Hold(match, name, new ApproverTerms(null, [Any(random, Masks)], random.Next(1, 4)), random.Next(1, 30)),
            _ => Allow(match, name),
        };
        return rule with
        {
            IsObserved = rule.Do != Verdict.Allow && random.Next(3) == 0,
            Mask = random.Next(2) == 0 ? [Any(random, Masks)] : [],
            Unmask = random.Next(4) == 0 ? [Any(random, Masks)] : [],
        };
    }

    public static SqlOperation Operation(Random random) => Text(
        [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Statement(
            Any(random, Kinds),
            [.. Enumerable.Range(0, random.Next(3)).Select(_ => $"{(SqlEffects)(1 << random.Next(6))} {Any(random, Tables)}")]))]);

    public static string Show(Decision decision)
    {
        string approvers = decision.Hold is null
            ? ""
            : $"{decision.Hold.Within} {string.Join(';', decision.Hold.Approvers.Select(a => $"{a.Groups[0]} {a.Count}"))}";
        return $"{decision.Verdict} {decision.Rule} {decision.Masks} [{string.Join(';', decision.Observed)}] {approvers}";
    }

    private static T? Maybe<T>(Random random, Func<T> make) => random.Next(2) == 0 ? make() : default;

    private static string Any(Random random, string[] words) => words[random.Next(words.Length)];
}
