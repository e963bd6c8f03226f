using WireGate.Core.Configuration;

namespace WireGate.Admin.Listening;

/// <summary>
/// How many connections a user may hold at a time. Who may connect to the socket is many; a crowd of them, or one of them with a
/// crowd of connections, must not keep an administrator from revoking, so nothing that others hold counts against one.
/// </summary>
internal sealed class PeerLimits
{
    /// <summary>Connections of one user who is no administrator. Ours: people and CI jobs, one request each.</summary>
    public const int MostOfOne = 8;

    /// <summary>
    /// Connections of all users without a role together. Ours: they only come to read that they have none, and one person can own
    /// thousands of uids (subuid), which must not add up to all of the daemon's descriptors.
    /// </summary>
    public const int MostWithoutRole = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<(uint UserId, AdminRole Role), int> _open = [];
    private int _withoutRole;

    /// <summary>Counts a connection in.</summary>
    /// <param name="userId">The peer's uid.</param>
    /// <param name="role">Its role now; it is counted out by the same, whatever the config says by then.</param>
    /// <returns>False: it is one too many, and is not counted.</returns>
    public bool TryEnter(uint userId, AdminRole role)
    {
        if (role == AdminRole.Admin)
        {
            return true;
        }

        lock (_lock)
        {
            int open = _open.GetValueOrDefault((userId, role));
            if (open >= MostOfOne || (role == AdminRole.None && _withoutRole >= MostWithoutRole))
            {
                return false;
            }

            _open[(userId, role)] = open + 1;
            _withoutRole += role == AdminRole.None ? 1 : 0;
            return true;
        }
    }

    /// <summary>Counts out a connection that was counted in.</summary>
    public void Leave(uint userId, AdminRole role)
    {
        if (role == AdminRole.Admin)
        {
            return;
        }

        lock (_lock)
        {
            int open = _open[(userId, role)] - 1;
            _withoutRole -= role == AdminRole.None ? 1 : 0;
            if (open > 0)
            {
                _open[(userId, role)] = open;
            }
            else
            {
                _open.Remove((userId, role));
            }
        }
    }
}
