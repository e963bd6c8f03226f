using WireGate.Core.Configuration;

namespace WireGate.Admin.Access;

/// <summary>Who may do what over the admin socket.</summary>
internal static class AdminAccess
{
    /// <summary>The role of a user.</summary>
    /// <param name="admin">The admin section of the config in force.</param>
    /// <param name="userId">The peer's uid, from the kernel.</param>
    /// <param name="userName">The uid's name; null: it has none, and so none of the configured roles.</param>
    /// <param name="daemonUserId">The uid that the daemon runs as.</param>
    /// <returns>None: nothing is allowed.</returns>
    public static AdminRole RoleOf(AdminConfig admin, uint userId, string? userName, uint daemonUserId)
    {
        // Both could read the store and the daemon's memory anyway.
        if (userId == 0 || userId == daemonUserId || Has(AdminRole.Admin))
        {
            return AdminRole.Admin;
        }

        return Has(AdminRole.Mint) ? AdminRole.Mint : AdminRole.None;

        bool Has(AdminRole role) =>
            userName is not null && admin.Roles.TryGetValue(role, out var users) && users.Contains(userName);
    }

    /// <summary>Whether a role covers a verb. What is not listed is refused.</summary>
    public static bool Allows(AdminRole role, AdminVerb verb) => (role, verb) switch
    {
        (AdminRole.None, _) or (_, AdminVerb.None) => false,
        (AdminRole.Admin, _) => true,
        (AdminRole.Mint, AdminVerb.MintPlaceholder or AdminVerb.ListPlaceholders or AdminVerb.ShowPlaceholder
            or AdminVerb.RevokePlaceholders) => true,
        _ => false,
    };

    /// <summary>Whether a verb changes something, so that even its refusal is a fact for the audit log.</summary>
    public static bool Changes(AdminVerb verb) =>
        verb is not (AdminVerb.ListPlaceholders or AdminVerb.ShowPlaceholder or AdminVerb.ListSessions or AdminVerb.Why or AdminVerb.Status);

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
        _ => "this request",
    };
}
