namespace WireGate.Http.Http2;

/// <summary>A stream ended before its message did. Whoever reads its body gets it, as of a connection that is lost.</summary>
/// <param name="code">Why.</param>
/// <param name="isByPeer">The peer ended it; else the gateway did, or the connection is lost.</param>
/// <param name="isUnprocessed">The peer did nothing of what was asked: it may be asked again.</param>
internal sealed class StreamException(ErrorCode code, bool isByPeer, bool isUnprocessed) : IOException($"The stream ended: {code}.")
{
    /// <summary>Why.</summary>
    public ErrorCode Code { get; } = code;

    /// <summary>The peer ended it; else the gateway did, or the connection is lost.</summary>
    public bool IsByPeer { get; } = isByPeer;

    /// <summary>The peer did nothing of what was asked: it may be asked again.</summary>
    public bool IsUnprocessed { get; } = isUnprocessed;

    /// <summary>What the peer broke of the protocol, so that the gateway ended it; null: nothing.</summary>
    public string? Broken { get; init; }
}
