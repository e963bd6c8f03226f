namespace WireGate.Postgres.Startup;

/// <summary>
/// What the gateway and a client speak. Each leg is negotiated for itself: the client's version says nothing of the upstream's.
/// </summary>
/// <param name="Version">What is spoken: what was asked for, at most 3.2.</param>
/// <param name="UnknownOptions">Protocol options (<c>_pq_.*</c>) that the client must learn are not understood: all of them. Borrowed.</param>
/// <param name="IsAnswerNeeded">
/// Whether NegotiateProtocolVersion is sent, once, before the first authentication request. Not when the client asked for just what
/// is spoken: libpq takes a superfluous answer for an error.
/// </param>
internal readonly record struct ProtocolVersionNegotiation(
    int Version, IReadOnlyList<ReadOnlyMemory<byte>> UnknownOptions, bool IsAnswerNeeded)
{
    /// <summary>Length in bytes of the cancel key that the client expects.</summary>
    public int CancelKeyLength => Version >= ProtocolVersion.V3_2 ? 32 : 4;

    /// <param name="requested">A version with major number 3.</param>
    /// <param name="options">The protocol options of the startup message.</param>
    public static ProtocolVersionNegotiation Of(int requested, IReadOnlyList<ReadOnlyMemory<byte>> options)
    {
        int version = Math.Min(requested, ProtocolVersion.V3_2);
        return new ProtocolVersionNegotiation(version, options, version != requested || options.Count > 0);
    }
}
