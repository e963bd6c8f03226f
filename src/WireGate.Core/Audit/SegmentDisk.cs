using Microsoft.Win32.SafeHandles;

namespace WireGate.Core.Audit;

/// <summary>What the log asks of the disk while it runs; tests put a failing one in its place.</summary>
internal class SegmentDisk
{
    /// <summary>Owner writes, group reads (a log shipper), nobody else.</summary>
    public const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    /// <summary>As <see cref="FileMode"/>.</summary>
    public const UnixFileMode DirectoryMode = FileMode | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;

    // 256 KiB: some 0.1 ms of work.
    private const int PagesAStep = 64;

    /// <summary>Makes a file of zeros that needs no allocation later, durable but for its name, and maps it.</summary>
    /// <param name="path">Where.</param>
    /// <param name="size">In bytes.</param>
    /// <param name="rest">Called between two steps of the writing; null: all of it is wanted at once.</param>
    /// <exception cref="IOException">For example because the disk is full.</exception>
    public virtual MappedSegment Create(string path, int size, Action? rest = null)
    {
        try
        {
            return CreateWhole(path, size, rest);
        }
        catch
        {
            // The next try begins anew, and meanwhile the room is everybody's.
            File.Delete(path);
            throw;
        }
    }

    private static MappedSegment CreateWhole(string path, int size, Action? rest)
    {
        using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = System.IO.FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = FileMode,
        });

        // Really written: in a sparse or merely reserved file each page's first write-back would have to change the extents, which
        // makes every sync two to three times slower, and a full disk would show as a bus error in an appender. Page by page: the page
        // cache keeps what one call writes in one piece (a folio), and a store to a mapping makes all of its piece dirty. With pieces of
        // 1 MiB every sync wrote one, six times slower. With rests: in one go it held up a reactor for whole slices of the scheduler's
        // (4 ms) where there are few cores, which is what a 99th percentile then showed.
        byte[] zeros = new byte[Math.Min(size, Environment.SystemPageSize)];
        int step = zeros.Length * PagesAStep;
        for (int written = 0; written < size; written += zeros.Length)
        {
            if (written > 0 && written % step == 0)
            {
                Posix.BeginWriting(stream.SafeFileHandle, written - step, step);
                rest?.Invoke();
            }

            stream.Write(zeros.AsSpan(0, Math.Min(size - written, zeros.Length)));
        }

        Posix.SyncData(stream.SafeFileHandle, path);
        return new MappedSegment(stream.SafeFileHandle, path, size);
    }

    /// <summary>Maps what is there, after making it durable.</summary>
    public virtual MappedSegment Open(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, System.IO.FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        Posix.SyncData(file, path);

        // Whoever read it before may have left it in large pieces; see above. It comes back page by page.
        Posix.Forget(file);
        return new MappedSegment(file, path, checked((int)RandomAccess.GetLength(file)));
    }

    /// <inheritdoc cref="MappedSegment.Sync"/>
    public virtual void Sync(MappedSegment segment, int from, int to) => segment.Sync(from, to);

    /// <summary>Makes the names in a directory durable.</summary>
    public virtual void SyncDirectory(string path) => Posix.SyncDirectory(path);
}
