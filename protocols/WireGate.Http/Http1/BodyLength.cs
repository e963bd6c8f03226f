namespace WireGate.Http.Http1;

/// <summary>How a message says where its body ends (RFC 9112 section 6.3).</summary>
internal enum BodyKind
{
    /// <summary>It has none. The default, so that what was not decided reads no byte of the next message.</summary>
    None = 0,

    /// <summary>Content-Length.</summary>
    Counted,

    /// <summary>Transfer-Encoding: chunked.</summary>
    Chunked,

    /// <summary>A response that goes on until the connection ends.</summary>
    UntilClose,
}

/// <summary>Where a body ends.</summary>
/// <param name="Kind">How that is told.</param>
/// <param name="Count">Its bytes, of one that is counted.</param>
internal readonly record struct BodyLength(BodyKind Kind, long Count = 0);
