using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WireGate.Core.Audit;

/// <summary>
/// The system calls behind the log. The BCL's flush forgives EROFS, EINVAL and ENOTSUP and has none for directories; here every
/// error is one. Constants are those of Linux, the same on x64 and arm64.
/// </summary>
internal static unsafe partial class Posix
{
    private const int O_RDONLY = 0;
    private const int O_CLOEXEC = 0x80000;
    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;
    private const int EAGAIN = 11;
    private const int PROT_READ = 1;
    private const int PROT_WRITE = 2;
    private const int MAP_SHARED = 1;
    private const int MADV_RANDOM = 1;
    private const int MADV_DONTNEED = 4;
    private const int MADV_POPULATE_READ = 22;
    private const int POSIX_FADV_DONTNEED = 4;
    private const int MS_SYNC = 4;
    private const int EFD_CLOEXEC = 0x80000;
    private const int EFD_NONBLOCK = 0x800;
    private const short POLLIN = 1;
    private const int EINTR = 4;
    private const int SYNC_FILE_RANGE_WRITE = 2;

    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle OpenDirectory(string path)
    {
        int descriptor = open(path, O_RDONLY | O_CLOEXEC);
        return descriptor < 0 ? throw Failure("open", path) : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Takes the lock that goes when the last descriptor does, with the process at the latest.</summary>
    /// <returns>False: somebody else holds it.</returns>
    public static bool TryLock(SafeFileHandle directory, string path)
    {
        if (flock(directory, LOCK_EX | LOCK_NB) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == EAGAIN ? false : throw Failure("flock", path);
    }

    /// <summary>Makes names durable: a file that was created or renamed is only found again after this.</summary>
    public static void SyncDirectory(string path)
    {
        using SafeFileHandle directory = OpenDirectory(path);
        if (fsync(directory) != 0)
        {
            throw Failure("fsync", path);
        }
    }

    /// <summary>Makes the contents of a file durable, with its size and extents.</summary>
    public static void SyncData(SafeFileHandle file, string path)
    {
        if (fdatasync(file) != 0)
        {
            throw Failure("fdatasync", path);
        }
    }

    /// <summary>Maps a whole file, shared, with its page tables filled in if the kernel can (5.14), page by page where it has to read.</summary>
    public static byte* Map(SafeFileHandle file, int size, string path)
    {
        nint address = mmap(0, (nuint)size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (address == -1)
        {
            throw Failure("mmap", path);
        }

        _ = madvise(address, (nuint)size, MADV_RANDOM);
        _ = madvise(address, (nuint)size, MADV_POPULATE_READ);
        return (byte*)address;
    }

    /// <summary>Has the page cache forget a file that is on disk. Best effort.</summary>
    public static void Forget(SafeFileHandle file) => _ = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);

    /// <summary>Has the kernel begin to write a range, so that a sync later has less to wait for. Best effort.</summary>
    public static void BeginWriting(SafeFileHandle file, long offset, long length) =>
        _ = sync_file_range(file, offset, length, SYNC_FILE_RANGE_WRITE);

    /// <summary>Gives back what <see cref="Map"/> returned.</summary>
    public static void Unmap(byte* address, int size) => _ = munmap((nint)address, (nuint)size);

    /// <summary>Writes the pages of the range to disk and waits for them. The start must be that of a page.</summary>
    public static void SyncMapping(byte* address, int length, string path)
    {
        if (msync((nint)address, (nuint)length, MS_SYNC) != 0)
        {
            throw Failure("msync", path);
        }
    }

    /// <summary>Takes pages out of this process's resident memory; of a shared mapping the page cache keeps them. Best effort.</summary>
    public static void ReleaseMapping(byte* address, int length) => _ = madvise((nint)address, (nuint)length, MADV_DONTNEED);

    /// <summary>A counter that a thread can wait for, at 0.</summary>
    /// <exception cref="IOException">There is none.</exception>
    public static SafeFileHandle CreateSignal()
    {
        int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        return descriptor < 0 ? throw Failure("eventfd", "the audit log") : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Counts up, and so wakes who waits.</summary>
    public static void Signal(SafeFileHandle signal)
    {
        ulong one = 1;
        _ = write(signal, &one, sizeof(ulong));
    }

    /// <summary>Waits until it is not 0, or for so long, and sets it to 0.</summary>
    /// <exception cref="IOException">It cannot be waited for.</exception>
    public static void WaitForSignal(SafeFileHandle signal, TimeSpan most)
    {
        var wanted = new PollFd { Descriptor = (int)signal.DangerousGetHandle(), Events = POLLIN };
        if (poll(&wanted, 1, (int)most.TotalMilliseconds) < 0 && Marshal.GetLastPInvokeError() != EINTR)
        {
            throw Failure("poll", "the audit log");
        }

        ulong count;
        _ = read(signal, &count, sizeof(ulong));
    }

    private static IOException Failure(string call, string path)
    {
        var inner = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException($"{call} of {path}: {inner.Message}", inner);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, SafeFileHandle file, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nuint length);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc")]
    private static partial int sync_file_range(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc")]
    private static partial int madvise(nint address, nuint length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollFd* wanted, nuint count, int milliseconds);

    [LibraryImport("libc")]
    private static partial nint read(SafeFileHandle file, void* to, nint count);

    [LibraryImport("libc")]
    private static partial nint write(SafeFileHandle file, void* from, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int msync(nint address, nuint length, int flags);

    /// <summary>struct pollfd of &lt;poll.h&gt;.</summary>
    private struct PollFd
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
