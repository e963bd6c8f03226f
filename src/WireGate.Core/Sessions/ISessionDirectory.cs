namespace WireGate.Core.Sessions;

/// <summary>The sessions that are open. Safe to call from any thread.</summary>
public interface ISessionDirectory
{
    /// <summary>A snapshot, in no particular order.</summary>
    IReadOnlyList<SessionInfo> List();

    /// <summary>Ends every session that the filter names, those still in their handshake among them.</summary>
    /// <returns>How many were told to end; they are gone within 2 s.</returns>
    int Kill(SessionFilter filter, SessionEnd reason);
}

/// <summary>Which sessions to kill. Members that are set must all hold; the default names none.</summary>
public sealed record SessionFilter
{
    /// <summary>The one of this id.</summary>
    public string? Id { get; init; }

    /// <summary>Those of this identity, compared by issuer and subject.</summary>
    public Identity? Identity { get; init; }

    /// <summary>Those that reach this target.</summary>
    public string? Target { get; init; }

    /// <summary>Those that were opened with the placeholder of this id.</summary>
    public string? Placeholder { get; init; }

    /// <summary>True when no member is set: such a filter names no session.</summary>
    public bool IsEmpty => Id is null && Identity is null && Target is null && Placeholder is null;

    /// <summary>Whether the filter names this session.</summary>
    public bool Matches(SessionInfo session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return !IsEmpty
            && (Id is null || Id == session.Id)
            && (Identity is null || Identity.Equals(session.Identity))
            && (Target is null || Target == session.Target)
            && (Placeholder is null || Placeholder == session.Placeholder);
    }
}

/// <summary>What an operator sees of a session. What is not known yet is null.</summary>
public sealed record SessionInfo
{
    /// <summary>Its id, as the audit log names it.</summary>
    public required string Id { get; init; }

    /// <summary>Name of the listener that accepted it.</summary>
    public required string Listener { get; init; }

    /// <summary>The peer's address.</summary>
    public string? Source { get; init; }

    /// <summary>Who was proven.</summary>
    public Identity? Identity { get; init; }

    /// <summary>Id of the placeholder that was presented.</summary>
    public string? Placeholder { get; init; }

    /// <summary>The target's name.</summary>
    public string? Target { get; init; }

    /// <summary>The login's name within the target.</summary>
    public string? Login { get; init; }

    /// <summary>The grant's name.</summary>
    public string? Grant { get; init; }

    /// <summary>The database asked for.</summary>
    public string? Database { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset Opened { get; init; }

    /// <summary>How far it is.</summary>
    public required SessionPhase Phase { get; init; }

    /// <summary>Bytes relayed from the client.</summary>
    public long ClientBytes { get; init; }

    /// <summary>Bytes relayed from the upstream.</summary>
    public long UpstreamBytes { get; init; }
}

/// <summary>How far a session is.</summary>
public enum SessionPhase
{
    /// <summary>The client has not proven who it is.</summary>
    Handshake = 0,

    /// <summary>The client is proven; its grant asks for people's yes.</summary>
    Held,

    /// <summary>The client is proven; the upstream is being reached and logged in to.</summary>
    Connecting,

    /// <summary>Both ends talk.</summary>
    Relaying,

    /// <summary>It was told to end.</summary>
    Ending,
}
