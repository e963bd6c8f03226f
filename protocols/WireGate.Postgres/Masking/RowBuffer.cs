using System.Buffers.Binary;

namespace WireGate.Postgres.Masking;

/// <summary>Where one message is made whose length is not known beforehand. Used again for the next.</summary>
internal sealed class RowBuffer
{
    // What a usual row needs; a buffer that had to grow far beyond is not kept.
    private const int Kept = 64 * 1024;

    private byte[] _bytes = new byte[512];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > Kept)
        {
            _bytes = new byte[512];
        }
    }

    public Span<byte> Reserve(int count)
    {
        if (_bytes.Length - Length < count)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max((long)_bytes.Length * 2, (long)Length + count)));
        }

        Span<byte> span = _bytes.AsSpan(Length, count);
        Length += count;
        return span;
    }

    public void Byte(byte value) => Reserve(1)[0] = value;

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Reserve(value.Length));

    public void Int16(short value) => BinaryPrimitives.WriteInt16BigEndian(Reserve(sizeof(short)), value);

    public void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Reserve(sizeof(int)), value);

    /// <summary>Puts a length where it was left open: the bytes behind it.</summary>
    /// <param name="at">Where the Int32 is.</param>
    /// <param name="own">Whether it counts itself.</param>
    public void PatchLength(int at, bool own = false) =>
        BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(at), Length - at - (own ? 0 : sizeof(int)));

    /// <summary>Takes back what was written behind a place.</summary>
    public void Cut(int length) => Length = length;
}
