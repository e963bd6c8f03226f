using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Framing;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres.Relaying;

/// <summary>
/// Client to upstream. The framer has refused what is not legal, a password among it; until rules exist, a grant lets all of its
/// session's operations pass.
/// </summary>
internal sealed class ClientHandler(UpstreamHandler upstream) : IFrameHandler
{
    /// <summary>The client said goodbye.</summary>
    public bool Terminated { get; private set; }

    public FrameAction OnHeader(FrameHeader header)
    {
        Terminated = header.Kind == (int)FrontendMessage.Terminate;
        upstream.OnSent((FrontendMessage)header.Kind);
        return FrameAction.Forward;
    }

    public ValueTask OnFrameAsync(Frame frame, PipeWriter output) => throw new InvalidOperationException("Nothing of a client's is inspected.");
}

/// <summary>Upstream to client. Reports of settings are read, since one of them names the real user; the rest streams.</summary>
internal sealed class UpstreamHandler(string realUser, string shownUser) : IFrameHandler
{
    /// <summary>How many ReadyForQuery are still to come: a client may send the next query before it has the answer to the last.</summary>
    private int _owed;

    /// <summary>What goes on in place of a setting.</summary>
    public ParameterStatusRelay Settings { get; } = new(realUser, shownUser);

    /// <summary>Whether the last message was an ErrorResponse: an upstream that closes behind it has said why.</summary>
    public bool LastWasError { get; private set; }

    /// <summary>
    /// Nothing may be running at the upstream. It errs towards false, by which a cancel request is sent in vain: a Sync within a
    /// COPY is answered by nothing.
    /// </summary>
    public bool IsIdle { get; private set; } = true;

    /// <summary>The client has sent a message.</summary>
    public void OnSent(FrontendMessage message)
    {
        IsIdle = false;
        _owed += message is FrontendMessage.Query or FrontendMessage.Sync or FrontendMessage.FunctionCall ? 1 : 0;
    }

    public FrameAction OnHeader(FrameHeader header)
    {
        if (header.Kind == (int)BackendMessage.ReadyForQuery)
        {
            _owed -= _owed > 0 ? 1 : 0;
            IsIdle = _owed == 0;
        }

        LastWasError = header.Kind == (int)BackendMessage.ErrorResponse;
        return header.Kind == (int)BackendMessage.ParameterStatus ? FrameAction.Inspect : FrameAction.Forward;
    }

    public ValueTask OnFrameAsync(Frame frame, PipeWriter output)
    {
        ReadOnlySequence<byte> body = frame.Bytes.Slice(UpstreamFramer.HeaderLength);
        Settings.Write(output, body.IsSingleSegment ? body.FirstSpan : body.ToArray());
        return ValueTask.CompletedTask;
    }
}
