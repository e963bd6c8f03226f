using WireGate.Core.Configuration;
using WireGate.Core.Policy;

namespace WireGate.Configuration;

/// <summary>Rules that are allowed and hardly meant.</summary>
internal static class RuleWarnings
{
    public static IEnumerable<string> Find(GatewayConfig config)
    {
        if (config.Rules.Default == Verdict.Allow)
        {
            yield return "rules.default: allow lets pass whatever no rule denies";
        }
        else if (!config.Rules.List.Any(RuleReach.LetsPass))
        {
            yield return "rules: none lets anything pass, so nothing does; add one with do: allow";
        }
        else
        {
            foreach ((GrantConfig grant, int i) in config.Grants.Select((g, i) => (g, i)).Where(g => !RuleReach.Serves(config, g.g)))
            {
                yield return $"grants[{i}] ({grant.Name}): no rule lets anything pass";
            }
        }

        if (config.Rules.External is { Opa: { IsLoopback: false, Scheme: "http" } opa })
        {
            yield return $"rules.external.opa: {opa} goes in clear to another machine: who is on the way reads every statement and answers in its place, write https";
        }

        foreach ((RuleConfig rule, int i) in config.Rules.List.Select((r, i) => (r, i)))
        {
            string at = $"rules.list[{i}] ({rule.Name})";
            if (IsOfEverything(rule))
            {
                yield return $"{at}: it denies everything, to everybody";
            }

            string[] idle = [.. IdleParts(config, rule)];
            foreach (string part in idle)
            {
                yield return $"{at}: {part}";
            }

            if (idle.Length == 0 && rule.Do == Verdict.Allow && !config.Grants.IsEmpty && !RuleReach.IsReached(config, rule))
            {
                yield return $"{at}: it never matches, no grant gives to whom it is for the target and login that it is about";
            }
        }

        foreach (string mask in config.Masks.Keys.Order(StringComparer.Ordinal).Where(m => !IsUsed(config, m)))
        {
            yield return $"masks.{mask}: no target and no rule puts it on";
        }
    }

    private static bool IsOfEverything(RuleConfig rule) =>
        rule is { Do: Verdict.Deny, IsObserved: false }
        && rule.Match is
        {
            Targets.IsEmpty: true, Labels.Count: 0, Protocol: null, Logins.IsEmpty: true, From: null, Sources.IsEmpty: true, Hours: null, Session: null,
            IsOfAnyOperation: true,
        };

    /// <summary>What a rule says about a protocol that none of its targets speaks.</summary>
    private static IEnumerable<string> IdleParts(GatewayConfig config, RuleConfig rule)
    {
        string[] protocols = [.. RuleReach.ProtocolsOf(config, rule).Order(StringComparer.Ordinal)];
        if (rule.Match.Sql is not null && protocols.Length > 0 && !protocols.Contains(RuleReach.Postgres))
        {
            yield return $"its sql never matches, its targets are of protocol {string.Join(", ", protocols)}";
        }

        if (rule.Match.Ssh is not null && protocols.Length > 0 && !protocols.Contains(RuleReach.Ssh))
        {
            yield return $"what it says of SSH never matches, its targets are of protocol {string.Join(", ", protocols)}";
        }

        if (rule.Match.Http is not null && protocols.Length > 0 && !protocols.Contains(RuleReach.Http)
            && (rule.Do == Verdict.Allow || !protocols.Contains(RuleReach.Kubernetes)))
        {
            yield return $"its http never matches, its targets are of protocol {string.Join(", ", protocols)}";
        }

        if (rule.Match.Kubernetes is not null && protocols.Length > 0 && !protocols.Contains(RuleReach.Kubernetes))
        {
            yield return $"its kube never matches, its targets are of protocol {string.Join(", ", protocols)}";
        }
    }

    private static bool IsUsed(GatewayConfig config, string mask) =>
        config.Targets.Values.Any(t => t.Mask.Contains(mask)) || config.Rules.List.Any(r => r.Mask.Contains(mask));
}
