using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Framing;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres.Relaying;

/// <summary>
/// Upstream to client: every answer is checked against what was asked, and the conversation follows it. Reports of settings are read,
/// since one of them names the real user; the answers to refused operations are replaced; the rest streams.
/// </summary>
/// <param name="conversation">What was asked.</param>
/// <param name="settings">The reports of settings.</param>
/// <param name="gate">Told of every answer.</param>
/// <param name="masks">What is masked; null: nothing.</param>
/// <param name="waitsFor">What must be on disk before anything that may answer it goes to the client; null: nothing.</param>
internal sealed partial class UpstreamHandler(
    Conversation conversation, ParameterStatusRelay settings, Gate gate, SessionMasks? masks = null, OperationLog? waitsFor = null) : IFrameHandler
{
    private readonly PendingReplies _replies = conversation.Replies;

    /// <summary>Says something to the upstream between two messages of the client's.</summary>
    public Action<Action<PipeWriter>>? Tell { get; init; }

    /// <summary>Told of each ReadyForQuery.</summary>
    public Action? Ready { get; init; }

    /// <summary>Whether the last message was an ErrorResponse: an upstream that closes behind it has said why.</summary>
    public bool LastWasError { get; private set; }

    /// <inheritdoc/>
    public FrameAction OnHeader(FrameHeader header)
    {
        var message = (BackendMessage)header.Kind;
        LastWasError = message == BackendMessage.ErrorResponse;
        if (message == BackendMessage.NotificationResponse)
        {
            // It comes without having been asked for: nothing that the client sent has taken the config in force.
            conversation.Judge.Refresh();
            masks?.Refresh();
        }

        if (masks is { MayMask: true })
        {
            return OnMaskedHeader(message);
        }

        switch (message)
        {
            case BackendMessage.DataRow:
            case BackendMessage.CopyOutResponse:
            case BackendMessage.CopyData:
            case BackendMessage.CopyDone:
                _replies.Require(FrontendMessage.Execute, FrontendMessage.Query);
                return FrameAction.Forward;
            case BackendMessage.NoticeResponse:
            case BackendMessage.NotificationResponse:
                return FrameAction.Forward;
            case BackendMessage.ReadyForQuery:
            case BackendMessage.ParameterStatus:
                return FrameAction.Inspect;
            case BackendMessage.ErrorResponse:
                return OnError();
            default:
                OnAnswer(message);
                gate.Signal();
                return FrameAction.Forward;
        }
    }

    /// <inheritdoc/>
    public FrameAction OnFrame(in Frame frame)
    {
        var message = (BackendMessage)frame.Header.Kind;
        if (_results is not null && message is BackendMessage.DataRow or BackendMessage.CopyData)
        {
            return FrameAction.Inspect;
        }

        if (!frame.IsWhole)
        {
            ProtocolException.Throw(Peer.Upstream, "a message that must be read whole is larger than the limit on inspected frames");
        }

        ReadOnlySequence<byte> body = frame.Bytes.Slice(UpstreamFramer.HeaderLength);
        ReadOnlySpan<byte> bytes = body.IsSingleSegment ? body.FirstSpan : body.ToArray();
        if (_results is not null && OnMaskedFrame(message, bytes) is { } chosen)
        {
            return chosen;
        }

        switch (message)
        {
            case BackendMessage.ReadyForQuery:
                return OnReady(ReadyForQuery.Read(bytes)) ? FrameAction.Forward : FrameAction.Drop;
            case BackendMessage.ParameterStatus:
                ParameterStatus parameter = ParameterStatus.Read(bytes);
                conversation.Judge.Settings.OnReported(parameter.Name, parameter.Value);
                return settings.IsShownAsItIs(parameter) ? FrameAction.Forward : FrameAction.Inspect;
            case BackendMessage.ErrorResponse when !Poison.IsAnswer(bytes):
                _replies.OnError();
                gate.Signal();
                return FrameAction.Forward;
            default:
                return FrameAction.Inspect;
        }
    }

    /// <inheritdoc/>
    public ValueTask<FrameAction> OnFrameAsync(Frame frame, PipeWriter output)
    {
        if (_results is not null && IsMaskedWrite(frame))
        {
            return WriteMaskedAsync(frame, output);
        }

        if ((BackendMessage)frame.Header.Kind == BackendMessage.ErrorResponse)
        {
            output.WriteErrorResponse(((OperationRefusal)_replies.First.State!).Fields);
            _replies.OnError();
            gate.Signal();
        }
        else
        {
            ReadOnlySequence<byte> body = frame.Bytes.Slice(UpstreamFramer.HeaderLength);
            settings.Write(output, body.IsSingleSegment ? body.FirstSpan : body.ToArray());
        }

        return ValueTask.FromResult(FrameAction.Drop);
    }

    /// <inheritdoc/>
    public ValueTask<bool> OnSendingAsync() =>
        waitsFor is null || waitsFor.IsDurable ? ValueTask.FromResult(true) : UntilDurableAsync(waitsFor);

    private async ValueTask<bool> UntilDurableAsync(OperationLog log)
    {
        await log.WhenDurableAsync(gate.Loop);
        return true;
    }

    private FrameAction OnError()
    {
        if (_replies.First.Action == ReplyAction.Substitute)
        {
            return FrameAction.Inspect;
        }

        _replies.OnError();
        gate.Signal();
        return FrameAction.Forward;
    }

    // False: the client does not see it.
    private bool OnReady(TransactionStatus status)
    {
        PendingReply answered = _replies.First;
        if (answered.Message is not (FrontendMessage.Sync or FrontendMessage.Query or FrontendMessage.FunctionCall)
            || answered.Action == ReplyAction.Substitute)
        {
            PendingReplies.Refuse();
        }

        _replies.RemoveFirst();
        (answered.State as OperationRun)?.End();
        conversation.OnReady(status);
        bool mustFail = _results is { IsBlocked: true } && status == TransactionStatus.InTransaction;
        if (mustFail)
        {
            Tell!(_results!.FailTransaction);
        }
        else
        {
            _results?.OnReady();
            masks?.OnReady(status, conversation.IsIdle);
        }

        gate.Signal();
        Ready?.Invoke();
        return !mustFail && answered.Action != ReplyAction.Swallow;
    }

    private void OnAnswer(BackendMessage message)
    {
        switch (message)
        {
            case BackendMessage.ParseComplete:
                (_replies.Take(FrontendMessage.Parse).State as NameSlot)?.Confirm();
                break;
            case BackendMessage.BindComplete:
                (_replies.Take(FrontendMessage.Bind).State as NameSlot)?.Confirm();
                break;
            case BackendMessage.CloseComplete:
                if (_replies.Take(FrontendMessage.Close).State is NameSlot closed)
                {
                    conversation.OnClosed(closed);
                }

                break;
            case BackendMessage.ParameterDescription:
                _replies.Require(FrontendMessage.Describe, FrontendMessage.Describe);
                break;
            case BackendMessage.NoData:
                _replies.Take(FrontendMessage.Describe);
                break;
            case BackendMessage.RowDescription:
                if (_replies.Require(FrontendMessage.Describe, FrontendMessage.Query).Message == FrontendMessage.Describe)
                {
                    _replies.RemoveFirst();
                }

                break;
            case BackendMessage.CommandComplete:
            case BackendMessage.EmptyQueryResponse:
                OnCompleted();
                break;
            case BackendMessage.PortalSuspended:
                // It has begun, and whoever asks for the rest asks anew.
                (_replies.Take(FrontendMessage.Execute).State as OperationRun)?.End();
                conversation.OnUnfollowed();
                break;
            case BackendMessage.CopyInResponse:
            case BackendMessage.CopyBothResponse:
                _replies.OnCopyInResponse();
                break;
            case BackendMessage.FunctionCallResponse:
                _replies.Require(FrontendMessage.FunctionCall, FrontendMessage.FunctionCall);
                conversation.OnUnfollowed();
                break;
            default:
                PendingReplies.Refuse();
                break;
        }
    }

    private void OnCompleted()
    {
        PendingReply first = _replies.Require(FrontendMessage.Execute, FrontendMessage.Query);
        var run = first.State as OperationRun;
        conversation.OnCompleted(run);
        if (first.Message == FrontendMessage.Execute)
        {
            _replies.RemoveFirst();
            run?.End();
        }
    }
}
