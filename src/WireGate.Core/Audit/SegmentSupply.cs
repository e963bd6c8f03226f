namespace WireGate.Core.Audit;

/// <summary>
/// The next segment of a chain, made by one thread before the one that appends needs it. The lock is for the change of segments, never
/// for a plain append.
/// </summary>
/// <param name="path">The chain's directory.</param>
/// <param name="log">The log's.</param>
/// <param name="isLastOnDisk">Whether all segments before the current one are on disk entirely.</param>
internal sealed class SegmentSupply(string path, AuditLogContext log, Func<bool> isLastOnDisk)
{
    // Between two steps: 31 of them take a tenth of the time that three quarters of a segment last at 40,000 records a second.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(1);

    private readonly object _gate = new();
    private MappedSegment? _next;
    private string? _refusal;
    private bool _isAwaited;

    /// <summary>Somebody has asked for the next one, and has not taken it.</summary>
    public bool IsWanted { get; private set; }

    /// <summary>Has it made; on the thread that appends.</summary>
    public void Want()
    {
        IsWanted = true;
        log.Preparer?.Wake();
    }

    /// <summary>
    /// Makes the next segment if it is time. Not before the last one is on disk entirely: so only the last two segments can have been
    /// torn by a power cut, and only they need to be looked at when the log is opened.
    /// </summary>
    public void Prepare()
    {
        lock (_gate)
        {
            // In this order: the last one was retired before another was wanted.
            if (!IsWanted || _next is not null || !isLastOnDisk() || log.Failure.IsLatched)
            {
                return;
            }
        }

        MappedSegment? next = null;
        string? refusal = null;
        try
        {
            next = log.Disk.Create(ChainDirectory.Next(path), log.SegmentSize, RestUnlessAwaited);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nothing is lost: the current file takes what still fits, and the next round tries again.
            refusal = $"The audit log cannot make its next file in {path}: {exception.Message}";
        }

        string? before;
        lock (_gate)
        {
            before = _refusal;
            _next = next;
            _refusal = refusal;
            Monitor.PulseAll(_gate);
        }

        if (refusal is not null && before is null)
        {
            log.Refused?.Invoke(refusal);
        }
    }

    /// <summary>The prepared segment. Waits only if the disk was too slow to make one while three quarters of the last were filled.</summary>
    /// <exception cref="AuditFailedException">There is none: the disk is full, and appends fail until it is not; or the log has failed.</exception>
    public MappedSegment Take()
    {
        lock (_gate)
        {
            while (_next is null)
            {
                log.Failure.ThrowIfFailed();
                IsWanted = true;
                if (_refusal is not null)
                {
                    throw new AuditFailedException(_refusal);
                }

                log.Flusher?.Wake();
                log.Preparer?.Wake();
                _isAwaited = true;
                Monitor.PulseAll(_gate);
                if (!Monitor.Wait(_gate, AuditLogContext.LongestWait))
                {
                    break;
                }
            }

            if (_next is { } next)
            {
                _next = null;
                IsWanted = false;
                _isAwaited = false;
                return next;
            }
        }

        log.Fail($"The audit log waited {AuditLogContext.LongestWait.TotalSeconds:0} s for its next file in {path}.", null);
        throw log.Failure.ToException();
    }

    private void RestUnlessAwaited()
    {
        lock (_gate)
        {
            if (!_isAwaited && !log.Failure.IsLatched)
            {
                Monitor.Wait(_gate, Rest);
            }
        }
    }

    /// <summary>Lets go whoever waits, now that the log has failed.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }
}
