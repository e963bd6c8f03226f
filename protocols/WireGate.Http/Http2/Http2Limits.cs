namespace WireGate.Http.Http2;

/// <summary>What a peer may do on one connection.</summary>
/// <param name="Streams">
/// SETTINGS_MAX_CONCURRENT_STREAMS; a stream counts until the work for it is over. RFC 9113 section 6.5.2 recommends no less than 100.
/// </param>
/// <param name="StreamWindow">
/// Octets of DATA that lie here of one stream at most: 256 KiB are 25 MB/s at a round trip of 10 ms. A stream begins with <see cref="FirstWindow"/>, and
/// gets the rest when somebody reads it, if there is room.
/// </param>
/// <param name="ConnectionWindow">
/// Octets of DATA that all streams may send together. Those that lie here of a stream's <see cref="FirstWindow"/> are given back as they come; of the
/// rest no more than <see cref="MostWider"/> lie here, so that streams that nobody reads never stop another. In all, no more than
/// <c>Streams * FirstWindow + MostWider</c> lie here of a connection: 9.3 MiB of the usual.
/// </param>
/// <param name="HeadTime">How long a preface, the fields of a message or another frame may take that have begun.</param>
/// <param name="AckTime">How long the acknowledgement of SETTINGS may take.</param>
internal sealed record Http2Limits(int Streams, int StreamWindow, int ConnectionWindow, TimeSpan HeadTime, TimeSpan AckTime)
{
    /// <summary>SETTINGS_INITIAL_WINDOW_SIZE: octets of each stream that do not count against the connection's window.</summary>
    public int FirstWindow { get; init; } = 64 * 1024;

    /// <summary>Octets in a second that a peer has to take of an answer that waits for it; 0: something in a minute.</summary>
    public int LeastRate { get; init; }

    /// <summary>Octets by which the windows of all streams together are wider than <see cref="FirstWindow"/>, at most.</summary>
    public int MostWider => ConnectionWindow / 4 * 3;

    /// <summary>Octets of a field block as it comes.</summary>
    public const int MostBlock = 64 * 1024;

    /// <summary>Frames that continue a field block.</summary>
    public const int MostContinuations = 8;

    /// <summary>Frames of the connection itself that wait for a peer that does not read.</summary>
    public const int MostControlFrames = 1_000;

    /// <summary>Octets of heads and of frames of the connection itself that wait; beyond, nothing more is read of the peer until they are gone.</summary>
    public const int MostPending = 256 * 1024;

    /// <summary>Answers before the answer, 1xx.</summary>
    public const int MostInterim = 16;

    /// <summary>
    /// Of both sides. On a connection to an upstream are streams of many sessions: a client that does not read stops its own, and no other.
    /// </summary>
    public static Http2Limits Usual { get; } = new(100, 256 * 1024, 4 * 1024 * 1024, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(15));
}
