using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Core.Policy;

/// <summary>Whether rules and grants meet at all, as far as the config alone can tell. Pure functions.</summary>
public static class RuleReach
{
    /// <summary>The protocol of targets that take SQL.</summary>
    public const string Postgres = "postgres";

    /// <summary>The protocol of targets that take operations of SSH.</summary>
    public const string Ssh = "ssh";

    /// <summary>The protocol of targets that take requests of HTTP.</summary>
    public const string Http = "http";

    /// <summary>The protocol of targets that are Kubernetes API servers.</summary>
    public const string Kubernetes = "kubernetes";

    /// <summary>Whether any rule, or the default, may let something pass under a grant at one of its targets.</summary>
    public static bool Serves(GatewayConfig config, GrantConfig grant)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.Rules.Default == Verdict.Allow || config.Rules.List.Any(rule => LetsPass(rule) && Meets(config, rule, grant, target => MayBeAbout(rule.Match, target.Protocol)));
    }

    /// <summary>Whether a rule may ever be asked about a session under some grant.</summary>
    public static bool IsReached(GatewayConfig config, RuleConfig rule)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(rule);
        return config.Grants.Any(grant => Meets(config, rule, grant, _ => true));
    }

    /// <summary>Whether a rule can end in something that passes.</summary>
    public static bool LetsPass(RuleConfig rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return !rule.IsObserved && rule.Do is (Verdict.Allow or Verdict.Hold);
    }

    /// <summary>The protocols of the targets that a rule is for, by its match alone.</summary>
    public static IEnumerable<string> ProtocolsOf(GatewayConfig config, RuleConfig rule)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(rule);
        return config.Targets.Values.Where(t => t.Logins.Any(l => SessionMatch.IsFor(rule.Match, t, l.Name))).Select(t => t.Protocol).Distinct();
    }

    private static bool MayBeAbout(MatchConfig match, string protocol) => match.IsOfAnyOperation || protocol switch
    {
        Postgres => match.Sql is not null,
        Ssh => match.Ssh is not null,
        Http => match.Http is not null,
        Kubernetes => match.Kubernetes is not null,
        _ => false,
    };

    private static bool Meets(GatewayConfig config, RuleConfig rule, GrantConfig grant, Func<TargetConfig, bool> isMeant) =>
        grant.Targets.Select(name => config.Targets[name]).Where(isMeant).Any(target => SessionMatch.IsFor(rule.Match, target, grant.Login ?? target.Logins[0].Name))
        && (rule.Match.Session is not { Grants: { IsEmpty: false } grants } || grants.Contains(grant.Name))
        && (rule.Match.From is null || MayBeOneOf(rule.Match.From, grant));

    /// <summary>Somebody may be in a group of each and have any claim, and two patterns may mean the same subject: only the rest tells.</summary>
    private static bool MayBeOneOf(CallerConfig from, GrantConfig grant) =>
        (from.Issuer is null || from.Issuer == (grant.Issuer ?? Identity.LocalIssuer))
        && (from.Subject is null
            || grant.Subject is null
            || grant.Subject.Contains('*', StringComparison.Ordinal)
            || Grants.MatchesPattern(from.Subject, grant.Subject));
}
