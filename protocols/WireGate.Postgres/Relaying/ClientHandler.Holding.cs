using System.IO.Pipelines;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;

namespace WireGate.Postgres.Relaying;

/// <content>Holds what people have to approve.</content>
internal sealed partial class ClientHandler
{
    /// <summary>What the last Bind bound because people had approved it; null: nothing that was not executed since.</summary>
    private (JudgedText Text, Approval Approval)? _bound;

    /// <summary>What was approved at its Bind, and is not executed any more: its yes was for what follows directly.</summary>
    public void ForgetBound()
    {
        if (_bound is { } bound)
        {
            _bound = null;
            holds.GiveUp(bound.Approval.Id, "it was bound and not executed; whether what it calls ran is not known");
        }
    }

    /// <summary>Something is about to run that people have to approve.</summary>
    private FrameAction Hold(FrontendMessage message, JudgedText text, in Decision decision, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        HeldBytes? held = message == FrontendMessage.Query && sql.Length <= HeldBytes.Most ? new HeldBytes(sql.ToArray(), [], []) : text.Held;
        string? why = text.UsesNames || text.NamesCursor || text.Alternatives.Length > 0 ? "what a name stands for cannot be shown to people: send the statement itself"
            : text.MayCopyIn ? "the data of a COPY comes after the approval"
            : message == FrontendMessage.FunctionCall ? "people cannot be shown a function by its number: call it by a SELECT"
            : held is null ? "its exact bytes are not at hand: prepare and bind it again"
            : HeldOperations.Show(held, conversation.Judge.Settings.AreTextsReadable) is null ? $"it cannot be shown to people in full: {ApprovalDisplay.MaxBytes} bytes at most"
            : null;
        if (why is not null)
        {
            OperationRefusal refusal = OperationRefusal.NotHeld(decision, why);
            log.Denied(text, decision with { Verdict = Verdict.Deny, Reason = why }, sql, parameters, refusal.Reference);
            return Refuse(refusal);
        }

        if (!TryPlan(text, decision, out string? unmaskable))
        {
            return Refuse(OperationRefusal.Unmaskable(unmaskable), text, sql, parameters);
        }

        log.Held(text, decision, sql, parameters);
        (_text, _decision, _held) = (text, decision, held);
        return Later(Wait.People);
    }

    private async ValueTask<FrameAction> HoldAsync(Frame frame, PipeWriter output)
    {
        var message = (FrontendMessage)frame.Header.Kind;
        // What was sent before it is answered first: then the transaction's state is known, and whether this would run at all.
        if (_replies.Count > 0)
        {
            MessageWriter.Begin(output, (byte)FrontendMessage.Flush, 0).End();
        }

        await FlushAsync(output);
        // A COPY from the client is not over before the client says so, which it has not.
        await gate.UntilAsync(() => _replies.Count == 0 || _replies.IsCopyingIn);
        if (gate.IsClosed || IsSkipped)
        {
            return FrameAction.Drop;
        }

        JudgedText text = _text!;
        if (_replies.IsCopyingIn)
        {
            return RefuseLate(message, OperationRefusal.NotHeld(_decision, "a COPY is under way: end it first"), output);
        }

        // Whether a transaction is still that of the last ReadyForQuery is known only if nothing was executed since.
        if (conversation.Status == TransactionStatus.Failed && !_hasRun && !text.EndsTransaction)
        {
            return RefuseLate(message, OperationRefusal.InFailedTransaction(), output);
        }

        string operation = message == FrontendMessage.Query ? "query" : "execute";
        bool isInTransaction = _hasRun || _hasBound || conversation.Status != TransactionStatus.Idle;
        if (message == FrontendMessage.Bind && !isInTransaction && !await EndParsingAsync(output))
        {
            return FrameAction.Drop;
        }

        gate.BeginDecision(static () => true);
        HoldOutcome outcome = await holds.WaitAsync(_held!, _decision, operation, isInTransaction);
        Decision now = outcome.Approval is null ? _decision : await DecideAgainAsync(text);
        gate.EndDecision();
        if (outcome.Refusal is { } refusal)
        {
            if (gate.IsClosed)
            {
                return FrameAction.Drop;
            }

            return RefuseLate(message, refusal, output);
        }

        string approval = outcome.Approval!.Id;
        if (gate.IsClosed)
        {
            holds.GiveUp(approval, "the session ended");
            return FrameAction.Drop;
        }

        if (gate.IsWithdrawn)
        {
            holds.GiveUp(approval, "the client cancelled it");
            return RefuseLate(message, OperationRefusal.Withdrawn(approval), output);
        }

        _refusal = RefusalOf(text, now, outcome.Approval, out string? why);
        if (_refusal is not null)
        {
            holds.GiveUp(approval, why);
            log.Denied(text, now with { Verdict = Verdict.Deny }, default, default, _refusal.Reference);
            return SendPoison(message, output);
        }

        try
        {
            _durableFirst = log.Approved(text, now, approval);
        }
        catch (AuditFailedException)
        {
            holds.GiveUp(approval, "the audit log did not take it");
            throw;
        }

        if (message == FrontendMessage.Bind)
        {
            return BindApproved(frame, outcome.Approval, output);
        }

        Begin(text, outcome.Approval);
        return Run(frame, output);
    }

    // The Parse before it has opened a transaction, of which the upstream counts the time and keeps the locks. What it prepared stays.
    private async ValueTask<bool> EndParsingAsync(PipeWriter output)
    {
        MessageWriter.Begin(output, (byte)FrontendMessage.Sync, 0).End();
        _replies.Add(new PendingReply(FrontendMessage.Sync, ReplyAction.Swallow));
        conversation.NextGroup();
        await FlushAsync(output);
        await gate.UntilAsync(() => _replies.Count == 0);
        return !gate.IsClosed;
    }

    private FrameAction RefuseLate(FrontendMessage message, OperationRefusal refusal, PipeWriter output)
    {
        log.Denied(_text!, _decision with { Verdict = Verdict.Deny, Reason = refusal.Fields.Message }, default, default, refusal.Reference);
        _refusal = refusal;
        return SendPoison(message, output);
    }

    /// <summary>Decides once more about what people have approved: by what holds now, and with whoever else is asked.</summary>
    private async ValueTask<Decision> DecideAgainAsync(JudgedText text)
    {
        while (true)
        {
            conversation.Judge.Refresh();
            conversation.Anticipate(text);
            if (masks is not null && masks.NeedsCatalog(text, conversation.Judge.Settings.SearchPath))
            {
                await masks.LoadAsync();
                await gate.Loop.Switch();
                continue;
            }

            Decision now = conversation.Decide(text, out _, isRun: false);
            if (!conversation.Judge.AsksElsewhere || now.Verdict == Verdict.Deny || gate.IsClosed)
            {
                return now;
            }

            int epoch = conversation.Judge.Epoch;
            now = await conversation.Judge.AskElsewhereAsync(conversation.Runs(text), now);
            await gate.Loop.Switch();
            conversation.Judge.Refresh();
            if (conversation.Judge.Epoch == epoch)
            {
                return now;
            }
        }
    }

    /// <summary>Why something that people have approved does not run all the same; null: it does.</summary>
    private OperationRefusal? RefusalOf(JudgedText text, in Decision now, Approval given, out string? why)
    {
        if (now.Verdict == Verdict.Deny)
        {
            why = "the rules deny it by now";
            return OperationRefusal.Denied(conversation.Runs(text), now);
        }

        if (now.Verdict == Verdict.Hold && (now.Hold is null || !holds.Meets(given, now.Hold)))
        {
            why = "the rules ask for other people by now";
            return OperationRefusal.OfOthers(now, given.Id);
        }

        return TryPlan(text, now, out why) ? null : OperationRefusal.Unmaskable(why);
    }

    /// <summary>What is unknown is decided about before it is bound, by whoever else is asked as well.</summary>
    /// <returns>Null: it is decided.</returns>
    private FrameAction? DecideBound(JudgedText text, ref Decision decision, ReadOnlySpan<byte> fields)
    {
        if (masks is not null && masks.NeedsCatalog(text, conversation.Judge.Settings.SearchPath))
        {
            return Later(Wait.Catalog);
        }

        if (!conversation.Judge.AsksElsewhere)
        {
            return null;
        }

        if (!_wasAskedElsewhere)
        {
            (_text, _decision) = (text, decision);
            return Later(Wait.Elsewhere);
        }

        (decision, _wasAskedElsewhere) = (decision.And(_decision), false);
        return gate.IsWithdrawn ? Refuse(OperationRefusal.Cancelled(), text, default, fields) : null;
    }

    private FrameAction BindApproved(in Frame frame, Approval approval, PipeWriter output)
    {
        JudgedText text = _text!;
        FrameAction action = Bind(PortalOf(frame), text, text.Held!.Bound);
        if (action != FrameAction.Forward)
        {
            holds.GiveUp(approval.Id, _refusal!.Fields.Message);
            return SendPoison(FrontendMessage.Bind, output);
        }

        _bound = (text, approval);
        return action;
    }

    /// <summary>The yes with which the last Bind passed, if that is what is executed now: once.</summary>
    private Approval? TakeBound(JudgedText text)
    {
        if (_bound is { } bound && ReferenceEquals(bound.Text, text))
        {
            _bound = null;
            return bound.Approval;
        }

        ForgetBound();
        return null;
    }

    /// <summary>The yes with which a portal has begun, of which another part is asked for.</summary>
    private Approval? RestOf(JudgedText text) => _portal?.Given is { } begun && ReferenceEquals(begun.Text, text) ? begun.Approval : null;

    private void Begin(JudgedText text, Approval given)
    {
        (_text, _ended) = (text, run => holds.Complete(given.Id, run));
        if (_portal is not null)
        {
            _portal.Given = (text, given);
        }
    }

    /// <summary>Runs what was approved at its Bind, where it was written down, by what holds now.</summary>
    private FrameAction RunBound(JudgedText text, in Decision decision, Approval given, ReadOnlySpan<byte> parameters)
    {
        if (RefusalOf(text, decision, given, out string? why) is { } refusal)
        {
            if (RestOf(text) is null)
            {
                holds.GiveUp(given.Id, why);
            }

            log.Denied(text, decision with { Verdict = Verdict.Deny }, default, parameters, refusal.Reference);
            return Refuse(refusal);
        }

        if (_portal?.Given is { } begun && ReferenceEquals(begun.Text, text))
        {
            (_text, _ended) = (text, null);
        }
        else
        {
            Begin(text, given);
        }

        return NeedsDescription(FrontendMessage.Execute) ? Later(Wait.Description) : Run(FrontendMessage.Execute, text);
    }
}
