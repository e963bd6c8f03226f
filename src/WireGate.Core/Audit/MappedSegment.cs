using Microsoft.Win32.SafeHandles;

namespace WireGate.Core.Audit;

/// <summary>
/// A segment in memory, shared with the page cache: what is stored here survives a kill of the process. The mapping goes when
/// <see cref="Dispose"/> is called by whoever knows that nobody appends any more, else with the last reference: never under an appender.
/// </summary>
internal sealed unsafe class MappedSegment : IDisposable
{
    private readonly byte* _address;
    private int _disposed;

    public MappedSegment(SafeFileHandle file, string path, int size)
    {
        // Page tables only. Writable entries would not last: after every write-back the kernel takes the first store to a page as a
        // fault, to learn that it is dirty again. The blocks are there already, so that fault allocates nothing and cannot fail.
        _address = Posix.Map(file, size, path);
        Path = path;
        Size = size;
    }

    ~MappedSegment() => Dispose();

    /// <summary>Where the file was when it was mapped.</summary>
    public string Path { get; }

    /// <summary>Bytes, header included.</summary>
    public int Size { get; }

    /// <summary>The whole segment. Valid while this object is reachable and not disposed of.</summary>
    public Span<byte> Bytes => new(_address, Size);

    /// <summary>Makes the pages that hold the range durable.</summary>
    /// <remarks>
    /// msync and not fdatasync, because POSIX promises nothing about stores to a mapping for the latter. On Linux both write the same
    /// pages, report the same errors, and msync touches only the range. The file's size and extents are durable since it was made.
    /// </remarks>
    /// <exception cref="IOException">Some of it may never get there; a second try could succeed without having written it.</exception>
    public void Sync(int from, int to)
    {
        from &= -Environment.SystemPageSize;
        Posix.SyncMapping(_address + from, to - from, Path);
        GC.KeepAlive(this);
    }

    /// <summary>Gives back the memory of whole pages that nobody will touch again.</summary>
    /// <param name="from">At a page.</param>
    /// <param name="to">At a page.</param>
    public void Release(int from, int to)
    {
        Posix.ReleaseMapping(_address + from, to - from);
        GC.KeepAlive(this);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0 && _address != null)
        {
            Posix.Unmap(_address, Size);
        }

        GC.SuppressFinalize(this);
    }
}
