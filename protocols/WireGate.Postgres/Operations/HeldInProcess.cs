namespace WireGate.Postgres.Operations;

/// <summary>
/// What the names of all sessions of the process hold, in bytes: each of its names, and each text once however many sessions hold it. Safe to
/// call from any thread.
/// </summary>
internal sealed class HeldInProcess
{
    /// <summary>Bytes of all sessions: a thousand with two hundred prepared statements each, as the instances of one program have them.</summary>
    public const long Most = 128 * 1024 * 1024;

    /// <summary>Bytes that a session may hold all the same: nobody is refused a few statements because others hold many.</summary>
    public const long OfEach = 128 * 1024;

    private long _held;

    /// <summary>Bytes that are held now.</summary>
    public long Held => Volatile.Read(ref _held);

    /// <summary>More is held, or less.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _held, bytes);
}
