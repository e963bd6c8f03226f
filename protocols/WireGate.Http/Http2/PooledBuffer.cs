using WireGate.Core.Transport;

namespace WireGate.Http.Http2;

/// <summary>Bytes that wait, in one block of the pool that grows; none is held while there are no bytes.</summary>
internal struct PooledBuffer
{
    private byte[]? _bytes;
    private int _start;
    private int _end;

    /// <summary>How many they are.</summary>
    public readonly int Length => _end - _start;

    /// <summary>They.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _bytes.AsSpan(_start, _end - _start);

    /// <summary>Room behind them.</summary>
    public Memory<byte> GetMemory(int sizeHint)
    {
        const int Least = 4096;
        int room = Math.Max(1, sizeHint);
        if (_bytes is null)
        {
            _bytes = LoopArrays.Rent<byte>(Math.Max(Least, room));
        }
        else if (_bytes.Length - _end < room)
        {
            int length = Length;
            byte[] larger = length + room <= _bytes.Length / 2 ? _bytes : LoopArrays.Rent<byte>(Math.Max(2 * _bytes.Length, length + room));
            _bytes.AsSpan(_start, length).CopyTo(larger);
            if (larger != _bytes)
            {
                LoopArrays.Return(_bytes, clear: true);
            }

            (_bytes, _start, _end) = (larger, 0, length);
        }

        return _bytes.AsMemory(_end);
    }

    /// <summary>So many of the room were filled.</summary>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)((_bytes?.Length ?? 0) - _end));
        _end += count;
    }

    /// <summary>Adds some.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetMemory(bytes.Length).Span);
        _end += bytes.Length;
    }

    /// <summary>Takes some off the front.</summary>
    public void Consume(int count)
    {
        _start += count;
        if (_start == _end)
        {
            Clear();
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Clear()
    {
        if (_bytes is not null)
        {
            LoopArrays.Return(_bytes, clear: true);
        }

        this = default;
    }
}
