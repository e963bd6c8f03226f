using WireGate.Core.Audit;
using WireGate.Core.Transport;

namespace WireGate.Testing.Sessions;

/// <summary>An audit log that counts and keeps nothing, so that it costs nothing; everything is on disk at once.</summary>
public sealed class CountingAudit : IAuditLog
{
    /// <summary>Records so far.</summary>
    public long Count { get; private set; }

    /// <inheritdoc/>
    public AuditPosition Append(AuditEvent auditEvent) => new(0, ++Count);

    /// <inheritdoc/>
    public AuditPosition Append(ReadOnlySpan<byte> members) => new(0, ++Count);

    /// <inheritdoc/>
    public void Hasten(EventLoop loop)
    {
    }

    /// <inheritdoc/>
    public bool IsDurable(AuditPosition position) => true;

    /// <inheritdoc/>
    public ValueTask WhenDurableAsync(AuditPosition position) => ValueTask.CompletedTask;
}
