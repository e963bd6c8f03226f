using System.Collections.Immutable;

namespace WireGate.Core.Approvals;

/// <summary>What came of somebody's yes or no.</summary>
public enum VoteOutcome
{
    /// <summary>They may not decide about this one.</summary>
    NotAllowed = 0,

    /// <summary>There is no such approval.</summary>
    NotFound,

    /// <summary>What they sent is out of form.</summary>
    Malformed,

    /// <summary>They looked at something else than what is asked for.</summary>
    WrongDigest,

    /// <summary>It was decided before; this changes nothing.</summary>
    TooLate,

    /// <summary>It counts, and more people are needed.</summary>
    Counted,

    /// <summary>It was the last one needed.</summary>
    Approved,

    /// <summary>It is denied.</summary>
    Denied,
}

/// <summary>What came of somebody's yes or no.</summary>
/// <param name="Outcome">In a word.</param>
/// <param name="Approval">As it is now; null: there is none.</param>
/// <param name="Message">In a line, for whoever decided.</param>
public sealed record VoteResult(VoteOutcome Outcome, Approval? Approval, string Message)
{
    /// <summary>Whether anything changed.</summary>
    public bool IsTaken => Outcome is VoteOutcome.Counted or VoteOutcome.Approved or VoteOutcome.Denied;
}

/// <summary>Held operations, as people see them who decide about them. Failures are those of <see cref="IApprovals"/>.</summary>
public interface IApprovalDesk
{
    /// <summary>Hex digits of the digest that somebody must give at least, if they give any.</summary>
    const int ShortestDigest = 8;

    /// <summary>How many a list has at most.</summary>
    const int MostListed = 1000;

    /// <summary>The newest first, at most <see cref="MostListed"/>; what each displays is cut.</summary>
    ValueTask<ImmutableArray<Approval>> ListAsync(ApprovalState? state, CancellationToken cancellationToken);

    /// <summary>Finds by id; null: there is none, or it is long gone.</summary>
    ValueTask<Approval?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Somebody says yes.</summary>
    /// <param name="approver">Who.</param>
    /// <param name="id">To which.</param>
    /// <param name="digest">The first hex digits of the digest of what they looked at; null: they do not say.</param>
    /// <param name="cancellationToken">Ends the waiting before anything is done.</param>
    ValueTask<VoteResult> ApproveAsync(Approver approver, string id, string? digest, CancellationToken cancellationToken);

    /// <summary>Somebody says no; the first no decides.</summary>
    /// <param name="approver">Who.</param>
    /// <param name="id">To which.</param>
    /// <param name="reason">Why; the requester is told.</param>
    /// <param name="cancellationToken">Ends the waiting before anything is done.</param>
    ValueTask<VoteResult> DenyAsync(Approver approver, string id, string reason, CancellationToken cancellationToken);

    /// <summary>Asks for one beforehand.</summary>
    /// <exception cref="ApprovalRefusedException">There are too many already, or the request is out of form.</exception>
    ValueTask<Approval> RequestAsync(ApprovalRequest request, CancellationToken cancellationToken);
}
