namespace WireGate.Core.Audit;

/// <summary>Why nothing may be appended any more. It never becomes possible again.</summary>
internal sealed class AuditFailure
{
    private static readonly AuditFailedException Closed = new("The audit log is closed.");

    private AuditFailedException? _reason;

    /// <summary>Stops appends; a failure may still follow.</summary>
    public void Close() => Interlocked.CompareExchange(ref _reason, Closed, null);

    /// <returns>False: it had failed before, for another reason.</returns>
    public bool TryLatch(string message, Exception? exception)
    {
        var reason = new AuditFailedException(message, exception);
        AuditFailedException? before = Interlocked.CompareExchange(ref _reason, reason, null);
        return before is null || (before == Closed && Interlocked.CompareExchange(ref _reason, reason, Closed) == Closed);
    }

    /// <summary>Whether it has failed or is closed.</summary>
    public bool IsLatched => Volatile.Read(ref _reason) is not null;

    /// <exception cref="AuditFailedException">It has failed or is closed.</exception>
    public void ThrowIfFailed()
    {
        if (IsLatched)
        {
            throw ToException();
        }
    }

    /// <summary>A new exception for each who must know, since each throw writes its stack into it.</summary>
    public AuditFailedException ToException() => new(_reason!.Message, _reason.InnerException);
}
