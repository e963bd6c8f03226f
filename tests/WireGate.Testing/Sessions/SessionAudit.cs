using System.Text;
using System.Text.Json;
using WireGate.Core.Audit;
using WireGate.Core.Transport;

namespace WireGate.Testing.Sessions;

/// <summary>An audit log in memory that several loops write to, whose disk can be held and whose appends can be made to fail.</summary>
public sealed class SessionAudit : IAuditLog
{
    private readonly Lock _lock = new();
    private readonly List<AuditEvent> _events = [];
    private readonly List<JsonElement> _operations = [];
    private TaskCompletionSource? _disk;
    private int _waits;

    /// <summary>Operations cannot be written.</summary>
    public bool FailsOperations { get; set; }

    /// <summary>The operations that reached the log, in order.</summary>
    public IReadOnlyList<JsonElement> Operations
    {
        get
        {
            lock (_lock)
            {
                return [.. _operations];
            }
        }
    }

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

    /// <summary>How often somebody had to wait for the disk.</summary>
    public int Waits => Volatile.Read(ref _waits);

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
    public AuditPosition Append(ReadOnlySpan<byte> members)
    {
        // As the log itself writes it: whoever leaves a brace open is found here.
        JsonElement record = JsonDocument.Parse("{" + Encoding.UTF8.GetString(members) + "}").RootElement;
        lock (_lock)
        {
            if (FailsOperations)
            {
                throw new AuditFailedException("the disk is gone");
            }

            _operations.Add(record);
            return new AuditPosition(0, _events.Count);
        }
    }

    /// <inheritdoc/>
    public void Hasten(EventLoop loop)
    {
    }

    /// <inheritdoc/>
    public bool IsDurable(AuditPosition position) => _disk is null || _disk.Task.IsCompletedSuccessfully;

    /// <inheritdoc/>
    public ValueTask WhenDurableAsync(AuditPosition position)
    {
        if (_disk is not { } disk)
        {
            return ValueTask.CompletedTask;
        }

        Interlocked.Increment(ref _waits);
        return new ValueTask(disk.Task);
    }
}
