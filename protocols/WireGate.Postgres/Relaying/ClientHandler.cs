using System.Buffers;
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
    Conversation conversation, OperationLog log, IAuditLog audit, Gate gate, SessionMasks? masks = null) : IFrameHandler
{
    private const int HeaderLength = FrameLimits.HeaderLength;

    private readonly PendingReplies _replies = conversation.Replies;

    /// <summary>What is refused is on its way, and the upstream skips everything up to the next Sync.</summary>
    private bool _isPoisoned;

    // What OnFrame leaves to OnFrameAsync.
    private Wait _wait;
    private OperationRefusal? _refusal;
    private AuditPosition _position;
    private JudgedText? _text;
    private ReadOnlySequence<byte> _large;
    private MaskPlan? _plan;

    /// <summary>The last message was a Describe of a portal: what is executed next, if it is the same one.</summary>
    private byte[]? _described;

    /// <summary>What is to be waited for before a frame is dealt with.</summary>
    private enum Wait
    {
        Nothing,
        Poison,
        Durable,
        CopyIn,
        Replies,
        Parser,
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
                case Wait.Durable:
                    await output.FlushAsync(CancellationToken.None);
                    await audit.WhenDurableAsync(_position);
                    await gate.Loop.Switch();
                    return gate.IsClosed || IsSkipped ? FrameAction.Drop : Run(frame, output);
                case Wait.Description:
                    return Run(frame, output);
                case Wait.Catalog:
                    await output.FlushAsync(CancellationToken.None);
                    await masks!.LoadAsync();
                    await gate.Loop.Switch();
                    break;
                case Wait.CopyIn:
                    // Without it the upstream keeps its answer to itself.
                    MessageWriter.Begin(output, (byte)FrontendMessage.Flush, 0).End();
                    await output.FlushAsync(CancellationToken.None);
                    await gate.UntilAsync(() => !_replies.MayCopyIn);
                    break;
                case Wait.Replies:
                    await output.FlushAsync(CancellationToken.None);
                    await gate.UntilAsync(() => _replies.Count < PendingReplies.Most / 2);
                    break;
                case Wait.Parser:
                    await output.FlushAsync(CancellationToken.None);
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
            if (action != FrameAction.Inspect)
            {
                return action;
            }
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
        if (decision.Verdict != Verdict.Allow)
        {
            return Refuse(text, decision, sql, parameters);
        }

        _plan = decision.Masks.IsEmpty ? null : masks?.PlanOf(text, decision.Masks, conversation);
        if (!decision.Masks.IsEmpty && _plan is null or { Refusal: not null })
        {
            return Refuse(OperationRefusal.Unmaskable(_plan?.Refusal ?? "its values cannot be masked"), text, sql, parameters);
        }

        _position = log.Allowed(text, decision, sql, parameters);
        _text = text;
        return isDurableFirst && !audit.IsDurable(_position) ? Later(Wait.Durable)
            : NeedsDescription(message) ? Later(Wait.Description)
            : Run(message, text);
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

    private FrameAction Run(FrontendMessage message, JudgedText text)
    {
        OperationRun? run = conversation.OnSent(text);
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
