using WireGate.Core.Audit;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

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
    /// <param name="request">What they are asked.</param>
    /// <param name="cancellationToken">Ends the waiting before anybody is asked.</param>
    /// <param name="asked">Told of it before <see cref="FindSame"/> can find it; null: nobody is.</param>
    /// <returns>The pending approval.</returns>
    /// <exception cref="ApprovalRefusedException">There are too many already, or the request is out of form.</exception>
    /// <exception cref="StoreUnavailableException">The store failed; nobody is asked.</exception>
    ValueTask<Approval> AskAsync(ApprovalRequest request, CancellationToken cancellationToken, Action<Approval>? asked = null);

    /// <summary>Waits for what becomes of it. Holds no thread. Cancelling ends the waiting only.</summary>
    /// <returns>It is Approved, Denied, Expired, Withdrawn or Revoked; if it had been decided before, as it is now. Only Approved can be claimed.</returns>
    /// <exception cref="ApprovalRefusedException">There is no such approval.</exception>
    ValueTask<Approval> WhenDecidedAsync(string id, CancellationToken cancellationToken);

    /// <summary>Makes use of what was approved: approved becomes claimed, for one session, once.</summary>
    /// <returns>False: somebody else did, it expired or was taken back meanwhile, or there is no such one.</returns>
    /// <exception cref="StoreUnavailableException">The store failed; nothing is claimed.</exception>
    ValueTask<bool> TryClaimAsync(string id, string session, CancellationToken cancellationToken);

    /// <summary>What somebody asked for, and may come back for: <see cref="ApprovalRequest.IsResumable"/>.</summary>
    /// <returns>Null: there is none, or it is somebody else's, which nobody is to tell from one that is not there.</returns>
    /// <exception cref="StoreUnavailableException">The store failed.</exception>
    ValueTask<Approval?> FindAsync(string id, Identity requester, CancellationToken cancellationToken);

    /// <summary>What is pending or approved for the very same request, of which nobody has said the id; the oldest first.</summary>
    /// <param name="again">The request with which somebody comes back.</param>
    /// <param name="take">Asked of each that is found; false: it is passed over.</param>
    /// <returns>Null: there is none.</returns>
    Approval? FindSame(ApprovalRequest again, Func<Approval, bool> take);

    /// <summary>Makes use of what was approved, in the session that came back for it with the very same request.</summary>
    /// <param name="id">What was approved.</param>
    /// <param name="again">The request with which they came back, on the terms of now.</param>
    /// <param name="cancellationToken">Ends the waiting before anything is done.</param>
    /// <returns>
    /// The claimed approval, with the votes that count here. Null: somebody else made use of it, it expired or was taken back meanwhile, it is for
    /// something else, or those who said yes may not decide about this.
    /// </returns>
    /// <exception cref="StoreUnavailableException">The store failed; nothing is claimed.</exception>
    ValueTask<Approval?> TryClaimAsync(string id, ApprovalRequest again, CancellationToken cancellationToken);

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
