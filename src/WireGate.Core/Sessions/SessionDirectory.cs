using System.Collections.Concurrent;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;

namespace WireGate.Core.Sessions;

/// <summary>All sessions of the process.</summary>
public sealed class SessionDirectory : ISessionDirectory
{
    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);

    private int _isDraining;

    /// <summary>The process stops: whatever session still begins is told to finish as those were that had begun.</summary>
    public bool IsDraining => Volatile.Read(ref _isDraining) != 0;

    /// <summary>How many there are.</summary>
    public int Count => _sessions.Count;

    /// <summary>A session begins.</summary>
    public void Add(Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        _sessions[session.Id] = session;
    }

    /// <summary>A session is over.</summary>
    public void Remove(Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        _sessions.TryRemove(session.Id, out _);
    }

    /// <inheritdoc/>
    public IReadOnlyList<SessionInfo> List() => [.. _sessions.Select(s => s.Value.Describe())];

    /// <inheritdoc/>
    public int Kill(SessionFilter filter, SessionEnd reason)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return KillWhere(session => filter.Matches(session.Describe()), reason);
    }

    /// <summary>Ends the sessions that were opened with one of these placeholders.</summary>
    public int KillPlaceholders(IReadOnlyCollection<string> ids) =>
        KillWhere(session => session.Placeholder is { } p && ids.Contains(p.Id), SessionEnd.Revoked);

    /// <summary>Ends the sessions whose key, target, login, database or grant a new config no longer has.</summary>
    public int KillNotGranted(GatewayConfig config) => KillWhere(
        session => session is { Caller: { } caller, Access: { } access }
            && !AccessChoice.StillStands(config, caller, access, session.Database, session.IsReplication),
        SessionEnd.NoLongerGranted);

    /// <summary>Has all of them finish what is under way and end. One that begins meanwhile is found here, or finds <see cref="IsDraining"/>.</summary>
    /// <returns>How many there are.</returns>
    public int DrainAll()
    {
        Interlocked.Exchange(ref _isDraining, 1);
        int told = 0;
        foreach ((_, Session session) in _sessions)
        {
            session.LetFinish();
            told++;
        }

        return told;
    }

    /// <summary>Ends all of them.</summary>
    public int KillAll(SessionEnd reason) => KillWhere(_ => true, reason);

    private int KillWhere(Func<Session, bool> matches, SessionEnd reason)
    {
        int killed = 0;
        foreach ((_, Session session) in _sessions)
        {
            if (session.End == SessionEnd.None && matches(session))
            {
                session.Kill(reason);
                killed++;
            }
        }

        return killed;
    }
}
