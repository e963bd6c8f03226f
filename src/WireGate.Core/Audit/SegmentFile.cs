using Microsoft.Win32.SafeHandles;

namespace WireGate.Core.Audit;

/// <summary>Reads segments as files, without disturbing whoever appends to them.</summary>
internal static class SegmentFile
{
    /// <summary>A copy of the file as it is now.</summary>
    /// <exception cref="IOException">It cannot be read, or is larger than any segment.</exception>
    public static byte[] Read(string path)
    {
        using SafeFileHandle file = Open(path);
        long length = RandomAccess.GetLength(file);
        if (length > SegmentHeader.MaxSegmentSize)
        {
            throw new IOException($"{path} has {length} bytes; no segment has more than {SegmentHeader.MaxSegmentSize}.");
        }

        byte[] bytes = new byte[length];
        int read = Fill(file, bytes, 0);
        return read == bytes.Length ? bytes : bytes[..read];
    }

    /// <summary>Brings a copy up to date from an offset on.</summary>
    public static void ReadAgain(string path, byte[] bytes, int offset)
    {
        using SafeFileHandle file = Open(path);
        Fill(file, bytes, offset);
    }

    private static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static int Fill(SafeFileHandle file, byte[] bytes, int offset)
    {
        while (offset < bytes.Length)
        {
            int read = RandomAccess.Read(file, bytes.AsSpan(offset), offset);
            if (read == 0)
            {
                break;
            }

            offset += read;
        }

        return offset;
    }
}
