using System.Collections.Immutable;
using System.IO.Enumeration;
using WireGate.Configuration.Model;
using WireGate.Core.Configuration;
using WireGate.Identities.Unix;

namespace WireGate.Configuration;

/// <summary>What is allowed and hardly meant: parts of a config that serve nobody, or serve them less than they may think.</summary>
internal static class ConfigWarnings
{
    public static ImmutableArray<string> Find(GatewayConfig config) =>
    [
        .. config.Grants.IsEmpty ? ["grants: there is none, so nobody gets through"] : Array.Empty<string>(),
        .. config.Grants.SelectMany((grant, i) => UnusableGrant(config, grant).Select(w => $"grants[{i}] ({grant.Name}): {w}")),
        .. config.Targets.Keys.Order(StringComparer.Ordinal)
            .Where(target => !config.Grants.Any(g => g.Targets.Contains(target)))
            .Select(target => $"targets.{target}: no grant opens it"),
        .. config.Secrets.Keys.Order(StringComparer.Ordinal)
            .Where(secret => !config.Targets.Values.Any(t => t.Logins.Any(
                l => l.Password == secret || l.PrivateKey == secret || l.Certificate?.Authority == secret || l.Http?.Secrets.Contains(secret) == true)))
            .Select(secret => $"secrets.{secret}: no login uses it"),
        .. config.Listeners.Where(l => l.Protocol == ProtocolNames.Postgres && l.Tls is null && !l.Address.IsUnix && !l.Address.IsLoopback)
            .Select(l => $"listeners ({l.Name}): no TLS beyond this machine, so clients must prove themselves by SCRAM and everything else is in clear"),
        .. config.Targets.Values.OrderBy(t => t.Name, StringComparer.Ordinal)
            .Where(t => t.Tls.Mode == TlsMode.Disable && ProtocolNames.IsOverHttp(t.Protocol) && t.Addresses.Any(a => !a.IsLoopback))
            .Select(t => $"targets.{t.Name}.address: http goes in clear to another machine: "
                + "who is on the way reads the credential and answers in its place, write https"),
        .. config.Targets.Values.OrderBy(t => t.Name, StringComparer.Ordinal)
            .Where(t => t.Protocol == ProtocolNames.Kubernetes && config.Listeners.Any(l => l.Reaches(t)) && !config.Listeners.Any(l => (l.Tls ?? (object?)l.Authority) is not null && l.Reaches(t)))
            .Select(t => $"targets.{t.Name}: no listener with TLS reaches it, and kubectl shows its token to none without: add tls to one"),
        .. config.Listeners.Where(l => l.Protocol == ProtocolNames.Forward && !config.Targets.Values.Any(l.Reaches))
            .Select(l => $"listeners ({l.Name}): no target of HTTP has hosts, so it refuses everything"),
        .. ForwardChecks.Warn(config),
        .. RuleWarnings.Find(config),
        .. PatternWarnings.Find(config),
        .. CopyWarnings.Find(config),
        .. MaskWarnings.Find(config),
        .. ApprovalWarnings.Find(config),
        .. config.UnixUsers.Select((user, i) => (user.User, i)).Where(u => UnixAccounts.IsUser(u.User) == false)
            .Select(u => $"identity.unix[{u.i}]: this machine has no user {u.User}, so nobody is that"),
    ];

    private static IEnumerable<string> UnusableGrant(GatewayConfig config, GrantConfig grant)
    {
        if (grant.Issuer == IdentityShape.UnixIssuer && !config.UnixUsers.Any(u => IsFor(grant, u.Subject, u.Groups)))
        {
            yield return "nobody can use it, no user of identity.unix is meant by it";
        }

        if (grant.Issuer is { } issuer && issuer == config.SshUsers?.Name
            && config.SshUsers.UserCertificateAuthorities.IsEmpty && !config.SshUsers.Users.Any(u => IsFor(grant, u.Subject, u.Groups)))
        {
            yield return "nobody can use it, no user of identity.ssh is meant by it";
        }

        foreach (string target in grant.Targets)
        {
            if (grant.Issuer is { } vouching && vouching == config.SshUsers?.Name && config.Targets[target].Protocol != ProtocolNames.Ssh)
            {
                yield return $"nobody can use it for {target}, whoever proves itself by an SSH key reaches SSH only";
            }

            if (!config.Listeners.Any(l => l.Reaches(config.Targets[target])))
            {
                yield return $"nobody can use it for {target}, no listener reaches that target";
            }
        }
    }

    private static bool IsFor(GrantConfig grant, string subject, ImmutableArray<string> groups) =>
        (grant.Subject is null || FileSystemName.MatchesSimpleExpression(grant.Subject, subject, ignoreCase: false))
        && (grant.Groups.IsEmpty || grant.Groups.Intersect(groups).Any());
}
