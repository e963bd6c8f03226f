using System.Buffers;
using System.Collections.Immutable;
using System.Security.Cryptography;
using WireGate.Core.Sessions;

namespace WireGate.Core.Approvals;

/// <summary>What one person said.</summary>
/// <param name="By">Who, with the groups that they were in at that moment.</param>
/// <param name="IsYes">Yes or no.</param>
/// <param name="At">When.</param>
/// <param name="Reason">Why; a no always says.</param>
public sealed record ApprovalVote(Identity By, bool IsYes, DateTimeOffset At, string? Reason);

/// <summary>Who made use of it.</summary>
/// <param name="Session">Id of the session.</param>
/// <param name="At">When.</param>
public sealed record ApprovalClaim(string Session, DateTimeOffset At);

/// <summary>A request and what became of it. Immutable; every change is a new record of the next version.</summary>
public sealed record Approval
{
    /// <summary>What every id begins with.</summary>
    public const string IdPrefix = "apr_";

    /// <summary>How long a yes may be made use of.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromMinutes(10);

    private const string IdAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const int IdLength = 16;
    private static readonly SearchValues<char> IdCharacters = SearchValues.Create(IdAlphabet);

    /// <summary><c>apr_</c> and 16 characters of base32.</summary>
    public required string Id { get; init; }

    /// <summary>How far it is.</summary>
    public required ApprovalState State { get; init; }

    /// <summary>Counts its changes.</summary>
    public required int Version { get; init; }

    /// <summary>What was asked for.</summary>
    public required ApprovalRequest Request { get; init; }

    /// <summary>Who may never decide about it: whoever runs it, asked for it, or minted what it is run with.</summary>
    public required ImmutableArray<Identity> Barred { get; init; }

    /// <summary>What was said so far.</summary>
    public ImmutableArray<ApprovalVote> Votes { get; init; } = [];

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>From this moment on nobody's yes counts any more.</summary>
    public required DateTimeOffset PendingUntil { get; init; }

    /// <summary>From this moment on the yes is worth nothing; null: there is none yet.</summary>
    public DateTimeOffset? ValidUntil { get; init; }

    /// <summary>Who made use of it; null: nobody yet.</summary>
    public ApprovalClaim? Claim { get; init; }

    /// <summary>Why it ended as it did; null: its state says it.</summary>
    public string? Detail { get; init; }

    /// <summary>The moment at which it expires; null: it does not any more.</summary>
    public DateTimeOffset? Deadline => State switch
    {
        ApprovalState.Pending => PendingUntil,
        ApprovalState.Approved => ValidUntil,
        _ => null,
    };

    /// <summary>A new id: 80 random bits, so that nobody finds one by guessing.</summary>
    public static string NewId() => IdPrefix + RandomNumberGenerator.GetString(IdAlphabet, IdLength);

    /// <summary>Whether a text has the form of an id.</summary>
    public static bool IsId(string? text) =>
        text is not null && text.Length == IdPrefix.Length + IdLength
        && text.StartsWith(IdPrefix, StringComparison.Ordinal) && text.AsSpan(IdPrefix.Length).IndexOfAnyExcept(IdCharacters) < 0;
}
