namespace WireGate.Core.Audit;

/// <summary>What the chains of a log have in common.</summary>
/// <param name="logId">Random, made with the log.</param>
/// <param name="segmentSize">Size of new segments in bytes.</param>
/// <param name="disk">Where they are made and synced.</param>
/// <param name="time">The clock.</param>
internal sealed class AuditLogContext(UInt128 logId, int segmentSize, SegmentDisk disk, TimeProvider time)
{
    /// <summary>
    /// How long an appender may stand still for want of a segment before the log counts as failed. While it does, so does its event
    /// loop; systemd's usual watchdog is three times as patient.
    /// </summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    public UInt128 LogId { get; } = logId;

    public int SegmentSize { get; } = segmentSize;

    public SegmentDisk Disk { get; } = disk;

    public TimeProvider Time { get; } = time;

    public AuditFailure Failure { get; } = new();

    /// <summary>Called once, with why the log failed.</summary>
    public Action<string, Exception?>? Failed { get; set; }

    /// <summary>Called with why a chain cannot go on for now; again only after it could.</summary>
    public Action<string>? Refused { get; set; }

    /// <summary>Null until the log is open.</summary>
    public AuditWorker? Flusher { get; set; }

    /// <summary>Null until the log is open.</summary>
    public AuditWorker? Preparer { get; set; }

    /// <summary>Latches a failure: nothing is appended any more, and nobody waits any more.</summary>
    public void Fail(string message, Exception? exception)
    {
        if (Failure.TryLatch(message, exception))
        {
            Failed?.Invoke(message, exception);
        }
    }
}
