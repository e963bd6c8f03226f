using System.Collections.Immutable;
using WireGate.Configuration.Model;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Configuration;

/// <summary>Rules and grants that hold what nobody could ever approve, and approvers who never could.</summary>
internal static class ApprovalWarnings
{
    public static IEnumerable<string> Find(GatewayConfig config)
    {
        RoleConfig role = config.Admin.Roles.GetValueOrDefault(AdminRole.Approve, RoleConfig.Of());
        foreach (string user in role.Unix.Where(u => u == "root" || !config.UnixUsers.Any(m => m.User == u)))
        {
            yield return user == "root"
                ? "admin.roles.approve: root approves nothing, name people"
                : $"admin.roles.approve: {user} approves nothing, identity.unix does not say who that is";
        }

        ImmutableArray<Identity> people =
        [
            .. config.UnixUsers.Where(u => u.User != "root" && IsIn(role, u)).Select(u => new Identity
            {
                Issuer = IdentityShape.UnixIssuer, Subject = u.Subject, Groups = u.Groups,
            }),
        ];
        foreach ((RuleConfig rule, int i) in config.Rules.List.Select((r, i) => (r, i)))
        {
            if (rule is { Hold: { } terms, IsObserved: false } && !People.Meet(terms.Approvers, people))
            {
                yield return $"rules.list[{i}] ({rule.Name}): nothing that it holds can be approved, admin.roles.approve has too few people in its groups";
            }
        }

        foreach ((GrantConfig grant, int i) in config.Grants.Select((g, i) => (g, i)))
        {
            if (grant.Hold is { } terms && !People.Meet(terms.Approvers, people))
            {
                yield return $"grants[{i}] ({grant.Name}): no session under it can be approved, admin.roles.approve has too few people in its groups";
            }
        }
    }

    private static bool IsIn(RoleConfig role, UnixUserConfig user) =>
        role.Unix.Contains(user.User) || (role.Issuer == IdentityShape.UnixIssuer && role.Groups.Intersect(user.Groups).Any());
}
