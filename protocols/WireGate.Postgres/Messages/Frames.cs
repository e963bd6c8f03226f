using System.Buffers;
using WireGate.Core.Framing;

namespace WireGate.Postgres.Messages;

/// <summary>Takes one whole message off the front of a buffer: for handshakes, where every message is small and is read whole.</summary>
internal static class Frames
{
    /// <param name="buffer">What was received.</param>
    /// <param name="kind">The type byte.</param>
    /// <param name="body">What follows the header; borrowed from the buffer.</param>
    /// <param name="consumed">Behind the message; the buffer's start when there is none yet.</param>
    /// <returns>False: more bytes are needed, and nothing was consumed.</returns>
    /// <exception cref="ProtocolException">The header can never be valid; judged before the body is waited for.</exception>
    public static bool TryRead<TFramer>(
        in ReadOnlySequence<byte> buffer, out byte kind, out ReadOnlySequence<byte> body, out SequencePosition consumed)
        where TFramer : struct, IFramer
    {
        kind = 0;
        body = default;
        consumed = buffer.Start;
        if (buffer.Length < TFramer.HeaderLength)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[TFramer.HeaderLength];
        buffer.Slice(0, TFramer.HeaderLength).CopyTo(bytes);
        FrameHeader header = default(TFramer).ReadHeader(bytes);
        if (buffer.Length < header.Length)
        {
            return false;
        }

        kind = (byte)header.Kind;
        body = buffer.Slice(TFramer.HeaderLength, header.Length - TFramer.HeaderLength);
        consumed = buffer.GetPosition(header.Length);
        return true;
    }
}
