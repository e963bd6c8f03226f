namespace WireGate.Postgres.Operations;

/// <summary>What all sessions of the process keep of one kind, in bytes. Safe to call from any thread.</summary>
/// <param name="most">From here on each session keeps little.</param>
internal sealed class ProcessShare(long most)
{
    private long _kept;

    /// <summary>Bytes that are kept now.</summary>
    public long Kept => Volatile.Read(ref _kept);

    /// <summary>All of it is kept.</summary>
    public bool IsSpent => Kept >= most;

    /// <summary>More is kept, or less.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _kept, bytes);
}
