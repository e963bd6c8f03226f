using WireGate.Core.Approvals;
using WireGate.Core.Sessions;
using WireGate.Http.Holding;

namespace WireGate.Http.Relaying;

/// <content>A session whose grant asks for people's yes: its first request waits, and whoever comes back with it begins the session.</content>
internal sealed partial class Exchange
{
    /// <returns>Why it is not to be, or not yet; null: it is.</returns>
    private async ValueTask<Refusal?> HoldSessionAsync()
    {
        if (Access.Grant.Hold is not { } terms)
        {
            return null;
        }

        var waiting = new HeldSession(Session, Process.Approvals, Process.Time, static _ => Task.CompletedTask) { IsResumable = true };
        Session.Phase = SessionPhase.Held;

        // The approval has a deadline of its own.
        Session.SetDeadline(null);
        WaitOutcome outcome = await WaitAsync(waiting.RequestFor(terms, Session.Lifetime), of.WatchBeginners(client.Watch()));
        Session.SetDeadline(Session.Config.Limits.Authentication);
        Approval? approval = outcome.Approval;
        switch (outcome.End)
        {
            case WaitEnd.Pending:
                of.Pending = approval;
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
        Refusal? refusal = Session.End == SessionEnd.None ? null : new Refusal(Session.End, "the session has ended", "the session has ended");
        while (refusal is null && Session.TakeConfig())
        {
            refusal = Choose() ?? CheckSurface(_slot) ?? Impersonate() ?? waiting.Judge(approval!, Access.Grant.Hold, Session.Lifetime);
        }

        of.Approval = refusal is null ? approval!.Id : null;
        waiting.Complete(approval!.Id, executed: refusal is null);
        return refusal;
    }
}
