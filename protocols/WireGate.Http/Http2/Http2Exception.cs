using System.Diagnostics.CodeAnalysis;
using WireGate.Core.Framing;

namespace WireGate.Http.Http2;

/// <summary>A peer broke HTTP/2: one stream ends of it, or the connection does (RFC 9113 section 5.4).</summary>
/// <param name="peer">Who broke it.</param>
/// <param name="code">What the peer is told.</param>
/// <param name="streamId">The stream that ends; 0: the connection does.</param>
/// <param name="message">What was broken.</param>
internal sealed class Http2Exception(Peer peer, ErrorCode code, int streamId, string message) : ProtocolException(peer, message)
{
    /// <summary>What the peer is told.</summary>
    public ErrorCode Code { get; } = code;

    /// <summary>The stream that ends; 0: the connection does.</summary>
    public int StreamId { get; } = streamId;

    /// <summary>All streams end with it.</summary>
    public bool IsOfConnection => StreamId == 0;

    /// <summary>Ends the connection.</summary>
    /// <exception cref="Http2Exception">Always.</exception>
    [DoesNotReturn]
    public static void Throw(Peer peer, ErrorCode code, string message) => throw new Http2Exception(peer, code, 0, message);

    /// <summary>Ends a stream.</summary>
    /// <exception cref="Http2Exception">Always.</exception>
    [DoesNotReturn]
    public static void Throw(Peer peer, ErrorCode code, int streamId, string message) => throw new Http2Exception(peer, code, streamId, message);
}
