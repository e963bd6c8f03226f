namespace WireGate.Http.Http2;

/// <summary>How a stream ended.</summary>
internal enum StreamClosing : byte
{
    /// <summary>It never was, or nobody remembers it.</summary>
    Unknown = 0,

    /// <summary>Both sides ended it, or the peer reset it: nothing of the peer's may follow.</summary>
    Ended,

    /// <summary>The gateway reset it: what the peer sent before it knew is on its way still.</summary>
    ResetHere,
}

/// <summary>The streams that ended last.</summary>
internal sealed class ClosedStreams
{
    private const int Most = 256;

    private readonly (int Id, StreamClosing How)[] _streams = new (int, StreamClosing)[Most];
    private int _next;

    /// <summary>One ended.</summary>
    public void Add(int id, StreamClosing how)
    {
        _streams[_next] = (id, how);
        _next = (_next + 1) % Most;
    }

    /// <summary>How one ended, if it is among them.</summary>
    public StreamClosing Find(int id)
    {
        foreach ((int known, StreamClosing how) in _streams)
        {
            if (known == id)
            {
                return how;
            }
        }

        return StreamClosing.Unknown;
    }
}
