using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Core.Policy;

/// <summary>Chooses login and grant for a caller that wants to a target. A pure function of one config.</summary>
public static class AccessChoice
{
    /// <summary>
    /// The login is the caller's, else the grant's, else the target's first. Where several grants serve, the least login wins:
    /// a bigger one must be asked for.
    /// </summary>
    /// <returns>Null: its proof is not for the target, or stands no longer, or no grant serves.</returns>
    public static Access? Of(GatewayConfig config, Caller caller, TargetConfig target)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(target);
        if (!caller.IsFor(target) || !caller.StillStands(config))
        {
            return null;
        }

        GrantConfig[] grants = [.. Grants.Serving(config, caller.Identity, target, caller.Login)];
        foreach (LoginConfig login in target.Logins)
        {
            if (Array.Find(grants, g => (g.Login ?? target.Logins[0].Name) == login.Name) is { } grant)
            {
                return new Access(target, login, grant);
            }
        }

        return null;
    }

    /// <summary>Whether what was chosen once still stands under another config.</summary>
    /// <param name="config">The other config.</param>
    /// <param name="caller">Who called.</param>
    /// <param name="access">What was chosen.</param>
    /// <param name="database">The database that was chosen; null: none.</param>
    /// <param name="replication">Whether the upstream's log of changes is read.</param>
    public static bool StillStands(GatewayConfig config, Caller caller, Access access, string? database, bool replication)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(access);
        return caller.StillStands(config)
            && config.Targets.TryGetValue(access.Target.Name, out TargetConfig? target)
            && target.Addresses.SequenceEqual(access.Target.Addresses)
            && target.TryGetLogin(access.Login.Name, out LoginConfig? login)
            && login.User == access.Login.User
            && (database is null || target.Databases.IsEmpty || target.Databases.Contains(database))
            && Grants.Serving(config, caller.Identity, target, access.Login.Name).Any(g => g.Replication || !replication)
            && !(replication && IsMasked(config, target, access.Login.Name));
    }

    /// <summary>What was chosen once, as another config has it: what its target and its login are may be something else by now.</summary>
    /// <returns>Null: it has the target, the login or the grant no longer.</returns>
    public static Access? Renewed(GatewayConfig config, Access access)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(access);
        return config.Targets.TryGetValue(access.Target.Name, out TargetConfig? target) && target.TryGetLogin(access.Login.Name, out LoginConfig? login)
            && config.Grants.FirstOrDefault(g => g.Name == access.Grant.Name) is { } grant ? new Access(target, login, grant) : null;
    }

    /// <summary>
    /// Whether anything is masked of a target: a stream of changes may hold all of it. Such a stream is one operation without an end and
    /// is not judged again: it has to be asked for anew.
    /// </summary>
    private static bool IsMasked(GatewayConfig config, TargetConfig target, string login) =>
        !target.Mask.IsEmpty
        || config.Rules.List.Any(r => !r.Mask.IsEmpty && !r.IsObserved && SessionMatch.IsFor(r.Match, target, login));
}
