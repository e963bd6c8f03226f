using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;

namespace WireGate.Core.Policy;

/// <summary>The part of a rule's match that is the same for all operations of a session. Pure functions.</summary>
internal static class SessionMatch
{
    internal static bool IsFor(MatchConfig match, SessionFacts session) =>
        IsFor(match, session.Target, session.Login)
        && (match.From is null || IsFrom(match.From, session.Identity))
        && PlaceholderChecks.IsFrom(match.Sources, session.Source)
        && (match.Session is null || IsFor(match.Session, session));

    /// <summary>What is known before anybody comes.</summary>
    internal static bool IsFor(MatchConfig match, TargetConfig target, string login) =>
        (match.Targets.IsEmpty || match.Targets.Contains(target.Name))
        && (match.Logins.IsEmpty || match.Logins.Contains(login))
        && (match.Protocol is null || match.Protocol == target.Protocol)
        && match.Labels.All(label => target.Labels.TryGetValue(label.Key, out string? value) && value == label.Value);

    private static bool IsFrom(CallerConfig from, Identity identity) =>
        (from.Issuer is null || from.Issuer == identity.Issuer)
        && (from.Subject is null || Grants.MatchesPattern(from.Subject, identity.Subject))
        && (from.Groups.IsEmpty || from.Groups.Any(identity.Groups.Contains))
        && from.Claims.All(claim => identity.Claims.TryGetValue(claim.Key, out string? value) && value == claim.Value);

    private static bool IsFor(SessionMatchConfig match, SessionFacts session) =>
        IsOneOf(match.Databases, session.Database)
        && IsOneOf(match.Applications, session.Application)
        && (match.Grants.IsEmpty || match.Grants.Contains(session.Grant))
        && (match.Tls is null || match.Tls == session.IsTls);

    private static bool IsOneOf(ImmutableArray<NamePattern> patterns, string? name) =>
        patterns.IsEmpty || (name is not null && patterns.Any(p => p.Matches(name)));
}
