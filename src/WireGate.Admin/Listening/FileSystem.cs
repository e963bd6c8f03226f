using System.Runtime.InteropServices;

namespace WireGate.Admin.Listening;

/// <summary>What the BCL does not say or do about files.</summary>
internal static unsafe partial class FileSystem
{
    // fcntl.h, linux/stat.h (S_IFMT, S_IFSOCK), errno(3): the same on every Linux.
    private const int AT_FDCWD = -100;
    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const uint STATX_TYPE = 1;
    private const int FileTypeMask = 0xF000;
    private const int SocketFileType = 0xC000;
    private const int ENOENT = 2;

    /// <summary>Whether the path exists, and is itself a socket rather than a link to one.</summary>
    /// <exception cref="IOException">It cannot be told.</exception>
    public static bool Exists(string path, out bool isSocket)
    {
        /* statx(2); struct statx, 256 bytes, laid out alike on every architecture:
             0  u32 stx_mask   4  u32 stx_blksize   8  u64 stx_attributes   16  u32 stx_nlink   20  u32 stx_uid
             24 u32 stx_gid    28 u16 stx_mode      … */
        byte* statx = stackalloc byte[256];
        isSocket = false;
        if (GetStatus(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, statx) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            return error == ENOENT ? false : throw new IOException(Marshal.GetPInvokeErrorMessage(error));
        }

        ReadOnlySpan<byte> mode = new(statx + 28, sizeof(ushort));
        isSocket = (MemoryMarshal.Read<ushort>(mode) & FileTypeMask) == SocketFileType;
        return true;
    }

    /// <summary>Gives a file to a group; its user stays.</summary>
    /// <exception cref="IOException">The kernel refuses: the daemon is not root and not in the group.</exception>
    public static void ChangeGroup(string path, uint groupId)
    {
        if (ChangeOwner(path, uint.MaxValue, groupId) != 0)
        {
            throw new IOException($"its group cannot be set: {Marshal.GetLastPInvokeErrorMessage()}; is the daemon's user in the group?");
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetStatus(int directory, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint userId, uint groupId);
}
