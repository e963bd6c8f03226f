using WireGate.Core.Audit;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;

namespace WireGate.Testing.Admin;

/// <summary>Sessions in memory; the killed are gone at once.</summary>
public sealed class MemorySessions : ISessionDirectory
{
    public List<SessionInfo> Open { get; } = [];

    public IReadOnlyList<SessionInfo> List() => [.. Open];

    public int Kill(SessionFilter filter, SessionEnd reason) => Open.RemoveAll(filter.Matches);
}

/// <summary>Audit events in memory. What was appended is durable only once somebody has waited for it.</summary>
public sealed class MemoryAudit : IAuditLog
{
    public List<AuditEvent> Events { get; } = [];

    public long Durable { get; private set; }

    /// <summary>Raised with each record that is waited for.</summary>
    public event Action? Waited;

    /// <summary>What every append fails with.</summary>
    public AuditFailedException? Failure { get; set; }

    public AuditPosition Append(AuditEvent auditEvent)
    {
        if (Failure is not null)
        {
            throw Failure;
        }

        Events.Add(auditEvent);
        return new AuditPosition(0, Events.Count);
    }

    public AuditPosition Append(ReadOnlySpan<byte> members) => throw new NotSupportedException("Nothing of an administrator's is rendered beforehand.");

    public void Hasten(EventLoop loop)
    {
    }

    /// <inheritdoc/>
    public bool IsDurable(AuditPosition position) => position.Sequence <= Durable;

    public ValueTask WhenDurableAsync(AuditPosition position)
    {
        Durable = Math.Max(Durable, position.Sequence);
        Waited?.Invoke();
        return ValueTask.CompletedTask;
    }
}

/// <summary>References in memory.</summary>
public sealed class MemoryReferences : IReferenceLookup
{
    public Dictionary<string, ReferencedRecord> Records { get; } = [];

    public ValueTask<ReferencedRecord?> FindAsync(string reference, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Records.GetValueOrDefault(reference));
}
