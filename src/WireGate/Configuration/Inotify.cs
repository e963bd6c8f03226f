using System.Collections.Immutable;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace WireGate.Configuration;

/// <summary>What happened to a file.</summary>
internal enum FileEventKind
{
    /// <summary>Its content changes.</summary>
    Writing,

    /// <summary>It was closed after writing, renamed or deleted.</summary>
    Settled,

    /// <summary>It appeared; whoever made it may still be about to write.</summary>
    Created,

    /// <summary>There were more events than the kernel would keep; nobody knows which.</summary>
    Lost,
}

/// <summary>Something that happened to a file of a watched directory.</summary>
internal readonly record struct FileEvent(string Directory, string Name, FileEventKind Kind);

/// <summary>
/// inotify(7). The BCL's FileSystemWatcher does not tell when a writer closes its file, which is what a reload must wait for.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed partial class Inotify : IDisposable
{
    private const uint IN_MODIFY = 0x2;
    private const uint IN_CLOSE_WRITE = 0x8;
    private const uint IN_MOVED_FROM = 0x40;
    private const uint IN_MOVED_TO = 0x80;
    private const uint IN_CREATE = 0x100;
    private const uint IN_DELETE = 0x200;
    private const uint IN_Q_OVERFLOW = 0x4000;
    private const uint IN_ONLYDIR = 0x1000000;

    // O_CLOEXEC and O_NONBLOCK, under which names both inotify_init1 and eventfd take them.
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;

    private const int ENOENT = 2;
    private const int ENOTDIR = 20;
    private const short POLLIN = 1;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, string> _directories = [];
    private readonly Action<FileEvent> _seen;
    private readonly Thread _reader;
    private readonly int _inotify;
    private readonly int _stop;

    /// <param name="seen">Called on a thread of its own, one event after the other.</param>
    /// <exception cref="IOException">The system gives no further instance.</exception>
    public Inotify(Action<FileEvent> seen)
    {
        _seen = seen;
        _inotify = inotify_init1(CloseOnExec | NonBlocking);
        _stop = _inotify < 0 ? -1 : eventfd(0, CloseOnExec | NonBlocking);
        if (_stop < 0)
        {
            IOException failure = Failure("inotify");
            _ = close(_inotify);
            throw failure;
        }

        _reader = new Thread(Read) { IsBackground = true, Name = "config watcher" };
        _reader.Start();
    }

    /// <summary>Watches these directories and no others. One that does not exist is left out.</summary>
    /// <exception cref="IOException">The system allows no further watches, or one of the directories is closed to us.</exception>
    public void Watch(ImmutableArray<string> directories)
    {
        const uint Wanted = IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR;
        lock (_lock)
        {
            var kept = new HashSet<int>();
            foreach (string directory in directories)
            {
                int watch = inotify_add_watch(_inotify, directory, Wanted);
                if (watch >= 0)
                {
                    // A watch follows the directory, not its name: after a swap the same name is another watch.
                    _directories[watch] = directory;
                    kept.Add(watch);
                }
                else if (Marshal.GetLastPInvokeError() is not (ENOENT or ENOTDIR))
                {
                    throw Failure(directory);
                }
            }

            foreach (int watch in _directories.Keys.Except(kept).ToArray())
            {
                // Fails if the directory is gone, and the watch with it: just as well.
                _ = inotify_rm_watch(_inotify, watch);
                _directories.Remove(watch);
            }
        }
    }

    public void Dispose()
    {
        Span<byte> one = stackalloc byte[sizeof(ulong)];
        one[0] = 1;
        _ = write(_stop, one, one.Length);

        // The callback may be what disposes us.
        if (Thread.CurrentThread != _reader)
        {
            _reader.Join();
        }

        _ = close(_inotify);
        _ = close(_stop);
    }

    private static IOException Failure(string what)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"cannot watch {what}: {new Win32Exception(error).Message}", error);
    }

    private void Read()
    {
        byte[] buffer = new byte[16 * 1024];
        Span<PollDescriptor> waited =
        [
            new() { Descriptor = _inotify, Events = POLLIN },
            new() { Descriptor = _stop, Events = POLLIN },
        ];
        while (true)
        {
            // Interrupted (-1) is as good as spurious: both descriptors are non-blocking.
            _ = poll(waited, 2, -1);
            if (waited[1].Returned != 0)
            {
                return;
            }

            nint length = read(_inotify, buffer, buffer.Length);
            if (length > 0)
            {
                Report(buffer.AsSpan(0, (int)length));
            }
        }
    }

    /*
     * struct inotify_event {
     *     int      wd;
     *     uint32_t mask;
     *     uint32_t cookie;
     *     uint32_t len;      of name, with its padding
     *     char     name[];   ended by one or more zeros
     * };
     */
    private void Report(ReadOnlySpan<byte> events)
    {
        while (events.Length >= 16)
        {
            int watch = MemoryMarshal.Read<int>(events);
            uint mask = MemoryMarshal.Read<uint>(events[4..]);
            int length = MemoryMarshal.Read<int>(events[12..]);
            ReadOnlySpan<byte> padded = events.Slice(16, length);
            events = events[(16 + length)..];
            if ((mask & IN_Q_OVERFLOW) != 0)
            {
                _seen(new FileEvent("", "", FileEventKind.Lost));
                continue;
            }

            int end = padded.IndexOf((byte)0);
            if (DirectoryOf(watch) is { } directory && end > 0 && KindOf(mask) is { } kind)
            {
                _seen(new FileEvent(directory, Encoding.UTF8.GetString(padded[..end]), kind));
            }
        }
    }

    private string? DirectoryOf(int watch)
    {
        lock (_lock)
        {
            return _directories.GetValueOrDefault(watch);
        }
    }

    private static FileEventKind? KindOf(uint mask) => mask switch
    {
        _ when (mask & (IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE)) != 0 => FileEventKind.Settled,
        _ when (mask & IN_MODIFY) != 0 => FileEventKind.Writing,
        _ when (mask & IN_CREATE) != 0 => FileEventKind.Created,
        _ => null,
    };

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(int descriptor, string path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(int descriptor, int watch);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(Span<PollDescriptor> descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, Span<byte> buffer, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, ReadOnlySpan<byte> buffer, nint length);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    /// <summary>struct pollfd.</summary>
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
