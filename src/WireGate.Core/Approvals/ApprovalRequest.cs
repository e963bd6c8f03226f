using System.Collections.Frozen;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Core.Approvals;

/// <summary>What an approval is for.</summary>
public enum ApprovalKind
{
    /// <summary>An operation that a session holds.</summary>
    Operation = 0,

    /// <summary>An operation that a session will ask for later.</summary>
    Beforehand,

    /// <summary>A session whose grant asks for it, before its upstream is touched.</summary>
    Session,
}

/// <summary>What people are asked to approve. Immutable: what they see is what runs, or nothing does.</summary>
public sealed record ApprovalRequest
{
    /// <summary>Bytes of a reason that are taken.</summary>
    public const int MaxReason = 4096;

    /// <summary>What <see cref="Context"/> calls the grant that holds a session.</summary>
    public const string GrantContext = "grant";

    /// <summary>What <see cref="Context"/> calls whether the client has a terminal there, through which it cannot cancel anything.</summary>
    public const string TerminalContext = "terminal";

    /// <summary>What it is for.</summary>
    public required ApprovalKind Kind { get; init; }

    /// <summary>Who runs it.</summary>
    public required Identity Requester { get; init; }

    /// <summary>Who asked for it beforehand; null: the requester's own session asks.</summary>
    public Identity? AskedBy { get; init; }

    /// <summary>Id of the placeholder that the session was opened with; null: none is known yet.</summary>
    public string? Placeholder { get; init; }

    /// <summary>Who minted that placeholder.</summary>
    public Identity? MintedBy { get; init; }

    /// <summary>Id of the session that holds it; null beforehand.</summary>
    public string? Session { get; init; }

    /// <summary>The target's name.</summary>
    public required string Target { get; init; }

    /// <summary>The login's name within the target.</summary>
    public required string Login { get; init; }

    /// <summary>The protocol's name.</summary>
    public required string Protocol { get; init; }

    /// <summary>The database; null: none is known.</summary>
    public string? Database { get; init; }

    /// <summary>The client's address; null: none is known.</summary>
    public string? Source { get; init; }

    /// <summary>32 bytes over everything that decides what it does: see <see cref="ApprovalDigest"/>.</summary>
    public required ReadOnlyMemory<byte> Digest { get; init; }

    /// <summary>32 bytes over what tells the same request again, whatever its context: see <see cref="ApprovalDigest.KeyOf"/>.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>What people read: made by <see cref="ApprovalDisplay.Of"/>.</summary>
    public required string Display { get; init; }

    /// <summary>Under what circumstances it runs: role, search_path, transaction and the like.</summary>
    public FrozenDictionary<string, string> Context { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>
    /// Whoever asks may come back for it in another session, with the very same request: it outlives the session that asked, and the gateway. Else
    /// it is that session's alone.
    /// </summary>
    public bool IsResumable { get; init; }

    /// <summary>Whether the client holds a transaction open, with its locks: it then waits for the shorter time.</summary>
    public bool IsInTransaction { get; init; }

    /// <summary>The rule that holds it; null: the default, or the session's grant.</summary>
    public string? Rule { get; init; }

    /// <summary>Version of the config that holds it.</summary>
    public required string Config { get; init; }

    /// <summary>Who must say yes, and within what time.</summary>
    public required HoldTerms Terms { get; init; }

    /// <summary>Why it is wanted, in the asker's words; null: they do not say.</summary>
    public string? Reason { get; init; }

    /// <summary>How long it waits for people.</summary>
    public TimeSpan Wait => IsInTransaction && Terms.InTransaction < Terms.Within ? Terms.InTransaction : Terms.Within;
}
