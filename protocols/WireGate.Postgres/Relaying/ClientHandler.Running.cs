using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using WireGate.Core.Audit;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;

namespace WireGate.Postgres.Relaying;

/// <content>Lets something run.</content>
internal sealed partial class ClientHandler
{
    /// <summary>Something is about to run: the rules are asked, it is written down, and it goes.</summary>
    private FrameAction Start(FrontendMessage message, JudgedText text, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        conversation.Anticipate(text);
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

        if (message == FrontendMessage.Execute && (TakeBound(text) ?? RestOf(text)) is { } given)
        {
            return RunBound(text, decision, given, parameters);
        }

        if (decision.Verdict != Verdict.Deny && !conversation.HasRoomFor(text))
        {
            return Refuse(OperationRefusal.TooManyNames(), text, sql, parameters);
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
            ReadOnlySpan<byte> portal = PortalOf(frame);
            MessageWriter describe = MessageWriter.Begin(output, (byte)FrontendMessage.Describe, portal.Length + 2);
            describe.Byte((byte)'P');
            describe.CString(portal);
            describe.End();
            _replies.Add(new PendingReply(FrontendMessage.Describe, ReplyAction.Swallow, ResultMasks.Portal));
        }

        return Run(message, _text!);
    }

    private FrameAction Run(FrontendMessage message, JudgedText text)
    {
        _hasRun = message == FrontendMessage.Execute;
        _hasBound &= _hasRun;
        OperationRun? run = conversation.OnSent(text, _ended, _plan?.Map);
        masks?.OnSent(text, conversation);
        _described = null;
        _replies.Add(new PendingReply(message, ReplyAction.Forward, run, text.MayCopyIn, _plan));
        if (message != FrontendMessage.Execute)
        {
            conversation.NextGroup();
        }

        return FrameAction.Forward;
    }

    // String portal: what Bind and Execute begin with.
    private static ReadOnlySpan<byte> PortalOf(Frame frame)
    {
        var reader = new SequenceReader<byte>(frame.Bytes.Slice(HeaderLength));
        reader.TryReadTo(out ReadOnlySequence<byte> portal, (byte)0);
        return portal.IsSingleSegment ? portal.FirstSpan : portal.ToArray();
    }
}
