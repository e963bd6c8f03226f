using System.Buffers;

namespace WireGate.Core.Audit;

/// <summary>Where the next record of a chain is put together; grows to the biggest one seen and is used again.</summary>
internal sealed class RecordBuffer : IBufferWriter<byte>
{
    // Utf8JsonWriter asks for 4 KiB at a time.
    private byte[] _bytes = new byte[8 * 1024];
    private int _written;

    /// <summary>What has been written.</summary>
    public Span<byte> Written => _bytes.AsSpan(0, _written);

    /// <summary>Forgets all but the first bytes.</summary>
    public void Truncate(int length) => _written = length;

    /// <inheritdoc/>
    public void Advance(int count) => _written += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _bytes.AsMemory(_written);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _bytes.AsSpan(_written);
    }

    private void Grow(int sizeHint)
    {
        int needed = _written + Math.Max(sizeHint, 1);
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(needed, _bytes.Length * 2));
        }
    }
}
