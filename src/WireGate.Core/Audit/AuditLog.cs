using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using WireGate.Core.Transport;

namespace WireGate.Core.Audit;

/// <summary>
/// The audit log: a chain of records per event loop and one for all other threads, each in files that are mapped into memory. An append
/// is a hash and a copy on the caller's thread; two threads of the log's own do what waits for the disk.
/// </summary>
public sealed class AuditLog : IAuditLog, IAsyncDisposable
{
    /// <summary>The chain of threads that are not bound to one.</summary>
    public const int SharedChain = -1;

    /// <summary>
    /// Room for about 20,000 records: large enough that a new file is rare, small enough that a chain costs little memory, that its
    /// zeros are written in some 10 ms, and that checking two of them at the start takes no longer.
    /// </summary>
    internal const int DefaultSegmentSize = 8 * 1024 * 1024;

    /// <summary>What a power cut may take of records that nobody waited for.</summary>
    internal static readonly TimeSpan SyncInterval = TimeSpan.FromSeconds(1);

    /// <summary>Between two tries to make the next file where the disk had no room for it.</summary>
    internal static readonly TimeSpan PrepareInterval = TimeSpan.FromSeconds(5);

    // Bound chain + 1, so that a thread that was never bound reads 0.
    [ThreadStatic]
    private static int _boundChain;

    private readonly SafeFileHandle _directoryLock;
    private readonly AuditLogContext _context;
    private readonly AuditChain _shared;
    private readonly AuditChain[] _loops;
    private readonly int _bindable;
    private readonly ILogger _logger;
    private readonly Lock _sharedAppend = new();
    private int _disposed;

    private AuditLog(
        SafeFileHandle directoryLock, AuditLogContext context, AuditChain shared, AuditChain[] loops, int bindable, ILogger logger)
    {
        _directoryLock = directoryLock;
        _context = context;
        _shared = shared;
        _loops = loops;
        _bindable = bindable;
        _logger = logger;
        context.Failed = OnFailed;
        context.Refused = logger.AuditRefused;
        context.Preparer = new AuditWorker("audit-prepare", PrepareInterval, () => ForEachChain(chain => chain.Prepare()), OnStopped);
        context.Flusher = new AuditWorker("audit-sync", SyncInterval, () => ForEachChain(chain => chain.Flush()), OnStopped);
    }

    /// <summary>Opens the log of a directory, or makes one. Checks the end of every chain.</summary>
    /// <param name="directory">Absolute path; made if it is missing.</param>
    /// <param name="chains">Number of event loops. Chains of loops that are no longer there are kept.</param>
    /// <param name="timeProvider">The clock; records are ordered by sequence, never by time.</param>
    /// <param name="logger">Told of failures and of recovered chains.</param>
    /// <exception cref="AuditFailedException">Another process has it open, it was tampered with, or the disk does not take it.</exception>
    public static AuditLog Open(string directory, int chains, TimeProvider timeProvider, ILogger logger) =>
        Open(directory, chains, timeProvider, logger, new SegmentDisk(), DefaultSegmentSize);

    /// <inheritdoc cref="Open(string, int, TimeProvider, ILogger)"/>
    internal static AuditLog Open(
        string directory, int chains, TimeProvider timeProvider, ILogger logger, SegmentDisk disk, int segmentSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(chains);
        SafeFileHandle? held = null;
        try
        {
            Directory.CreateDirectory(directory, SegmentDisk.DirectoryMode);
            held = Posix.OpenDirectory(directory);
            if (!Posix.TryLock(held, directory))
            {
                throw new AuditFailedException($"The audit log {directory} is in use by another process.");
            }

            return OpenLocked(held, directory, chains, timeProvider, logger, disk, segmentSize);
        }
        catch (Exception exception)
        {
            held?.Dispose();
            if (exception is IOException or UnauthorizedAccessException)
            {
                throw new AuditFailedException($"The audit log {directory} cannot be opened: {exception.Message}", exception);
            }

            throw;
        }
    }

    /// <summary>
    /// Makes the calling thread the one that appends to the chain of an event loop, in every log of the process; an event loop's thread
    /// calls it once when it starts. A log that was opened with fewer chains puts the thread's records into the shared one.
    /// </summary>
    /// <param name="chain">Index of the loop, from 0.</param>
    public static void BindThreadToChain(int chain)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(chain);
        _boundChain = chain + 1;
    }

    /// <summary>Raised once, on a thread of the log's: what was appended may never reach the disk, and nothing is appended any more.</summary>
    public event Action? Failed;

    /// <inheritdoc/>
    public AuditPosition Append(AuditEvent auditEvent)
    {
        _context.Failure.ThrowIfFailed();
        int chain = _boundChain - 1;
        if (chain >= 0 && chain < _bindable)
        {
            return new AuditPosition(chain, _loops[chain].AppendAsOwner(auditEvent));
        }

        lock (_sharedAppend)
        {
            return new AuditPosition(SharedChain, _shared.Append(auditEvent));
        }
    }

    /// <inheritdoc/>
    public AuditPosition Append(ReadOnlySpan<byte> members)
    {
        _context.Failure.ThrowIfFailed();
        int chain = _boundChain - 1;
        if (chain >= 0 && chain < _bindable)
        {
            return new AuditPosition(chain, _loops[chain].AppendAsOwner(members));
        }

        lock (_sharedAppend)
        {
            return new AuditPosition(SharedChain, _shared.Append(members));
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">This log gave out no such position.</exception>
    public ValueTask WhenDurableAsync(AuditPosition position) => ChainOf(position).WhenDurableAsync(position.Sequence);

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">This log gave out no such position.</exception>
    public ValueTask WhenDurableAsync(AuditPosition position, EventLoop loop) =>
        position.Chain != SharedChain && position.Chain == _boundChain - 1
            ? ChainOf(position).WhenDurableAsync(position.Sequence, loop)
            : ReturnWhenDurableAsync(position, loop);

    /// <inheritdoc/>
    public void Hasten(EventLoop loop)
    {
        int chain = _boundChain - 1;
        if (chain >= 0 && chain < _bindable)
        {
            _loops[chain].Hasten(loop);
        }
        else
        {
            _context.Flusher!.Wake();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">This log gave out no such position.</exception>
    public bool IsDurable(AuditPosition position) => ChainOf(position).IsDurable(position.Sequence);

    private async ValueTask ReturnWhenDurableAsync(AuditPosition position, EventLoop loop)
    {
        await WhenDurableAsync(position);
        await loop.Switch();
    }

    private AuditChain ChainOf(AuditPosition position)
    {
        if (position.Chain == SharedChain)
        {
            return _shared;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(position.Chain, 0, nameof(position));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position.Chain, _loops.Length, nameof(position));
        return _loops[position.Chain];
    }

    /// <summary>
    /// Makes everything durable and gives the directory free. Whoever appends must have stopped: from here on it throws
    /// <see cref="AuditFailedException"/>, and a record that is just being appended may be left to the kernel to write.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _context.Failure.Close();
        await _context.Preparer!.StopAsync();
        await _context.Flusher!.StopAsync();
        _context.Preparer.Dispose();
        _context.Flusher.Dispose();
        ForEachChain(chain => chain.Dispose());
        _directoryLock.Dispose();
    }

    private static AuditLog OpenLocked(
        SafeFileHandle held, string directory, int chains, TimeProvider timeProvider, ILogger logger, SegmentDisk disk, int segmentSize)
    {
        IReadOnlyList<int> existing = ChainDirectory.Chains(directory, out AuditFault? fault);
        if (fault is not null)
        {
            throw new AuditFailedException($"The audit log was tampered with: {fault}.");
        }

        UInt128? logId = null;
        var recovered = new List<RecoveredChain>();
        foreach (int chain in existing)
        {
            recovered.Add(new ChainRecovery(directory, chain, disk, timeProvider).Open(logId, out UInt128 found));
            logId = found;
        }

        logId ??= BitConverter.ToUInt128(RandomNumberGenerator.GetBytes(16));
        for (int chain = recovered.Count + SharedChain; chain < chains; chain++)
        {
            recovered.Add(new ChainRecovery(directory, chain, disk, timeProvider).Create(logId.Value, segmentSize));
        }

        var context = new AuditLogContext(logId.Value, segmentSize, disk, timeProvider);
        AuditChain[] made = [.. recovered.Select((chain, i) => Make(i + SharedChain, chain))];
        var log = new AuditLog(held, context, made[0], made[1..], chains, logger);
        for (int i = 0; i < made.Length; i++)
        {
            if (recovered[i].Note is { } note)
            {
                logger.AuditChainRecovered(note);
                made[i].Append(new AuditEvent(AuditEventKind.LogRecovered) { Detail = note });
            }
        }

        return log;

        AuditChain Make(int chain, RecoveredChain from) => new(chain, Path.Combine(directory, ChainDirectory.Name(chain)), from, context);
    }

    private void OnFailed(string message, Exception? exception)
    {
        _logger.AuditFailed(message, exception);
        ForEachChain(chain => chain.Abandon());
        Failed?.Invoke();
    }

    private void OnStopped(Exception exception) => _context.Fail($"A thread of the audit log has ended: {exception.Message}", exception);

    private void ForEachChain(Action<AuditChain> action)
    {
        action(_shared);
        foreach (AuditChain chain in _loops)
        {
            action(chain);
        }
    }
}
