using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Ssh.Operations;

/// <content>What people are asked about.</content>
internal sealed partial class OperationJudge
{
    /// <summary>Waits until people have decided, and judges again by what counts then.</summary>
    /// <param name="held">What waits.</param>
    /// <param name="decision">Why, and for whom.</param>
    /// <param name="withdrawn">Completes when nobody can use it any more, with the reason.</param>
    /// <param name="say">Tells the client.</param>
    /// <returns>What is allowed is the one use of its approval, and is on disk.</returns>
    /// <exception cref="AuditFailedException">It could not be written down.</exception>
    public async ValueTask<Judgement> WaitAsync(HeldOperation held, Decision decision, Task<string> withdrawn, Action<ApprovalNotice> say)
    {
        Approval became;
        try
        {
            if (held.Ask(_session, decision) is not { } request)
            {
                return Refuse(held.Operation, decision, "it needs an approval, and people would not see all of it");
            }

            Approval asked = await _services.Approvals.AskAsync(request, CancellationToken.None);
            await _session.Loop.Switch();
            became = await new ApprovalWait(_session, _services.Approvals, _services.Time).RunAsync(asked, withdrawn, say);
        }
        catch (ApprovalRefusedException e)
        {
            await _session.Loop.Switch();
            return Refuse(held.Operation, decision, $"it needs an approval, and {e.Message}");
        }
        catch (StoreUnavailableException)
        {
            await _session.Loop.Switch();
            return Refuse(held.Operation, decision, "it needs an approval, and the gateway's store is not available, so nobody can be asked");
        }

        return became.State switch
        {
            ApprovalState.Claimed => await ApprovedAsync(held, became),
            ApprovalState.Denied => Refuse(held.Operation, decision, $"approval {became.Id} was denied{(became.Detail is { } why ? $": {why}" : "")}"),
            ApprovalState.Expired => Refuse(held.Operation, decision, $"approval {became.Id} was not given in time"),
            _ => Refuse(held.Operation, decision, $"approval {became.Id} was withdrawn"),
        };
    }

    /// <summary>It was claimed, and is not sent all the same.</summary>
    public void GiveUp(in Judgement judgement, string why)
    {
        if (judgement.Approval is { } approval)
        {
            Complete(approval, executed: false, why);
        }
    }

    /// <summary>What became of what was approved and sent. Nobody waits for that.</summary>
    public void Complete(string approval, bool executed, string? detail) =>
        new ApprovalWait(_session, _services.Approvals, _services.Time).Complete(approval, executed, detail);

    private async ValueTask<Judgement> ApprovedAsync(HeldOperation held, Approval approval)
    {
        // People take their time, and what it was counted for it counts no more.
        Decision now = await DecideAsync(held.Operation, isRun: false);
        string? why = _session.End != SessionEnd.None ? "the session has ended"
            : now.Verdict == Verdict.Deny ? now.Reason ?? "it is denied by now"
            : now.Hold is { } terms && !_services.Approvals.Meets(approval, terms) ? "other people are asked for by now"
            : held.Ask(_session, now with { Hold = now.Hold ?? approval.Request.Terms })?.Digest.Span.SequenceEqual(approval.Request.Digest.Span) == true ? null
            : "what it does is something else by now";
        if (why is null)
        {
            await _services.Audit.WhenDurableAsync(_log.Approved(held, now, approval.Id), _session.Loop);
            why = _session.End != SessionEnd.None ? "the session has ended" : null;
        }

        if (why is null)
        {
            return new Judgement(true, null) { Approval = approval.Id, Masks = now.Masks };
        }

        Complete(approval.Id, executed: false, why);
        return Refuse(held.Operation, now, $"approval {approval.Id} was given, and {why}");
    }
}
