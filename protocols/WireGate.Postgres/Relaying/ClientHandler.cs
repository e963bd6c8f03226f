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
internal sealed partial class ClientHandler(
    Conversation conversation, OperationLog log, IAuditLog audit, HeldOperations holds, Gate gate, SessionMasks? masks = null,
    bool readsWait = false) : IFrameHandler
{
    private const int HeaderLength = FrameLimits.HeaderLength;

    private readonly PendingReplies _replies = conversation.Replies;

    /// <summary>What is refused is on its way, and the upstream skips everything up to the next Sync.</summary>
    private bool _isPoisoned;

    /// <summary>Something was executed since the last Sync or Query: a transaction is open, whatever the last ReadyForQuery said.</summary>
    private bool _hasRun;

    /// <summary>Something was bound since: a transaction is open as well, and is not to be ended under a portal.</summary>
    private bool _hasBound;

    /// <summary>What must be on disk before anything more is sent; null: nothing.</summary>
    private AuditPosition? _durableFirst;

    // What OnFrame leaves to OnFrameAsync, which is at it.
    private bool _isDealing;
    private Wait _wait;
    private OperationRefusal? _refusal;
    private JudgedText? _text;
    private Decision _decision;
    private HeldBytes? _held;
    private bool _wasAskedElsewhere;
    private Action<OperationRun>? _ended;
    private ReadOnlySequence<byte> _large;
    private MaskPlan? _plan;

    /// <summary>What an Execute is of; null: nothing is known of it.</summary>
    private NameSlot? _portal;

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

    /// <summary>Nothing of the client's waits to be dealt with, and nothing has run that its next Sync ends.</summary>
    public bool IsIdle => !_isDealing && !_hasRun && !_hasBound;

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
        // Within a COPY nothing more is noted, and what would answer the rest waits for its data.
        if (_replies.IsFull && !_replies.IsCopyingIn)
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

        if (_replies.IsCopyingIn)
        {
            // From version 14 on the upstream ends the session by itself; before, its answers are one short of what was asked.
            throw new ProtocolException(Peer.Client, $"{message} within a COPY that it has not ended");
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
        _isDealing = true;
        try
        {
            return await DealWithAsync(frame, output);
        }
        finally
        {
            _isDealing = false;
            masks?.OnDealtWith();
        }
    }

    private async ValueTask<FrameAction> DealWithAsync(Frame frame, PipeWriter output)
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
                    await UntilAnsweredAsync(() => !_replies.MayCopyIn, output);
                    break;
                case Wait.Replies:
                    await UntilAnsweredAsync(() => _replies.HasRoom || _replies.IsCopyingIn, output);
                    break;
                case Wait.Elsewhere:
                    await AskElsewhereAsync(output);
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
        else if (readsWait)
        {
            // While the upstream works.
            log.Hasten(gate.Loop);
        }

        return ValueTask.FromResult(!gate.IsClosed);
    }

    private async ValueTask<bool> UntilDurableAsync(AuditPosition position)
    {
        await audit.WhenDurableAsync(position, gate.Loop);
        return !gate.IsClosed;
    }

    private async ValueTask AskElsewhereAsync(PipeWriter output)
    {
        await FlushAsync(output);
        gate.BeginDecision(() => _replies.Count == 0);
        _decision = await conversation.Judge.AskElsewhereAsync(conversation.Runs(_text!), _decision);
        await gate.Loop.Switch();
        gate.EndDecision();
        _wasAskedElsewhere = true;
    }

    private async ValueTask FlushAsync(PipeWriter output)
    {
        if (await OnSendingAsync())
        {
            await output.FlushAsync(CancellationToken.None);
        }
    }

    private async ValueTask UntilAnsweredAsync(Func<bool> isSo, PipeWriter output)
    {
        // Without it the upstream keeps its answers to itself.
        MessageWriter.Begin(output, (byte)FrontendMessage.Flush, 0).End();
        await FlushAsync(output);
        await gate.UntilAsync(isSo);
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

        ForgetBound();
        _isPoisoned = false;
        (_hasRun, _hasBound) = (false, false);
        _described = null;
        _replies.Add(new PendingReply(FrontendMessage.Sync));
        conversation.NextGroup();
        return FrameAction.Forward;
    }

    private FrameAction Refuse(JudgedText text, in Decision decision, ReadOnlySpan<byte> sql, ReadOnlySpan<byte> parameters)
    {
        OperationRefusal refusal = OperationRefusal.Denied(conversation.Runs(text), decision);
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
            (_hasRun, _hasBound) = (false, false);
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
