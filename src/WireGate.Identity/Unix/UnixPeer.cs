using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace WireGate.Identities.Unix;

/// <summary>The process at the other end of a Unix socket, as the kernel saw it when it connected.</summary>
/// <param name="ProcessId">Its process id, for the log only: it may have ended since, and is 0 in a pid namespace that cannot see it.</param>
/// <param name="UserId">Its effective user id.</param>
/// <param name="GroupId">Its effective group id.</param>
public readonly record struct UnixPeer(int ProcessId, uint UserId, uint GroupId)
{
    // include/uapi/asm-generic/socket.h
    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;

    /// <summary>Asks the kernel who is at the other end.</summary>
    /// <param name="socket">A connected Unix stream socket.</param>
    /// <exception cref="SocketException">The kernel does not answer for this socket.</exception>
    /// <exception cref="PlatformNotSupportedException">The system is not Linux, or the answer is not its struct ucred.</exception>
    public static UnixPeer FromSocket(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("peer credentials of a Unix socket are read on Linux only");
        }

        /* unix(7), SO_PEERCRED:
             struct ucred { pid_t pid; uid_t uid; gid_t gid; };   three times 32 bits */
        Span<byte> ucred = stackalloc byte[12];
        int length = socket.GetRawSocketOption(SOL_SOCKET, SO_PEERCRED, ucred);
        UnixPeer peer = new(MemoryMarshal.Read<int>(ucred), MemoryMarshal.Read<uint>(ucred[4..]), MemoryMarshal.Read<uint>(ucred[8..]));
        // A socket without credentials answers with uid -1 instead of an error.
        if (length != ucred.Length || peer.UserId == uint.MaxValue)
        {
            throw new PlatformNotSupportedException("the kernel does not say who is at the other end of this socket");
        }

        return peer;
    }
}
