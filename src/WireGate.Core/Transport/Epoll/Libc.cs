using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WireGate.Core.Transport.Epoll;

/// <summary>The system calls of the reactor, in Linux's own names. All descriptors are plain numbers, owned by who says so.</summary>
internal static unsafe partial class Libc
{
    internal const int EPOLL_CLOEXEC = 0x80000;
    internal const int EPOLL_CTL_ADD = 1;
    internal const int EPOLL_CTL_DEL = 2;
    internal const int EPOLL_CTL_MOD = 3;
    internal const uint EPOLLIN = 0x001;
    internal const uint EPOLLOUT = 0x004;
    internal const uint EPOLLERR = 0x008;
    internal const uint EPOLLHUP = 0x010;
    internal const uint EPOLLRDHUP = 0x2000;
    internal const uint EPOLLET = 1u << 31;

    internal const int EFD_CLOEXEC = 0x80000;
    internal const int EFD_NONBLOCK = 0x800;

    internal const int AF_UNIX = 1;
    internal const int AF_INET = 2;
    internal const int AF_INET6 = 10;
    internal const int SOCK_STREAM = 1;
    internal const int SOCK_NONBLOCK = 0x800;
    internal const int SOCK_CLOEXEC = 0x80000;
    internal const int SOL_SOCKET = 1;
    internal const int SO_ERROR = 4;
    internal const int SO_KEEPALIVE = 9;
    internal const int SO_LINGER = 13;
    internal const int IPPROTO_TCP = 6;
    internal const int TCP_NODELAY = 1;
    internal const int TCP_KEEPIDLE = 4;
    internal const int TCP_KEEPINTVL = 5;
    internal const int TCP_KEEPCNT = 6;
    internal const int MSG_PEEK = 2;
    internal const int MSG_NOSIGNAL = 0x4000;

    internal const int SHUT_WR = 1;
    internal const nuint TIOCOUTQ = 0x5411;
    internal const int O_CLOEXEC = 0x80000;

    internal const int MADV_DONTNEED = 4;
    internal const int EINTR = 4;
    internal const int EAGAIN = 11;
    internal const int ENFILE = 23;
    internal const int EMFILE = 24;
    internal const int EPIPE = 32;
    internal const int EPROTO = 71;
    internal const int ECONNABORTED = 103;
    internal const int EINPROGRESS = 115;

    /// <summary>struct epoll_event of &lt;sys/epoll.h&gt;: packed on x86-64, naturally aligned elsewhere.</summary>
    internal readonly struct EpollEvents
    {
        /// <summary>Length in bytes of one event on this machine.</summary>
        internal static readonly int Stride = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

        internal static uint Mask(byte* events, int index) => Unsafe.ReadUnaligned<uint>(events + (index * Stride));

        internal static ulong Data(byte* events, int index) => Unsafe.ReadUnaligned<ulong>(events + (index * Stride) + (Stride - 8));

        internal static void Write(byte* one, uint mask, ulong data)
        {
            Unsafe.WriteUnaligned(one, mask);
            Unsafe.WriteUnaligned(one + (Stride - 8), data);
        }
    }

    /// <summary>Bytes that were sent and that the peer's system has not taken; 0 also where that is not known.</summary>
    internal static int Unacknowledged(int descriptor)
    {
        int bytes = 0;
        return ioctl(descriptor, TIOCOUTQ, &bytes) == 0 ? bytes : 0;
    }

    /// <summary>struct iovec of &lt;sys/uio.h&gt;.</summary>
    internal struct IoVec
    {
        internal byte* Base;
        internal nint Length;
    }

    /// <summary>struct msghdr of &lt;sys/socket.h&gt;.</summary>
    internal struct MsgHdr
    {
        internal byte* Name;
        internal uint NameLength;
        internal IoVec* Parts;
        internal nint PartCount;
        internal byte* Control;
        internal nint ControlLength;
        internal int Flags;
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int madvise(byte* address, nint length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_ctl(int epfd, int op, int fd, byte* eventPointer);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_wait(int epfd, byte* events, int maxevents, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int eventfd(uint initval, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(int fd, byte* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(int fd, byte* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recv(int fd, byte* buffer, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint send(int fd, byte* buffer, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint sendmsg(int fd, MsgHdr* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int accept4(int fd, byte* address, int* addressLength, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int connect(int fd, byte* address, int addressLength);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(int fd, int level, int name, int* value, int length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockopt(int fd, int level, int name, int* value, int* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, int* argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int shutdown(int fd, int how);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags);
}
