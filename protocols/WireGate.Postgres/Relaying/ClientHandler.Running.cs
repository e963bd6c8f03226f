using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;

namespace WireGate.Postgres.Relaying;

/// <content>Lets something run, at once or once people have approved it.</content>
internal sealed partial class ClientHandler
{
    /// <summary>Something is about to run: the rules are asked, it is written down, and it goes.</summary>
    private FrameAction Start(FrontendMessage message, JudgedText text, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        if (masks is not null && masks.NeedsCatalog(text, conversation.Judge.Settings.SearchPath))
        {
            return Later(Wait.Catalog);
        }

        // Whoever else is asked is asked first: a limit counts what was not refused there, and once.
        bool isAskedElsewhere = conversation.Judge.AsksElsewhere && !_wasAskedElsewhere;
        Decision decision = conversation.Decide(text, out bool isDurableFirst, isRun: !isAskedElsewhere);
        if (_wasAskedElsewhere)
        {
            // About this very frame: nothing was dealt with in between.
            (decision, _wasAskedElsewhere) = (decision.And(_decision), false);
            if (gate.IsWithdrawn)
            {
                return Refuse(OperationRefusal.Cancelled(), text, sql, parameters);
            }
        }
        else if (isAskedElsewhere && decision.Verdict != Verdict.Deny)
        {
            (_text, _decision) = (text, decision);
            return Later(Wait.Elsewhere);
        }

        if (decision.Verdict == Verdict.Hold)
        {
            return Hold(message, text, decision, sql, parameters);
        }

        if (decision.Verdict != Verdict.Allow)
        {
            return Refuse(text, decision, sql, parameters);
        }

        if (!TryPlan(text, decision, out string? why))
        {
            return Refuse(OperationRefusal.Unmaskable(why), text, sql, parameters);
        }

        AuditPosition written = log.Allowed(text, decision, sql, parameters);
        if (isDurableFirst)
        {
            _durableFirst = written;
        }

        (_text, _ended) = (text, null);
        return NeedsDescription(message) ? Later(Wait.Description) : Run(message, text);
    }

    /// <returns>False: something is to be masked, and it cannot be.</returns>
    private bool TryPlan(JudgedText text, in Decision decision, [NotNullWhen(false)] out string? why)
    {
        _plan = decision.Masks.IsEmpty ? null : masks?.PlanOf(text, decision.Masks, conversation);
        why = decision.Masks.IsEmpty || _plan is { Refusal: null } ? null : _plan?.Refusal ?? "its values cannot be masked";
        return why is null;
    }

    // Rows of a masked operation pass only by the description of the very portal that gives them.
    private bool NeedsDescription(FrontendMessage message) => message == FrontendMessage.Execute && _described is null && _plan is { GivesRows: true };

    private FrameAction Run(in Frame frame, PipeWriter output)
    {
        var message = (FrontendMessage)frame.Header.Kind;
        if (NeedsDescription(message))
        {
            var portal = new SequenceReader<byte>(frame.Bytes.Slice(HeaderLength));
            portal.TryReadTo(out ReadOnlySequence<byte> name, (byte)0);
            MessageWriter describe = MessageWriter.Begin(output, (byte)FrontendMessage.Describe, (int)name.Length + 2);
            describe.Byte((byte)'P');
            describe.CString(name.IsSingleSegment ? name.FirstSpan : name.ToArray());
            describe.End();
            _replies.Add(new PendingReply(FrontendMessage.Describe, ReplyAction.Swallow, ResultMasks.Portal));
        }

        return Run(message, _text!);
    }

    /// <summary>Something is about to run that people have to approve.</summary>
    private FrameAction Hold(FrontendMessage message, JudgedText text, in Decision decision, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        HeldBytes? held = message == FrontendMessage.Query && sql.Length <= HeldBytes.Most ? new HeldBytes(sql.ToArray(), [], []) : text.Held;
        string? why = text.UsesNames || text.Alternatives.Length > 0 ? "what a name stands for cannot be shown to people: send the statement itself"
            : text.MayCopyIn ? "the data of a COPY comes after the approval"
            : held is null ? "its exact bytes are not at hand: prepare and bind it again"
            : HeldOperations.Show(held) is null ? $"it cannot be shown to people in full: {ApprovalDisplay.MaxBytes} bytes at most"
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
        bool isInTransaction = _hasRun || conversation.Status != TransactionStatus.Idle;
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

        _durableFirst = log.Approved(text, now, approval);
        _ended = run => holds.Complete(approval, run);
        return Run(frame, output);
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

        if (now.Verdict == Verdict.Hold && (now.Hold is null || !given.Meets(now.Hold)))
        {
            why = "the rules ask for other people by now";
            return OperationRefusal.OfOthers(now, given.Id);
        }

        return TryPlan(text, now, out why) ? null : OperationRefusal.Unmaskable(why);
    }

    private FrameAction Run(FrontendMessage message, JudgedText text)
    {
        _hasRun = message == FrontendMessage.Execute;
        OperationRun? run = conversation.OnSent(text, _ended);
        masks?.OnSent(text, conversation);
        _described = null;
        _replies.Add(new PendingReply(message, ReplyAction.Forward, run, text.MayCopyIn, _plan));
        if (message != FrontendMessage.Execute)
        {
            conversation.NextGroup();
        }

        return FrameAction.Forward;
    }
}
