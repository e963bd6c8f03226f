namespace WireGate.Http;

/// <summary>
/// Knows when a peer has not taken what there is for it: nothing for a minute, or less than it has to. One that reads slowly is let read. It is asked
/// every few seconds.
/// </summary>
internal struct UnreadWatch
{
    // nginx: send_timeout, 60 s as well.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private long _since;
    private long _taken;
    private long _tookLast;
    private long _takenLast;

    /// <summary>Something waited for the peer when it was asked last.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Looks how far the peer is.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="isFull">Something waits for it.</param>
    /// <param name="taken">Grows by what it takes; of what is measured otherwise since, nothing is known.</param>
    /// <param name="rate">Bytes that it has to take in a second.</param>
    public bool IsUnread(TimeProvider time, bool isFull, long taken, int rate)
    {
        long now = time.GetTimestamp();
        if (!isFull || !IsFull)
        {
            (IsFull, _since, _taken, _tookLast, _takenLast) = (isFull, now, taken, now, taken);
            return false;
        }

        if (taken != _takenLast)
        {
            (_tookLast, _takenLast) = (now, taken);
        }

        TimeSpan elapsed = time.GetElapsedTime(_since, now);
        bool isSlow = false;
        if (elapsed >= Longest)
        {
            isSlow = taken >= _taken && taken - _taken < rate * elapsed.TotalSeconds;
            (_since, _taken) = (now, taken);
        }

        return isSlow || time.GetElapsedTime(_tookLast, now) >= Longest;
    }

    /// <summary>Nothing waits any more.</summary>
    public void Forget() => IsFull = false;
}
