using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Admin.Access;

/// <summary>Those who approve.</summary>
public static class Approvers
{
    // (uid_t)-1, which nobody has: the roles go by names.
    private const uint NoUser = uint.MaxValue;

    /// <summary>Somebody who approved, as the config has them now.</summary>
    /// <param name="config">The config in force.</param>
    /// <param name="approver">As whom they approved.</param>
    /// <returns>Null: no user that stands for them may approve any more.</returns>
    public static Identity? PresentOf(GatewayConfig config, Identity approver)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(approver);
        UnixUserConfig[] users =
        [
            .. config.UnixUsers.Where(u => approver.Issuer == Identity.UnixIssuer && u.Subject == approver.Subject
                && AdminAccess.RightsOf(config, NoUser, u.User, daemonUserId: 0).MayApprove),
        ];
        return users.Length == 0 ? null : approver with { Groups = [.. users.SelectMany(u => u.Groups).Distinct(StringComparer.Ordinal)] };
    }
}
