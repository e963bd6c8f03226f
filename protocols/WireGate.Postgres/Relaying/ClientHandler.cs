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

/// <summary>
/// Client to upstream: each message that makes the upstream do something is judged, written down, and only then forwarded, as it came.
/// The framer has refused what is not legal, a password among it.
/// </summary>
internal sealed class ClientHandler(
    Conversation conversation, OperationLog log, IAuditLog audit, HeldOperations holds, Gate gate, SessionMasks? masks = null) : IFrameHandler
{
    private const int HeaderLength = FrameLimits.HeaderLength;

    private readonly PendingReplies _replies = conversation.Replies;

    /// <summary>What is refused is on its way, and the upstream skips everything up to the next Sync.</summary>
    private bool _isPoisoned;

    /// <summary>What must be on disk before anything more is sent; null: nothing.</summary>
    private AuditPosition? _durableFirst;

    // What OnFrame leaves to OnFrameAsync.
    private Wait _wait;
    private OperationRefusal? _refusal;
    private JudgedText? _text;
    private Decision _decision;
    private HeldBytes? _held;
    private bool _wasAskedElsewhere;
    private Action<OperationRun>? _ended;
    private ReadOnlySequence<byte> _large;
    private MaskPlan? _plan;

    /// <summary>The last message was a Describe of a portal: what is executed next, if it is the same one.</summary>
    private byte[]? _described;

    /// <summary>What is to be waited for before a frame is dealt with.</summary>
    private enum Wait
    {
        Nothing,
        Poison,
        CopyIn,
        Replies,
        Parser,
        Elsewhere,
        People,
        Catalog,
        Description,
    }

    /// <summary>The client said goodbye.</summary>
    public bool Terminated { get; private set; }

    /// <inheritdoc/>
    public FrameAction OnHeader(FrameHeader header)
    {
        switch ((FrontendMessage)header.Kind)
        {
            case FrontendMessage.CopyData:
                return IsSkipped ? FrameAction.Drop : FrameAction.Forward;
            case FrontendMessage.CopyDone:
            case FrontendMessage.CopyFail:
                _replies.OnCopyEnd();
                return IsSkipped ? FrameAction.Drop : FrameAction.Forward;
            case FrontendMessage.Flush:
                return IsSkipped ? FrameAction.Drop : FrameAction.Forward;
            case FrontendMessage.Terminate:
                Terminated = true;
                return FrameAction.Forward;
            default:
                return FrameAction.Inspect;
        }
    }

    /// <inheritdoc/>
    public FrameAction OnFrame(in Frame frame)
    {
        if (_replies.Count >= PendingReplies.Most)
        {
            return Later(Wait.Replies);
        }

        var message = (FrontendMessage)frame.Header.Kind;
        if (message == FrontendMessage.Sync)
        {
            return OnSync();
        }

        if (IsSkipped)
        {
            return FrameAction.Drop;
        }

        conversation.Judge.Refresh();
        ReadOnlySequence<byte> body = frame.Bytes.Slice(HeaderLength);
        if (body.IsSingleSegment)
        {
            return OnMessage(message, body.FirstSpan, frame);
        }

        byte[] copy = ArrayPool<byte>.Shared.Rent((int)body.Length);
        try
        {
            body.CopyTo(copy);
            return OnMessage(message, copy.AsSpan(0, (int)body.Length), frame);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<FrameAction> OnFrameAsync(Frame frame, PipeWriter output)
    {
        while (true)
        {
            switch (_wait)
            {
                case Wait.Poison:
                    return SendPoison((FrontendMessage)frame.Header.Kind, output);
                case Wait.Description:
                    return Run(frame, output);
                case Wait.Catalog:
                    await FlushAsync(output);
                    await masks!.LoadAsync();
                    await gate.Loop.Switch();
                    break;
                case Wait.CopyIn:
                    // Without it the upstream keeps its answer to itself.
                    MessageWriter.Begin(output, (byte)FrontendMessage.Flush, 0).End();
                    await FlushAsync(output);
                    await gate.UntilAsync(() => !_replies.MayCopyIn);
                    break;
                case Wait.Replies:
                    await FlushAsync(output);
                    await gate.UntilAsync(() => _replies.Count < PendingReplies.Most / 2);
                    break;
                case Wait.Elsewhere:
                    _decision = await AskElsewhereAsync(output);
                    break;
                case Wait.People:
                    return await HoldAsync(frame, output);
                case Wait.Parser:
                    await FlushAsync(output);
                    await conversation.Judge.ParseAsync(_large);
                    await gate.Loop.Switch();
                    break;
                default:
                    throw new InvalidOperationException("Nothing was left to be done.");
            }

            if (gate.IsClosed)
            {
                return FrameAction.Drop;
            }

            FrameAction action = OnFrame(frame);
            _wasAskedElsewhere = false;
            if (action != FrameAction.Inspect)
            {
                return action;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> OnSendingAsync()
    {
        if (_durableFirst is { } position)
        {
            _durableFirst = null;
            if (!audit.IsDurable(position))
            {
                return UntilDurableAsync(position);
            }
        }

        return ValueTask.FromResult(!gate.IsClosed);
    }

    private async ValueTask<bool> UntilDurableAsync(AuditPosition position)
    {
        await audit.WhenDurableAsync(position);
        await gate.Loop.Switch();
        return !gate.IsClosed;
    }

    private async ValueTask<Decision> AskElsewhereAsync(PipeWriter output)
    {
        await FlushAsync(output);
        Decision decision = await conversation.Judge.AskElsewhereAsync(conversation.Runs(_text!), _decision);
        await gate.Loop.Switch();
        _wasAskedElsewhere = true;
        return decision;
    }

    private async ValueTask FlushAsync(PipeWriter output)
    {
        if (await OnSendingAsync())
        {
            await output.FlushAsync(CancellationToken.None);
        }
    }

    private bool IsSkipped => _isPoisoned || _replies.IsSkipping;

    private FrameAction OnSync()
    {
        if (_replies.MayCopyIn)
        {
            // The upstream would ignore it within a COPY, and answer it otherwise.
            return Later(Wait.CopyIn);
        }

        if (_replies.IsCopyingIn)
        {
            return FrameAction.Drop;
        }

        _isPoisoned = false;
        _described = null;
        _replies.Add(new PendingReply(FrontendMessage.Sync));
        conversation.NextGroup();
        return FrameAction.Forward;
    }

    private FrameAction OnMessage(FrontendMessage message, ReadOnlySpan<byte> body, in Frame frame)
    {
        if (!frame.IsWhole && message is not (FrontendMessage.Bind or FrontendMessage.FunctionCall))
        {
            return Refuse(OperationRefusal.TooLarge(frame.Bytes.Length), conversation.Judge.Unnamed, default, default);
        }

        byte[]? described = _described;
        _described = null;
        return message switch
        {
            FrontendMessage.Query => OnQuery(body, frame),
            FrontendMessage.Parse => OnParse(body, frame),
            FrontendMessage.Bind => OnBind(body, frame),
            FrontendMessage.Execute => OnExecute(body, described),
            FrontendMessage.Describe => OnDescribe(body),
            FrontendMessage.Close => OnClose(body),
            FrontendMessage.FunctionCall => Start(message, conversation.Judge.FunctionCall, default, default),
            _ => throw new InvalidOperationException("A message that the framer does not know."),
        };
    }

    // String text
    private FrameAction OnQuery(ReadOnlySpan<byte> body, in Frame frame)
    {
        var reader = new PostgresReader(Peer.Client, body);
        ReadOnlySpan<byte> sql = reader.ReadCString();
        reader.End();
        return conversation.Judge.TryRead(sql, out JudgedText? text)
            ? Start(FrontendMessage.Query, text, sql, default)
            : ParseFirst(frame.Bytes.Slice(HeaderLength, sql.Length));
    }

    // String statement | String text | Int16 count | Int32 type of each parameter
    private FrameAction OnParse(ReadOnlySpan<byte> body, in Frame frame)
    {
        var reader = new PostgresReader(Peer.Client, body);
        ReadOnlySpan<byte> name = reader.ReadCString();
        ReadOnlySpan<byte> sql = reader.ReadCString();
        if (!conversation.Judge.TryRead(sql, out JudgedText? text))
        {
            return ParseFirst(frame.Bytes.Slice(HeaderLength + name.Length + 1, sql.Length));
        }

        // A hold waits for the Execute: nothing runs yet.
        Decision decision = conversation.Judge.Judge(text);
        if (decision.Verdict == Verdict.Deny)
        {
            return Refuse(text, decision, sql, default);
        }

        if (decision.Verdict == Verdict.Hold)
        {
            if (body.Length > HeldBytes.Most)
            {
                return Refuse(OperationRefusal.TooLarge(HeldBytes.Most), text, sql, default);
            }

            text = text.With(new HeldBytes(sql.ToArray(), reader.ReadRest().ToArray(), []));
        }

        if (!conversation.TryDefineStatement(name, text, out NameSlot? slot))
        {
            return Refuse(OperationRefusal.TooManyNames(), text, sql, default);
        }

        log.Prepared(text, decision, sql);
        _replies.Add(new PendingReply(FrontendMessage.Parse, ReplyAction.Forward, slot));
        return FrameAction.Forward;
    }

    // String portal | String statement | formats, values, result formats: see ParameterBuffer. The names come first, so the beginning is enough.
    private FrameAction OnBind(ReadOnlySpan<byte> body, in Frame frame)
    {
        var reader = new PostgresReader(Peer.Client, body);
        ReadOnlySpan<byte> portal = reader.ReadCString();
        JudgedText text = conversation.StatementOf(reader.ReadCString());
        ReadOnlySpan<byte> fields = reader.ReadRest();
        Decision decision = conversation.Decide(text, out _);
        if (decision.Verdict == Verdict.Deny)
        {
            return Refuse(text, decision, default, fields);
        }

        if (decision.Verdict == Verdict.Hold && text.Held is { } held)
        {
            if (!frame.IsWhole || body.Length + held.Sql.Length > HeldBytes.Most)
            {
                return Refuse(OperationRefusal.TooLarge(HeldBytes.Most), text, default, fields);
            }

            text = text.With(held with { Bound = fields.ToArray() });
        }

        if (!conversation.TryDefinePortal(portal, text, out NameSlot? slot))
        {
            return Refuse(OperationRefusal.TooManyNames(), text, default, fields);
        }

        slot?.Parameters.Keep(fields);
        _replies.Add(new PendingReply(FrontendMessage.Bind, ReplyAction.Forward, slot));
        return FrameAction.Forward;
    }

    // String portal | Int32 rows, 0: all
    private FrameAction OnExecute(ReadOnlySpan<byte> body, byte[]? described)
    {
        var reader = new PostgresReader(Peer.Client, body);
        ReadOnlySpan<byte> portal = reader.ReadCString();
        _described = described is not null && portal.SequenceEqual(described) ? described : null;
        JudgedText text = conversation.PortalOf(portal, out NameSlot? slot);
        return Start(FrontendMessage.Execute, text, default, slot is null ? default : slot.Parameters.Kept);
    }

    // Byte1 'S' or 'P' | String name
    private FrameAction OnDescribe(ReadOnlySpan<byte> body)
    {
        if (masks is not { MayMask: true })
        {
            _replies.Add(new PendingReply(FrontendMessage.Describe));
            return FrameAction.Forward;
        }

        var reader = new PostgresReader(Peer.Client, body);
        bool isPortal = reader.ReadByte() == (byte)'P';
        _described = isPortal ? reader.ReadCString().ToArray() : null;
        _replies.Add(new PendingReply(FrontendMessage.Describe, ReplyAction.Forward, isPortal ? ResultMasks.Portal : null));
        return FrameAction.Forward;
    }

    // Byte1 'S' or 'P' | String name
    private FrameAction OnClose(ReadOnlySpan<byte> body)
    {
        var reader = new PostgresReader(Peer.Client, body);
        bool isPortal = reader.ReadByte() == (byte)'P';
        NameSlot? slot = conversation.Close(isPortal, reader.ReadCString());
        _replies.Add(new PendingReply(FrontendMessage.Close, ReplyAction.Forward, slot));
        return FrameAction.Forward;
    }

    /// <summary>Something is about to run: the rules are asked, it is written down, and it goes.</summary>
    private FrameAction Start(FrontendMessage message, JudgedText text, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        if (masks is not null && masks.NeedsCatalog(text, conversation.Judge.Settings.SearchPath))
        {
            return Later(Wait.Catalog);
        }

        Decision decision = conversation.Decide(text, out bool isDurableFirst);
        if (_wasAskedElsewhere)
        {
            // About this very frame: nothing was dealt with in between.
            (decision, _wasAskedElsewhere) = (decision.And(_decision), false);
        }
        else if (conversation.Judge.AsksElsewhere && decision.Verdict != Verdict.Deny)
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
        await gate.UntilAsync(() => _replies.Count == 0);
        if (gate.IsClosed || IsSkipped)
        {
            return FrameAction.Drop;
        }

        JudgedText text = _text!;
        string operation = message == FrontendMessage.Query ? "query" : "execute";
        HoldOutcome outcome = await holds.WaitAsync(_held!, _decision, operation, conversation.Status);
        if (outcome.Refusal is { } refusal)
        {
            if (gate.IsClosed)
            {
                return FrameAction.Drop;
            }

            log.Denied(text, _decision with { Verdict = Verdict.Deny, Reason = refusal.Fields.Message }, default, default, refusal.Reference);
            _refusal = refusal;
            return SendPoison(message, output);
        }

        string approval = outcome.Approval!;
        conversation.Judge.Refresh();
        Decision now = conversation.Decide(text, out _);
        if (gate.IsClosed)
        {
            holds.Complete(approval, executed: false, "the session ended");
            return FrameAction.Drop;
        }

        string? unmaskable = null;
        if (now.Verdict == Verdict.Deny || !TryPlan(text, now, out unmaskable))
        {
            holds.Complete(approval, executed: false, unmaskable ?? "the rules deny it by now");
            _refusal = unmaskable is null ? OperationRefusal.Denied(text, now) : OperationRefusal.Unmaskable(unmaskable);
            log.Denied(text, now with { Verdict = Verdict.Deny }, default, default, _refusal.Reference);
            return SendPoison(message, output);
        }

        _durableFirst = log.Approved(text, now, approval);
        _ended = run => holds.Complete(approval, !run.HasFailed, run.HasFailed ? "the upstream answered with an error" : null);
        return Run(frame, output);
    }

    private FrameAction Run(FrontendMessage message, JudgedText text)
    {
        OperationRun? run = conversation.OnSent(text, _ended);
        masks?.OnSent(text);
        _described = null;
        _replies.Add(new PendingReply(message, ReplyAction.Forward, run, text.MayCopyIn, _plan));
        if (message != FrontendMessage.Execute)
        {
            conversation.NextGroup();
        }

        return FrameAction.Forward;
    }

    private FrameAction Refuse(JudgedText text, in Decision decision, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        OperationRefusal refusal = OperationRefusal.Denied(text, decision);
        log.Denied(text, decision, sql, parameters, refusal.Reference);
        return Refuse(refusal);
    }

    private FrameAction Refuse(OperationRefusal refusal, JudgedText text, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        log.Denied(text, new Decision { Reason = refusal.Fields.Message, Config = "-" }, sql, parameters, refusal.Reference);
        return Refuse(refusal);
    }

    private FrameAction Refuse(OperationRefusal refusal)
    {
        _refusal = refusal;
        return Later(Wait.Poison);
    }

    private FrameAction SendPoison(FrontendMessage message, PipeWriter output)
    {
        OperationRefusal refusal = _refusal!;
        if (message is FrontendMessage.Query or FrontendMessage.FunctionCall)
        {
            Poison.WriteQuery(output, refusal.Reference);
            _replies.Add(new PendingReply(FrontendMessage.Query, ReplyAction.Substitute, refusal));
            conversation.NextGroup();
        }
        else
        {
            Poison.WriteExecute(output, refusal.Reference);
            _replies.Add(new PendingReply(FrontendMessage.Execute, ReplyAction.Substitute, refusal));
            _isPoisoned = true;
        }

        return FrameAction.Drop;
    }

    private FrameAction ParseFirst(ReadOnlySequence<byte> sql)
    {
        _large = sql;
        return Later(Wait.Parser);
    }

    private FrameAction Later(Wait wait)
    {
        _wait = wait;
        return FrameAction.Inspect;
    }
}
