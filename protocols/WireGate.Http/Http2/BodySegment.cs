using System.Buffers;

namespace WireGate.Http.Http2;

/// <summary>A block that bytes of a body wait in; used again and again by the connections of a thread.</summary>
internal sealed class BodySegment : ReadOnlySequenceSegment<byte>
{
    // A frame of usual size, or a few small ones.
    private const int Small = 4 * 1024;
    private const int Large = 16 * 1024;
    private const int MostKept = 64;

    [ThreadStatic]
    private static Stack<BodySegment>? _kept;

    private byte[] _bytes = [];

    /// <summary>Octets in it.</summary>
    public int Filled { get; set; }

    /// <summary>Room behind them.</summary>
    public Span<byte> Room => _bytes.AsSpan(Filled);

    /// <summary>One that is empty.</summary>
    /// <param name="expected">Octets that will come.</param>
    public static BodySegment Take(int expected)
    {
        BodySegment segment = _kept is { Count: > 0 } kept ? kept.Pop() : new BodySegment();
        segment._bytes = ArrayPool<byte>.Shared.Rent(expected > Small ? Large : Small);
        segment.Memory = segment._bytes;
        return segment;
    }

    /// <summary>Has another follow it; nothing more is added to this one.</summary>
    public void Append(BodySegment next)
    {
        Memory = _bytes.AsMemory(0, Filled);
        next.RunningIndex = RunningIndex + Filled;
        Next = next;
    }

    /// <summary>Gives it back.</summary>
    /// <returns>The one behind it.</returns>
    public BodySegment? Give()
    {
        var next = (BodySegment?)Next;
        ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, Memory, Next, RunningIndex, Filled) = ([], default, null, 0, 0);
        _kept ??= new Stack<BodySegment>(MostKept);
        if (_kept.Count < MostKept)
        {
            _kept.Push(this);
        }

        return next;
    }
}
