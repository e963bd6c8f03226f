using WireGate.Core.Audit;

namespace WireGate.Testing.Sessions;

/// <summary>An audit log in memory that several loops write to, whose disk can be held and whose appends can be made to fail.</summary>
public sealed class SessionAudit : IAuditLog
{
    private readonly Lock _lock = new();
    private readonly List<AuditEvent> _events = [];
    private TaskCompletionSource? _disk;

    /// <summary>Which appends fail; null: none.</summary>
    public Predicate<AuditEvent>? Fails { get; set; }

    /// <summary>What reached the log, in order.</summary>
    public IReadOnlyList<AuditEvent> Events
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>From now on nothing becomes durable until <see cref="ReleaseDisk"/>.</summary>
    public void HoldDisk() => _disk = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The disk has done its work, or has failed.</summary>
    public void ReleaseDisk(AuditFailedException? failure = null)
    {
        if (failure is null)
        {
            _disk!.SetResult();
        }
        else
        {
            _disk!.SetException(failure);
        }
    }

    /// <inheritdoc/>
    public AuditPosition Append(AuditEvent auditEvent)
    {
        lock (_lock)
        {
            if (Fails?.Invoke(auditEvent) == true)
            {
                throw new AuditFailedException("the disk is gone");
            }

            _events.Add(auditEvent);
            return new AuditPosition(0, _events.Count);
        }
    }

    /// <inheritdoc/>
    public ValueTask WhenDurableAsync(AuditPosition position) => _disk is { } disk ? new ValueTask(disk.Task) : ValueTask.CompletedTask;
}
