using WireGate.Core.Approvals;
using WireGate.Core.Sessions;
using WireGate.Http.Holding;

namespace WireGate.Http.Relaying;

/// <content>A session whose grant asks for people's yes: its first request waits, and whoever comes back with it begins the session.</content>
internal sealed partial class ClientConnection
{
    // What this session waits for, whose client is to come back; and what it was begun by.
    private Approval? _pendingSession;
    private string? _sessionApproval;

    /// <returns>Why it is not to be, or not yet; null: it is.</returns>
    private async ValueTask<Refusal?> HoldSessionAsync()
    {
        if (session.Access!.Grant.Hold is not { } terms)
        {
            return null;
        }

        var waiting = new HeldSession(session, services.Approvals, services.Time, static _ => Task.CompletedTask) { IsResumable = true };
        session.Phase = SessionPhase.Held;

        // The approval has a deadline of its own.
        session.SetDeadline(null);
        WaitOutcome outcome = await WaitAsync(waiting.RequestFor(terms, session.Lifetime));
        session.SetDeadline(session.Config.Limits.Authentication);
        Approval? approval = outcome.Approval;
        switch (outcome.End)
        {
            case WaitEnd.Pending:
                _pendingSession = approval;
                return new Refusal(
                    SessionEnd.ApprovalTimeout, $"approval {approval!.Id} is not given yet", $"approval {approval.Id}: its client may come back for it");
            case WaitEnd.Refused:
                return new Refusal(SessionEnd.NotApproved, outcome.Why!, outcome.Why!);
            case WaitEnd.Left:
                return new Refusal(SessionEnd.ClientClosed, "it was withdrawn", $"approval {approval!.Id} was withdrawn");
            default:
                break;
        }

        // People take their time: what is granted now counts.
        Refusal? refusal = session.End == SessionEnd.None ? null : new Refusal(session.End, "the session has ended", "the session has ended");
        while (refusal is null && session.TakeConfig())
        {
            refusal = Choose() ?? CheckSurface(_slot) ?? waiting.Judge(approval!, session.Access!.Grant.Hold, session.Lifetime);
        }

        _sessionApproval = refusal is null ? approval!.Id : null;
        waiting.Complete(approval!.Id, executed: refusal is null);
        return refusal;
    }
}
