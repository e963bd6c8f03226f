using System.Buffers.Binary;
using System.Security.Cryptography;

namespace WireGate.Core.Audit;

/// <summary>What stands at an offset of a segment.</summary>
internal enum RecordState
{
    /// <summary>Neither a record nor zeros.</summary>
    Invalid = 0,
    /// <summary>A record whose checksum and hash are right; whether it is the one that belongs here is for the caller to say.</summary>
    Valid,
    /// <summary>No length: nothing was appended here. What follows may still be other than zeros.</summary>
    Empty,
}

/// <summary>A record where it lies; valid as long as the segment's bytes are.</summary>
internal readonly ref struct RecordView(ReadOnlySpan<byte> body, int offset, int end)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public int Offset { get; } = offset;

    /// <summary>Offset of what follows.</summary>
    public int End { get; } = end;

    public long Sequence => BinaryPrimitives.ReadInt64LittleEndian(_body);

    public DateTimeOffset Time => DateTimeOffset.UnixEpoch.AddTicks(BinaryPrimitives.ReadInt64LittleEndian(_body[8..]) / 100);

    public long Durable => BinaryPrimitives.ReadInt64LittleEndian(_body[16..]);

    public ReadOnlySpan<byte> PreviousHash => _body.Slice(24, RecordFormat.HashSize);

    public ReadOnlySpan<byte> Payload => _body[RecordFormat.FixedSize..^RecordFormat.HashSize];

    public ReadOnlySpan<byte> Hash => _body[^RecordFormat.HashSize..];
}

/// <summary>Reads the records of one chain.</summary>
internal sealed class RecordReader : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _prefix = new byte[RecordFormat.PrefixSize];

    public RecordReader(UInt128 logId, int chain) => RecordFormat.WritePrefix(_prefix, logId, chain);

    public RecordState Read(ReadOnlySpan<byte> segment, int offset, out RecordView record)
    {
        record = default;
        ReadOnlySpan<byte> rest = segment[offset..];
        if (rest.Length < RecordFormat.FrameSize)
        {
            return RecordState.Empty;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if (length == 0)
        {
            return RecordState.Empty;
        }

        const int MinLength = RecordFormat.FixedSize + RecordFormat.HashSize;
        if (length is < MinLength or > MinLength + RecordFormat.MaxPayload || length > rest.Length - RecordFormat.FrameSize)
        {
            return RecordState.Invalid;
        }

        ReadOnlySpan<byte> body = rest.Slice(RecordFormat.FrameSize, (int)length);
        int end = offset + RecordFormat.Align(RecordFormat.FrameSize + (int)length);
        if (RecordFormat.Checksum(length, body) != BinaryPrimitives.ReadUInt32LittleEndian(rest[4..])
            || end > segment.Length
            || segment[(offset + RecordFormat.FrameSize + (int)length)..end].ContainsAnyExcept((byte)0))
        {
            return RecordState.Invalid;
        }

        Span<byte> hash = stackalloc byte[RecordFormat.HashSize];
        _hash.AppendData(_prefix);
        _hash.AppendData(body[..^RecordFormat.HashSize]);
        _hash.GetHashAndReset(hash);
        if (!hash.SequenceEqual(body[^RecordFormat.HashSize..]))
        {
            return RecordState.Invalid;
        }

        record = new RecordView(body, offset, end);
        return RecordState.Valid;
    }

    /// <summary>Looks for the next record at or after an offset, whatever lies before it.</summary>
    /// <returns>False: there is none in this segment.</returns>
    public bool TryFind(ReadOnlySpan<byte> segment, int offset, out RecordView record)
    {
        for (; offset < segment.Length; offset += RecordFormat.Alignment)
        {
            int skip = segment[offset..].IndexOfAnyExcept((byte)0);
            if (skip < 0)
            {
                break;
            }

            offset += skip & -RecordFormat.Alignment;
            if (Read(segment, offset, out record) == RecordState.Valid)
            {
                return true;
            }
        }

        record = default;
        return false;
    }

    public void Dispose() => _hash.Dispose();
}
