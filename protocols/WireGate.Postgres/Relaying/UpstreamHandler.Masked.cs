using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Relaying;

/// <summary>What of an upstream's answers is looked at in a session that may have masks.</summary>
internal sealed partial class UpstreamHandler
{
    // Settings whose values are words of the server's own; any other takes whatever text it is given.
    private static readonly HashSet<string> ClosedSettings = new(StringComparer.OrdinalIgnoreCase)
    {
        "client_encoding", "server_encoding", "server_version", "DateStyle", "IntervalStyle", "integer_datetimes", "is_superuser",
        "standard_conforming_strings", "default_transaction_read_only", "in_hot_standby", "session_authorization", "scram_iterations",
    };

    private ResultMasks? _results;

    private FrameAction OnMaskedHeader(BackendMessage message)
    {
        ResultMasks results = _results ??= new ResultMasks(masks!, _replies);
        if (results.IsOver)
        {
            return FrameAction.Drop;
        }

        bool isMasked = _replies.First.Plan is not null;
        switch (message)
        {
            case BackendMessage.ReadyForQuery:
            case BackendMessage.ParameterStatus:
            case BackendMessage.ErrorResponse:
            case BackendMessage.NoticeResponse:
            case BackendMessage.NotificationResponse:
                return FrameAction.Inspect;
            case BackendMessage.DataRow:
                _replies.Require(FrontendMessage.Execute, FrontendMessage.Query);
                return results.IsBlocked ? FrameAction.Drop : isMasked ? results.OnRow() : FrameAction.Forward;
            case BackendMessage.CopyData:
                _replies.Require(FrontendMessage.Execute, FrontendMessage.Query);
                return results.IsBlocked ? FrameAction.Drop : results.OnCopyData();
            case BackendMessage.CopyOutResponse:
            case BackendMessage.CopyDone:
                _replies.Require(FrontendMessage.Execute, FrontendMessage.Query);
                return results.IsBlocked ? FrameAction.Drop : isMasked ? FrameAction.Inspect : FrameAction.Forward;
            case BackendMessage.RowDescription:
                return FrameAction.Inspect;
            default:
                return OnMaskedAnswer(message, results);
        }
    }

    private FrameAction OnMaskedAnswer(BackendMessage message, ResultMasks results)
    {
        bool isSwallowed = message is BackendMessage.NoData && _replies.First.Action == ReplyAction.Swallow;
        if (message is BackendMessage.CommandComplete or BackendMessage.EmptyQueryResponse or BackendMessage.PortalSuspended)
        {
            results.OnCompleted();
        }
        else
        {
            results.Forget();
        }

        OnAnswer(message);
        gate.Signal();
        return isSwallowed || results.IsBlocked ? FrameAction.Drop : FrameAction.Forward;
    }

    // Null: as in any session.
    private FrameAction? OnMaskedFrame(BackendMessage message, ReadOnlySpan<byte> body)
    {
        switch (message)
        {
            case BackendMessage.RowDescription:
                PendingReply first = _replies.Require(FrontendMessage.Describe, FrontendMessage.Query);
                bool isOfRows = first.Message == FrontendMessage.Query || ReferenceEquals(first.State, ResultMasks.Portal);
                OnAnswer(message);
                _results!.Forget();
                if (isOfRows)
                {
                    _results.OnDescription(body);
                }

                gate.Signal();
                return first.Action == ReplyAction.Swallow || _results.IsBlocked ? FrameAction.Drop : FrameAction.Forward;
            case BackendMessage.NotificationResponse:
                return masks!.WithholdsPayloads(conversation.Judge.AnyMasks) ? FrameAction.Inspect
                    : masks.Finds(body) ? FrameAction.Drop : FrameAction.Forward;
            case BackendMessage.ParameterStatus:
                ParameterStatus parameter = ParameterStatus.Read(body);
                bool isHidden = _results!.IsSensitive || _replies.First.Plan is { IsSensitive: true } || _results.Finds(parameter.Value);
                return !isHidden || ClosedSettings.Contains(Encoding.UTF8.GetString(parameter.Name)) ? null : FrameAction.Drop;
            case BackendMessage.ErrorResponse when Poison.IsAnswer(body) && _results!.IsBlocked:
                // The client has its error.
                _replies.OnError();
                gate.Signal();
                return FrameAction.Drop;
            case BackendMessage.ErrorResponse when Poison.IsAnswer(body) && _replies.First.Action != ReplyAction.Substitute:
            case BackendMessage.NoticeResponse:
            case BackendMessage.CopyOutResponse:
            case BackendMessage.CopyDone:
                return FrameAction.Inspect;
            default:
                return null;
        }
    }

    private bool IsMaskedWrite(in Frame frame) => (BackendMessage)frame.Header.Kind switch
    {
        BackendMessage.DataRow or BackendMessage.CopyData or BackendMessage.CopyOutResponse or BackendMessage.CopyDone => true,
        BackendMessage.NoticeResponse or BackendMessage.NotificationResponse => true,
        BackendMessage.ErrorResponse => _replies.First.Action != ReplyAction.Substitute,
        _ => false,
    };

    private ValueTask<FrameAction> WriteMaskedAsync(Frame frame, PipeWriter output)
    {
        ResultMasks results = _results!;
        var message = (BackendMessage)frame.Header.Kind;
        switch (message)
        {
            case BackendMessage.DataRow:
                return results.WriteRowAsync(frame, output);
            case BackendMessage.CopyData:
                return results.WriteCopyDataAsync(frame, output);
            case BackendMessage.CopyDone:
                return ValueTask.FromResult(results.EndCopy(output));
        }

        ReadOnlySequence<byte> body = frame.Bytes.Slice(UpstreamFramer.HeaderLength);
        byte[] bytes = body.ToArray();
        if (message == BackendMessage.CopyOutResponse)
        {
            return results.BeginCopyAsync(bytes, output);
        }

        if (message == BackendMessage.NotificationResponse)
        {
            WriteNotification(bytes, output);
            return ValueTask.FromResult(FrameAction.Drop);
        }

        results.WriteSpoken(message, bytes, output);
        if (message == BackendMessage.ErrorResponse)
        {
            results.Forget();
            _replies.OnError();
            gate.Signal();
        }

        return ValueTask.FromResult(FrameAction.Drop);
    }

    // Int32 process | String channel | String payload: a trigger may have put a whole row there, so nothing of it passes.
    private void WriteNotification(ReadOnlySpan<byte> body, PipeWriter output)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        int process = reader.ReadInt32();
        ReadOnlySpan<byte> channel = reader.ReadCString();
        reader.ReadCString();
        reader.End();
        if (!masks!.Finds(channel))
        {
            output.WriteNotificationResponse(process, channel, default);
        }
    }
}
