using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Audit;

namespace WireGate.Core.Tests.Audit;

/// <summary>A directory of its own for each test.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal abstract class AuditFixture : IDisposable
{
    protected const int SmallSegment = 8 * 1024;

    protected string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("wiregate-audit-").FullName;

    protected string SharedPath => Path.Combine(Directory, "shared");

    public void Dispose()
    {
        System.IO.Directory.Delete(Directory, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected AuditLog Open(int chains = 0, SegmentDisk? disk = null, int segmentSize = SmallSegment) =>
        AuditLog.Open(Directory, chains, TimeProvider.System, NullLogger.Instance, disk ?? new SegmentDisk(), segmentSize);

    /// <summary>A closed log with records 1 to <paramref name="count"/> in the shared chain; all but the last were on disk when it was appended.</summary>
    protected async Task WriteLogAsync(int count)
    {
        await using AuditLog log = Open();
        for (int i = 1; i <= count; i++)
        {
            AuditPosition position = log.Append(Event($"number {i}"));
            await log.WhenDurableAsync(position);
        }
    }

    protected static AuditEvent Event(string detail) => new(AuditEventKind.SessionOpened) { Session = "s1", Listener = "pg", Detail = detail };

    protected static T OnLoop<T>(int loop, Func<T> action)
    {
        T result = default!;
        Exception? thrown = null;
        var thread = new Thread(() =>
        {
            AuditLog.BindThreadToChain(loop);
            try
            {
                result = action();
            }
            catch (Exception exception)
            {
                thrown = exception;
            }
        });
        thread.Start();
        thread.Join();
        return thrown is null ? result : throw new InvalidOperationException("On the loop's thread.", thrown);
    }

    /// <summary>Offset and size of each record of a segment.</summary>
    protected static List<(int Offset, int Size)> Records(byte[] segment)
    {
        var records = new List<(int, int)>();
        int offset = SegmentHeader.Size;
        while (offset + 4 <= segment.Length && BitConverter.ToInt32(segment, offset) is > 0 and int length)
        {
            int size = RecordFormat.Align(RecordFormat.FrameSize + length);
            records.Add((offset, size));
            offset += size;
        }

        return records;
    }

    protected static bool IsDurable(AuditLog log, AuditPosition position) => log.WhenDurableAsync(position).AsTask().IsCompletedSuccessfully;

    protected AuditFault? Scan()
    {
        var scan = new ChainScan(ChainDirectory.Segments(SharedPath), AuditLog.SharedChain, null, live: false);
        scan.Run(0);
        return scan.Fault;
    }
}

/// <summary>A disk that stops working when told to.</summary>
internal sealed class FailingDisk : SegmentDisk
{
    private int _syncs;

    public volatile bool FailsSync;
    public volatile bool FailsCreate;

    public int Syncs => Volatile.Read(ref _syncs);

    /// <summary>While somebody holds it, a sync waits.</summary>
    public Lock Gate { get; } = new();

    public override void Sync(MappedSegment segment, int from, int to)
    {
        lock (Gate)
        {
            Interlocked.Increment(ref _syncs);
            if (FailsSync)
            {
                throw new IOException("msync: Input/output error");
            }

            base.Sync(segment, from, to);
        }
    }

    public override MappedSegment Create(string path, int size, Action? rest = null) =>
        FailsCreate ? throw new IOException("No space left on device") : base.Create(path, size, rest);
}
