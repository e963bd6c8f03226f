using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace WireGate.Core.Audit;

/// <summary>How a record lies in a segment, and how it is sealed. The reading side is <see cref="RecordReader"/>.</summary>
internal static class RecordFormat
{
    /*
     *  u32  length of what follows the checksum, padding excluded
     *  u32  CRC-32C of the length and of what follows
     *  u64  sequence
     *  i64  time, nanoseconds since 1970 UTC
     *  u64  durable: the highest sequence of the chain that was known to be on disk when this record was appended
     *  32   hash of the record before
     *  ...  payload, one JSON object
     *  32   SHA-256 of "wg-audit/1", log id, chain, and all from the sequence to the payload
     *  zeros up to a multiple of 8
     *
     *  Little-endian. `durable` tells a power cut from a forger: pages reach the disk in any order, so records above every
     *  later record's `durable` may be missing or torn; those at or below it may not.
     */
    public const int FrameSize = 8;
    public const int FixedSize = 8 + 8 + 8 + HashSize;
    public const int HashSize = SHA256.HashSizeInBytes;

    /// <summary>"wg-audit/1", log id, chain: hashed, never stored with the record.</summary>
    public const int PrefixSize = 10 + 16 + 4;

    /// <summary>More than the bounded fields of an event can fill with every character escaped; see <see cref="AuditEventWriter"/>.</summary>
    public const int MaxPayload = 256 * 1024;

    public const int Alignment = 8;

    /// <summary>Bytes that a record with this payload takes in a segment.</summary>
    public static int SizeOf(int payload) => Align(FrameSize + FixedSize + payload + HashSize);

    public static int Align(int size) => (size + Alignment - 1) & -Alignment;

    public static void WritePrefix(Span<byte> prefix, UInt128 logId, int chain)
    {
        "wg-audit/1"u8.CopyTo(prefix);
        BinaryPrimitives.WriteUInt128LittleEndian(prefix[10..], logId);
        BinaryPrimitives.WriteInt32LittleEndian(prefix[26..], chain);
    }

    /// <summary>Fills in what surrounds the payload.</summary>
    /// <param name="image">Prefix (already written), fixed part, payload (already written), hash.</param>
    /// <param name="sequence">Sequence of the record.</param>
    /// <param name="time">Nanoseconds since 1970 UTC.</param>
    /// <param name="durable">Highest sequence known to be on disk.</param>
    /// <param name="hash">In: hash of the record before. Out: of this one.</param>
    /// <param name="sha256">Computes it; nothing is in it, before and after.</param>
    public static void Seal(Span<byte> image, long sequence, long time, long durable, Span<byte> hash, IncrementalHash sha256)
    {
        Span<byte> fixedPart = image.Slice(PrefixSize, FixedSize);
        BinaryPrimitives.WriteInt64LittleEndian(fixedPart, sequence);
        BinaryPrimitives.WriteInt64LittleEndian(fixedPart[8..], time);
        BinaryPrimitives.WriteInt64LittleEndian(fixedPart[16..], durable);
        hash.CopyTo(fixedPart[24..]);
        sha256.AppendData(image[..^HashSize]);
        sha256.GetHashAndReset(hash);
        hash.CopyTo(image[^HashSize..]);
    }

    /// <summary>
    /// Puts a sealed record where zeros are. The length is stored last, with release semantics: whoever sees it sees the rest, and a
    /// process killed in between leaves a record without length, which nobody takes for one.
    /// </summary>
    /// <param name="destination">At least <see cref="SizeOf"/> bytes, all zero.</param>
    /// <param name="body">From the sequence to the hash.</param>
    public static void Store(Span<byte> destination, ReadOnlySpan<byte> body)
    {
        body.CopyTo(destination[FrameSize..]);
        uint length = (uint)body.Length;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], Checksum(length, body));
        uint stored = BitConverter.IsLittleEndian ? length : BinaryPrimitives.ReverseEndianness(length);
        Volatile.Write(ref Unsafe.As<byte, uint>(ref MemoryMarshal.GetReference(destination)), stored);
    }

    public static uint Checksum(uint length, ReadOnlySpan<byte> body)
    {
        uint crc = BitOperations.Crc32C(uint.MaxValue, length);
        while (body.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(body));
            body = body[sizeof(ulong)..];
        }

        foreach (byte value in body)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
