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
        upstream.IsIdle = false;
        return FrameAction.Forward;
    }

    public ValueTask OnFrameAsync(Frame frame, PipeWriter output) => throw new InvalidOperationException("Nothing of a client's is inspected.");
}

/// <summary>Upstream to client. Reports of settings are read, since one of them names the real user; the rest streams.</summary>
internal sealed class UpstreamHandler(string realUser, string shownUser) : IFrameHandler
{
    /// <summary>Whether the last message was an ErrorResponse: an upstream that closes behind it has said why.</summary>
    public bool LastWasError { get; private set; }

    /// <summary>Nothing was sent to the upstream since it last was ready for a query.</summary>
    public bool IsIdle { get; set; } = true;

    public FrameAction OnHeader(FrameHeader header)
    {
        IsIdle |= header.Kind == (int)BackendMessage.ReadyForQuery;
        LastWasError = header.Kind == (int)BackendMessage.ErrorResponse;
        return header.Kind == (int)BackendMessage.ParameterStatus ? FrameAction.Inspect : FrameAction.Forward;
    }

    public ValueTask OnFrameAsync(Frame frame, PipeWriter output)
    {
        ReadOnlySequence<byte> body = frame.Bytes.Slice(UpstreamFramer.HeaderLength);
        ParameterStatusRelay.Write(output, body.IsSingleSegment ? body.FirstSpan : body.ToArray(), realUser, shownUser);
        return ValueTask.CompletedTask;
    }
}
