using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using WireGate.Core.Transport;

namespace WireGate.Core.Audit;

/// <summary>
/// One chain: one thread at a time appends, one thread syncs, one prepares. They share the published sequence and the segments; the lock
/// is for waiters, never for a plain append.
/// </summary>
internal sealed class AuditChain : IDisposable
{
    /// <summary>Bytes whose pages are given back at once: each time stops all threads of the process for a moment.</summary>
    private const int ReleaseStep = 256 * 1024;

    /// <summary>
    /// Bytes that nobody waits for are written once there are as many: about 0.4 ms of work. A second's worth in one go held up a reactor
    /// beside it for milliseconds.
    /// </summary>
    private const int FlushStep = 512 * 1024;

    private readonly object _gate = new();
    private readonly string _path;
    private readonly AuditLogContext _log;
    private readonly RecordBuffer _buffer = new();
    private readonly Utf8JsonWriter _json;
    private readonly byte[] _hash;
    // Kept: a new context for every record would cost a third of what hashing it does.
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ConcurrentQueue<ChainSegment> _retired = new();
    private ChainSegment _current;
    private readonly SegmentSupply _supply;
    private int _offset;
    private int _flushAt;
    private long _appended;
    private long _durable;
    private int _owner;
    private TaskCompletionSource? _batch;
    private readonly LoopWaiters _waiters;

    public AuditChain(int chain, string path, RecoveredChain recovered, AuditLogContext log)
    {
        Index = chain;
        _path = path;
        _log = log;
        _hash = recovered.Hash;
        _offset = recovered.Offset;
        _flushAt = _offset + FlushStep;
        _current = new ChainSegment(recovered.Segment, recovered.Offset);
        _supply = new SegmentSupply(path, log, () => _retired.IsEmpty);
        _appended = recovered.Sequence;
        _durable = recovered.Sequence;
        _waiters = new LoopWaiters(log, () => Volatile.Read(ref _durable));
        RecordFormat.WritePrefix(_buffer.GetSpan(RecordFormat.PrefixSize), log.LogId, chain);
        _buffer.Advance(RecordFormat.PrefixSize);
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { SkipValidation = true, Encoder = AuditEncoder.Instance });
    }

    public int Index { get; }

    /// <summary>As <see cref="Append(AuditEvent)"/>, on the one thread that does so: two would tear the chain.</summary>
    /// <exception cref="InvalidOperationException">Another thread appended before.</exception>
    public long AppendAsOwner(AuditEvent auditEvent)
    {
        RequireOwner();
        return Append(auditEvent);
    }

    /// <inheritdoc cref="AppendAsOwner(AuditEvent)"/>
    public long AppendAsOwner(ReadOnlySpan<byte> members)
    {
        RequireOwner();
        return Append(members);
    }

    /// <returns>The record's sequence.</returns>
    public long Append(AuditEvent auditEvent)
    {
        DateTimeOffset now = Begin();
        _json.Reset(_buffer);
        AuditEventWriter.Write(_json, auditEvent, now);
        return Commit(now);
    }

    /// <returns>The record's sequence.</returns>
    public long Append(ReadOnlySpan<byte> members)
    {
        DateTimeOffset now = Begin();
        AuditEventWriter.Write(_buffer, members, now);
        return Commit(now);
    }

    private void RequireOwner()
    {
        int thread = Environment.CurrentManagedThreadId;
        if (_owner != thread && Interlocked.CompareExchange(ref _owner, thread, 0) != 0)
        {
            throw new InvalidOperationException($"Chain {ChainDirectory.Name(Index)} belongs to another thread.");
        }
    }

    private DateTimeOffset Begin()
    {
        _buffer.Truncate(RecordFormat.PrefixSize);
        _buffer.GetSpan(RecordFormat.FixedSize);
        _buffer.Advance(RecordFormat.FixedSize);
        return _log.Time.GetUtcNow();
    }

    private long Commit(DateTimeOffset now)
    {
        long sequence = _appended + 1;
        int payload = _buffer.Written.Length - RecordFormat.PrefixSize - RecordFormat.FixedSize;
        int size = RecordFormat.SizeOf(payload);
        if (payload > RecordFormat.MaxPayload || size > _log.SegmentSize - SegmentHeader.Size)
        {
            throw new AuditFailedException($"An audit record of {payload} bytes is larger than any may be.");
        }

        if (size > _current.Mapping.Size - _offset)
        {
            Roll(sequence);
        }

        _buffer.GetSpan(RecordFormat.HashSize);
        _buffer.Advance(RecordFormat.HashSize);
        Span<byte> image = _buffer.Written;
        long time = (now.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100;
        RecordFormat.Seal(image, sequence, time, Volatile.Read(ref _durable), _hash, _sha256);
        ChainSegment segment = _current;
        RecordFormat.Store(segment.Mapping.Bytes.Slice(_offset, size), image[RecordFormat.PrefixSize..]);
        _offset += size;
        Volatile.Write(ref segment.Written, _offset);
        Volatile.Write(ref _appended, sequence);

        // At a quarter: the other three hold for longer than the zeros take to write.
        if (!_supply.IsWanted && _offset > segment.Mapping.Size / 4)
        {
            _supply.Want();
        }

        if (_offset >= _flushAt)
        {
            _flushAt = _offset + FlushStep;
            _log.Flusher?.Wake();
        }

        GC.KeepAlive(segment);
        return sequence;
    }

    /// <summary>See <see cref="IAuditLog.IsDurable"/>.</summary>
    public bool IsDurable(long sequence) => sequence <= Volatile.Read(ref _durable);

    /// <summary>See <see cref="IAuditLog.WhenDurableAsync(AuditPosition, EventLoop)"/>; only on the loop whose chain it is.</summary>
    public ValueTask WhenDurableAsync(long sequence, EventLoop loop)
    {
        RequireOwner();
        _log.Failure.ThrowIfFailed();
        return IsDurable(sequence) ? ValueTask.CompletedTask : _waiters.WaitAsync(sequence, loop);
    }

    /// <summary>See <see cref="IAuditLog.Hasten"/>; only on the loop whose chain it is.</summary>
    public void Hasten(EventLoop loop)
    {
        RequireOwner();
        _waiters.Hasten(loop);
    }

    /// <summary>See <see cref="IAuditLog.WhenDurableAsync(AuditPosition)"/>. All who wait for the same round share one task.</summary>
    public ValueTask WhenDurableAsync(long sequence)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, Volatile.Read(ref _appended));
        if (sequence <= Volatile.Read(ref _durable))
        {
            return ValueTask.CompletedTask;
        }

        TaskCompletionSource batch;
        bool first;
        lock (_gate)
        {
            if (sequence <= Volatile.Read(ref _durable))
            {
                return ValueTask.CompletedTask;
            }

            _log.Failure.ThrowIfFailed();
            first = _batch is null;
            batch = _batch ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (first)
        {
            _log.Flusher?.Wake();
        }

        return new ValueTask(batch.Task);
    }

    /// <summary>Makes durable what was appended before the call, and completes those who wait for it.</summary>
    /// <exception cref="IOException">
    /// The log has failed, and nothing of it may be synced again: the kernel reports a lost page once and then takes it for clean.
    /// </exception>
    public void Flush()
    {
        TaskCompletionSource? batch;
        lock (_gate)
        {
            batch = _batch;
            _batch = null;
        }

        try
        {
            // In this order: what is in `target` lies in `current` or was retired before it.
            long target = Volatile.Read(ref _appended);
            ChainSegment current = Volatile.Read(ref _current);
            while (_retired.TryPeek(out ChainSegment? retired))
            {
                Sync(retired);
                _retired.TryDequeue(out _);
                retired.Mapping.Dispose();
                _log.Preparer?.Wake();
            }

            if (target > _durable && !current.IsSynced)
            {
                Sync(current);
            }

            Volatile.Write(ref _durable, target);
            batch?.SetResult();
            _waiters.Wake();
        }
        catch (Exception exception)
        {
            _log.Fail($"The audit log cannot be written to disk: {exception.Message}", exception);
            batch?.SetException(_log.Failure.ToException());
            throw;
        }
    }

    /// <summary>Makes the next segment if it is time.</summary>
    public void Prepare() => _supply.Prepare();

    /// <summary>Lets go everybody who waits, now that the log has failed.</summary>
    public void Abandon()
    {
        TaskCompletionSource? batch;
        lock (_gate)
        {
            batch = _batch;
            _batch = null;
        }

        _supply.Abandon();
        batch?.SetException(_log.Failure.ToException());
        _waiters.Wake();
    }

    /// <summary>Leaves the mapping to whom may still be appending; see <see cref="MappedSegment"/>.</summary>
    public void Dispose()
    {
        _json.Dispose();
        _sha256.Dispose();
    }

    private void Sync(ChainSegment segment)
    {
        if (segment.IsRenamed)
        {
            _log.Disk.SyncDirectory(_path);
            segment.IsRenamed = false;
        }

        int written = Volatile.Read(ref segment.Written);
        _log.Disk.Sync(segment.Mapping, segment.Synced, written);
        segment.Synced = written;
        int whole = written & -Environment.SystemPageSize;
        if (whole - segment.Released >= ReleaseStep)
        {
            segment.Mapping.Release(segment.Released, whole);
            segment.Released = whole;
        }
    }

    /// <summary>Goes on in the next segment. Its header is complete before it gets its name, and it has its name before it holds a record.</summary>
    private void Roll(long firstSequence)
    {
        MappedSegment next = _supply.Take();
        try
        {
            new SegmentHeader(_log.LogId, Index, firstSequence, _hash, next.Size).Write(next.Bytes);
            File.Move(ChainDirectory.Next(_path), Path.Combine(_path, ChainDirectory.SegmentName(firstSequence)));
        }
        catch (Exception exception)
        {
            _log.Fail($"The audit log cannot begin its next file in {_path}: {exception.Message}", exception);
            throw _log.Failure.ToException();
        }

        _retired.Enqueue(_current);
        Volatile.Write(ref _current, new ChainSegment(next, 0) { Written = SegmentHeader.Size, IsRenamed = true });
        _offset = SegmentHeader.Size;
        _flushAt = FlushStep;
        _log.Flusher?.Wake();
    }
}
