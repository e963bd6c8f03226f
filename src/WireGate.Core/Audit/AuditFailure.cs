namespace WireGate.Core.Audit;

/// <summary>Whether the log has failed. Once it has, it stays so until the process ends.</summary>
internal sealed class AuditFailure
{
    private AuditFailedException? _reason;

    /// <returns>False: it had failed before, for another reason.</returns>
    public bool TryLatch(string message, Exception? exception) =>
        Interlocked.CompareExchange(ref _reason, new AuditFailedException(message, exception), null) is null;

    /// <exception cref="AuditFailedException">It has failed.</exception>
    public void ThrowIfFailed()
    {
        if (Volatile.Read(ref _reason) is not null)
        {
            throw ToException();
        }
    }

    /// <summary>A new exception for each who must know, since each throw writes its stack into it.</summary>
    public AuditFailedException ToException() => new(_reason!.Message, _reason.InnerException);
}
