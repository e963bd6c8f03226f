using WireGate.Core.Transport;

namespace WireGate.Core.Audit;

/// <summary>Where a record stands: which chain, and its sequence number there.</summary>
/// <param name="Chain">Index of the event loop whose chain it is, or <see cref="AuditLog.SharedChain"/>.</param>
/// <param name="Sequence">Sequence number within the chain, from 1.</param>
public readonly record struct AuditPosition(int Chain, long Sequence);

/// <summary>
/// The facts, one tamper-evident record each. Without it nobody gets through: every failure throws, and the failure is final.
/// </summary>
public interface IAuditLog
{
    /// <summary>
    /// Appends to the calling loop's chain (to the shared chain elsewhere). On return the record survives a kill of the process;
    /// a power cut it survives once <see cref="WhenDurableAsync(AuditPosition)"/> has completed.
    /// </summary>
    /// <exception cref="AuditFailedException">It could not be written; nothing may run that depends on it.</exception>
    AuditPosition Append(AuditEvent auditEvent);

    /// <summary>As <see cref="Append(AuditEvent)"/>, for facts that are many: allocates nothing.</summary>
    /// <param name="members">
    /// Members of a JSON object in UTF-8 without braces and line breaks, beginning with the event; the time is put before them. Escaped
    /// already, as <see cref="AuditText"/> does.
    /// </param>
    /// <exception cref="AuditFailedException">It could not be written; nothing may run that depends on it.</exception>
    AuditPosition Append(ReadOnlySpan<byte> members);

    /// <summary>Whether the record is on disk already.</summary>
    bool IsDurable(AuditPosition position);

    /// <summary>Completes when the record is on disk. Continues on the caller's loop only if the caller switches back.</summary>
    /// <exception cref="AuditFailedException">It will never be.</exception>
    ValueTask WhenDurableAsync(AuditPosition position);

    /// <summary>As <see cref="WhenDurableAsync(AuditPosition)"/>, and continues on the loop, without a hop for each who waits.</summary>
    /// <param name="position">Of a record that was appended on the loop.</param>
    /// <param name="loop">The loop; the caller is on it.</param>
    /// <exception cref="AuditFailedException">It will never be.</exception>
    async ValueTask WhenDurableAsync(AuditPosition position, EventLoop loop)
    {
        await WhenDurableAsync(position);
        await loop.Switch();
    }

    /// <summary>Has what was appended on the loop written to disk soon, because somebody will wait for it. Waits for nothing.</summary>
    /// <param name="loop">The loop; the caller is on it.</param>
    void Hasten(EventLoop loop);
}

/// <summary>The audit log cannot be written.</summary>
public sealed class AuditFailedException(string message, Exception? innerException = null) : Exception(message, innerException);
