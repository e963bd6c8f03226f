using WireGate.Core.Audit;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;

namespace WireGate.Core.Approvals;

/// <summary>
/// Held operations, as a protocol sees them. One per process; safe to call from any thread. Every change is in the store and in the
/// audit log, both on disk, before it is answered. Continues on the caller's loop only if the caller switches back.
/// </summary>
/// <remarks>Besides what is named below, every call may throw <see cref="AuditFailedException"/>; nothing runs then.</remarks>
public interface IApprovals
{
    /// <summary>
    /// Makes use of an approval that was given beforehand for the same <see cref="ApprovalRequest.Key"/>, whose people meet the terms
    /// of this request and may decide about it: one session gets it, once.
    /// </summary>
    /// <returns>The claimed approval, with the votes that count here; null: there is none.</returns>
    /// <exception cref="StoreUnavailableException">The store failed; nothing is claimed.</exception>
    ValueTask<Approval?> TryClaimAsync(ApprovalRequest request, CancellationToken cancellationToken);

    /// <summary>Asks the people whom the request's terms name.</summary>
    /// <returns>The pending approval.</returns>
    /// <exception cref="ApprovalRefusedException">There are too many already, or the request is out of form.</exception>
    /// <exception cref="StoreUnavailableException">The store failed; nobody is asked.</exception>
    ValueTask<Approval> AskAsync(ApprovalRequest request, CancellationToken cancellationToken);

    /// <summary>Waits for what becomes of it. Holds no thread. Cancelling ends the waiting only.</summary>
    /// <returns>It is Approved, Denied, Expired, Withdrawn or Revoked; if it had been decided before, as it is now. Only Approved can be claimed.</returns>
    /// <exception cref="ApprovalRefusedException">There is no such approval.</exception>
    ValueTask<Approval> WhenDecidedAsync(string id, CancellationToken cancellationToken);

    /// <summary>Makes use of what was approved: approved becomes claimed, for one session, once.</summary>
    /// <returns>False: somebody else did, it expired or was taken back meanwhile, or there is no such one.</returns>
    /// <exception cref="StoreUnavailableException">The store failed; nothing is claimed.</exception>
    ValueTask<bool> TryClaimAsync(string id, string session, CancellationToken cancellationToken);

    /// <summary>
    /// Whether those who said yes are those whom these terms ask for. What counts is who they are at this moment: whoever has left the group
    /// meanwhile, or may not approve any more, has said nothing.
    /// </summary>
    bool Meets(Approval approval, HoldTerms terms);

    /// <summary>Says what became of what was claimed. A store that fails is told later.</summary>
    /// <exception cref="InvalidOperationException">It is not claimed.</exception>
    ValueTask CompleteAsync(string id, bool executed, string? detail, CancellationToken cancellationToken);

    /// <summary>
    /// Takes a pending or approved one back; has no effect on any other. From here on nobody's yes counts for it; a store that fails is told later.
    /// </summary>
    ValueTask WithdrawAsync(string id, string why, CancellationToken cancellationToken);
}

/// <summary>Nobody is asked; the message says why.</summary>
public sealed class ApprovalRefusedException(string message) : Exception(message);
