using System.Buffers.Binary;
using System.Security.Cryptography;

namespace WireGate.Core.Audit;

/// <summary>The first 4 KiB of a segment: whose it is, and what it continues.</summary>
/// <param name="LogId">Random, the same in every segment of a directory.</param>
/// <param name="Chain">The chain it belongs to.</param>
/// <param name="FirstSequence">Sequence of its first record.</param>
/// <param name="PreviousHash">Hash of the record before that one; zeros before the first.</param>
/// <param name="SegmentSize">Size of the file in bytes, this header included.</param>
internal sealed record SegmentHeader(UInt128 LogId, int Chain, long FirstSequence, byte[] PreviousHash, int SegmentSize)
{
    /// <summary>One page, so that the records begin on a page of their own.</summary>
    public const int Size = 4096;

    /// <summary>What a reader takes into memory at once, at most; eight times what we write.</summary>
    public const int MaxSegmentSize = 64 * 1024 * 1024;

    /*
     *  0     8  "WGAUDIT\n"
     *  8     4  version, 1
     *  12    4  segment size
     *  16   16  log id
     *  32    4  chain, signed
     *  36    4  zero
     *  40    8  first sequence
     *  48   32  hash of the record before it
     *  80       zeros
     *  4064 32  SHA-256 of "wg-audit-header/1" and the bytes before
     *  All numbers are little-endian.
     */
    private const int HashOffset = Size - SHA256.HashSizeInBytes;

    private static ReadOnlySpan<byte> Magic => "WGAUDIT\n"u8;

    private static ReadOnlySpan<byte> Domain => "wg-audit-header/1"u8;

    public void Write(Span<byte> page)
    {
        page = page[..Size];
        page.Clear();
        Magic.CopyTo(page);
        BinaryPrimitives.WriteInt32LittleEndian(page[8..], 1);
        BinaryPrimitives.WriteInt32LittleEndian(page[12..], SegmentSize);
        BinaryPrimitives.WriteUInt128LittleEndian(page[16..], LogId);
        BinaryPrimitives.WriteInt32LittleEndian(page[32..], Chain);
        BinaryPrimitives.WriteInt64LittleEndian(page[40..], FirstSequence);
        PreviousHash.CopyTo(page[48..]);
        Hash(page, page[HashOffset..]);
    }

    /// <returns>Null: no header that we wrote.</returns>
    public static SegmentHeader? Read(ReadOnlySpan<byte> segment)
    {
        if (segment.Length < Size)
        {
            return null;
        }

        ReadOnlySpan<byte> page = segment[..Size];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(page, hash);
        if (!hash.SequenceEqual(page[HashOffset..]) || !page.StartsWith(Magic) || BinaryPrimitives.ReadInt32LittleEndian(page[8..]) != 1)
        {
            return null;
        }

        return new SegmentHeader(
            BinaryPrimitives.ReadUInt128LittleEndian(page[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(page[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[40..]),
            page.Slice(48, SHA256.HashSizeInBytes).ToArray(),
            BinaryPrimitives.ReadInt32LittleEndian(page[12..]));
    }

    private static void Hash(ReadOnlySpan<byte> page, Span<byte> destination)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Domain);
        hash.AppendData(page[..HashOffset]);
        hash.GetHashAndReset(destination);
    }
}
