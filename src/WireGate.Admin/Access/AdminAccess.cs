using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Identities.Unix;

namespace WireGate.Admin.Access;

/// <summary>What a caller may do.</summary>
/// <param name="Role">The role that opens most; what approving takes is beside it.</param>
/// <param name="MayApprove">Whether the caller is somebody in particular, and in the role <c>approve</c>.</param>
internal readonly record struct AdminRights(AdminRole Role, bool MayApprove);

/// <summary>Who may do what over the admin socket.</summary>
internal static class AdminAccess
{
    /// <summary>The rights of a user.</summary>
    /// <param name="config">The config in force.</param>
    /// <param name="userId">The peer's uid, from the kernel.</param>
    /// <param name="userName">The uid's name; null: it has none, and so none of the configured roles.</param>
    /// <param name="daemonUserId">The uid that the daemon runs as.</param>
    /// <returns>The default: nothing is allowed.</returns>
    public static AdminRights RightsOf(GatewayConfig config, uint userId, string? userName, uint daemonUserId)
    {
        bool isMapped = UnixIdentities.TryMap(config, userName, out Identity? identity);

        // Root can become anybody, so its yes is nobody's. No role makes up for that.
        bool mayApprove = userId != 0 && isMapped && Has(AdminRole.Approve);

        // Both could read the store and the daemon's memory anyway.
        AdminRole role = userId == 0 || userId == daemonUserId || Has(AdminRole.Admin) ? AdminRole.Admin
            : Has(AdminRole.Mint) ? AdminRole.Mint
            : mayApprove ? AdminRole.Approve
            : AdminRole.None;
        return new AdminRights(role, mayApprove);

        bool Has(AdminRole wanted) =>
            userName is not null && config.Admin.Roles.TryGetValue(wanted, out RoleConfig? who)
            && (who.Unix.Contains(userName) || (isMapped && who.Issuer == identity!.Issuer && who.Groups.Any(identity.Groups.Contains)));
    }

    /// <summary>Whether these rights cover a verb. What is not listed is refused.</summary>
    public static bool Allows(AdminRights rights, AdminVerb verb) => (rights.Role, verb) switch
    {
        (AdminRole.None, _) or (_, AdminVerb.None) => false,
        (_, AdminVerb.Approve or AdminVerb.Deny) => rights.MayApprove,
        (AdminRole.Admin, _) => true,
        (_, AdminVerb.ListApprovals) => rights.MayApprove,
        (_, AdminVerb.RequestApproval or AdminVerb.ShowApproval) => true,
        (AdminRole.Mint, AdminVerb.MintPlaceholder or AdminVerb.ListPlaceholders or AdminVerb.ShowPlaceholder
            or AdminVerb.RevokePlaceholders) => true,
        _ => false,
    };

    /// <summary>Whether a verb changes something, so that even its refusal is a fact for the audit log.</summary>
    public static bool Changes(AdminVerb verb) =>
        verb is not (AdminVerb.ListPlaceholders or AdminVerb.ShowPlaceholder or AdminVerb.ListSessions or AdminVerb.Why or AdminVerb.Status
            or AdminVerb.ListApprovals or AdminVerb.ShowApproval);

    /// <summary>The verb as the CLI spells it.</summary>
    public static string Name(AdminVerb verb) => verb switch
    {
        AdminVerb.MintPlaceholder => "placeholder mint",
        AdminVerb.ListPlaceholders => "placeholder list",
        AdminVerb.ShowPlaceholder => "placeholder show",
        AdminVerb.RevokePlaceholders => "placeholder revoke",
        AdminVerb.ListSessions => "session list",
        AdminVerb.KillSessions => "session kill",
        AdminVerb.Why => "why",
        AdminVerb.Status => "status",
        AdminVerb.RequestApproval => "approval request",
        AdminVerb.ListApprovals => "approval list",
        AdminVerb.ShowApproval => "approval show",
        AdminVerb.Approve => "approval approve",
        AdminVerb.Deny => "approval deny",
        _ => "this request",
    };

    /// <summary>The parts of the config that say who may do this.</summary>
    public static string RolesFor(AdminVerb verb) => verb switch
    {
        AdminVerb.MintPlaceholder or AdminVerb.ListPlaceholders or AdminVerb.ShowPlaceholder or AdminVerb.RevokePlaceholders =>
            "admin.roles.mint or admin.roles.admin",
        AdminVerb.Approve or AdminVerb.Deny => "admin.roles.approve",
        AdminVerb.ListApprovals => "admin.roles.approve or admin.roles.admin",
        AdminVerb.RequestApproval or AdminVerb.ShowApproval => "admin.roles.approve, admin.roles.mint or admin.roles.admin",
        _ => "admin.roles.admin",
    };
}
