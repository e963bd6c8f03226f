using WireGate.Core.Approvals;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Testing.Approvals;

/// <summary>Nobody can be asked, and nothing was approved: what is held is refused.</summary>
public sealed class NobodyApproves : IApprovals
{
    public ValueTask<Approval?> TryClaimAsync(ApprovalRequest request, CancellationToken cancellationToken) => ValueTask.FromResult<Approval?>(null);

    public ValueTask<Approval?> FindAsync(string id, Identity requester, CancellationToken cancellationToken) => ValueTask.FromResult<Approval?>(null);

    public Approval? FindSame(ApprovalRequest again, Func<Approval, bool> take) => null;

    public ValueTask<Approval?> TryClaimAsync(string id, ApprovalRequest again, CancellationToken cancellationToken) => ValueTask.FromResult<Approval?>(null);

    public ValueTask<Approval> AskAsync(ApprovalRequest request, CancellationToken cancellationToken, Action<Approval>? asked = null) =>
        throw new ApprovalRefusedException("there is nobody to ask");

    public ValueTask<Approval> WhenDecidedAsync(string id, CancellationToken cancellationToken) => throw new ApprovalRefusedException("nobody was asked");

    public ValueTask<bool> TryClaimAsync(string id, string session, CancellationToken cancellationToken) => ValueTask.FromResult(false);

    public bool Meets(Approval approval, HoldTerms terms) => false;

    public ValueTask CompleteAsync(string id, bool executed, string? detail, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("nothing is claimed");

    public ValueTask WithdrawAsync(string id, string why, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
