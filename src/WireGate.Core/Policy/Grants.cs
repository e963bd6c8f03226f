using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Core.Policy;

/// <summary>Which grants open a target to an identity. Pure functions of one config.</summary>
public static class Grants
{
    /// <summary>The grants that let <paramref name="identity"/> use <paramref name="target"/>, in the order of the config.</summary>
    /// <param name="config">The config in force.</param>
    /// <param name="identity">Who asks.</param>
    /// <param name="target">What it asks for.</param>
    /// <param name="login">The login it asks for; null: whatever the grant gives.</param>
    public static IEnumerable<GrantConfig> Serving(GatewayConfig config, Identity identity, TargetConfig target, string? login)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(target);
        return config.Grants.Where(grant =>
            grant.Targets.Contains(target.Name)
            && IsFor(grant, identity)
            && (login is null || login == (grant.Login ?? target.Logins[0].Name)));
    }

    /// <summary>Whether the grant's issuer, subject and groups fit the identity.</summary>
    public static bool IsFor(GrantConfig grant, Identity identity)
    {
        ArgumentNullException.ThrowIfNull(grant);
        ArgumentNullException.ThrowIfNull(identity);
        return identity.Issuer == (grant.Issuer ?? Identity.LocalIssuer)
            && (grant.Subject is null || MatchesPattern(grant.Subject, identity.Subject))
            && (grant.Groups.IsEmpty || grant.Groups.Any(identity.Groups.Contains));
    }

    /// <summary>Whether a pattern fits: <c>*</c> stands for any run of characters but <c>:</c> and <c>/</c>, all else for itself.</summary>
    public static bool MatchesPattern(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text) => Glob.Matches(pattern, text, ":/");
}
