using System.Buffers;

namespace WireGate.Testing.Framing;

/// <summary>The ways in which the same bytes can arrive: a parser must not be able to tell them apart.</summary>
public static class Splits
{
    /// <summary>Every proper prefix of the bytes, the empty one first.</summary>
    public static IEnumerable<ReadOnlySequence<byte>> Prefixes(byte[] bytes)
    {
        for (int length = 0; length < bytes.Length; length++)
        {
            yield return Of(bytes[..length]);
        }
    }

    /// <summary>All of the bytes: in one segment, in two cut at every place, and in segments of one byte each.</summary>
    public static IEnumerable<ReadOnlySequence<byte>> Whole(byte[] bytes)
    {
        yield return Of(bytes);
        for (int at = 1; at < bytes.Length; at++)
        {
            yield return Of(bytes[..at], bytes[at..]);
        }

        yield return Of([.. bytes.Select(b => new[] { b })]);
    }

    /// <summary>One sequence of the given segments.</summary>
    public static ReadOnlySequence<byte> Of(params byte[][] segments)
    {
        if (segments.Length <= 1)
        {
            return new ReadOnlySequence<byte>(segments.Length == 0 ? [] : segments[0]);
        }

        var first = new Segment(segments[0], null);
        Segment last = first;
        foreach (byte[] segment in segments.AsSpan(1))
        {
            last = new Segment(segment, last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? previous)
        {
            Memory = bytes;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
