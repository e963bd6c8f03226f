using System.Buffers;
using System.Buffers.Binary;
using WireGate.Core.Framing;

namespace WireGate.Http.Http2.Frames;

/// <summary>The nine octets before each frame.</summary>
/// <param name="Length">Octets of the payload.</param>
/// <param name="Type">What it is.</param>
/// <param name="Flags">Some bits; which count depends on the type.</param>
/// <param name="StreamId">Whose it is; 0: the connection's.</param>
internal readonly record struct FrameHead(int Length, FrameType Type, FrameFlags Flags, int StreamId)
{
    /// <summary>Its octets.</summary>
    public const int Size = 9;

    /// <summary>SETTINGS_MAX_FRAME_SIZE of whoever says nothing, which is the least that may be said.</summary>
    public const int UsualPayload = 16_384;

    /// <summary>Whether it has a flag.</summary>
    public bool Has(FrameFlags flag) => (Flags & flag) != 0;

    // +-----------------------------------------------+
    // |                 Length (24)                   |
    // +---------------+---------------+---------------+
    // |   Type (8)    |   Flags (8)   |
    // +-+-------------+---------------+-------------------------------+
    // |R|                 Stream Identifier (31)                      |
    // +=+=============================================================+
    /// <summary>Reads one off the front of a buffer, and checks what can be known of it.</summary>
    /// <param name="buffer">Begins with it.</param>
    /// <param name="peer">Whose it is.</param>
    /// <param name="head">It.</param>
    /// <returns>False: more bytes are needed.</returns>
    /// <exception cref="Http2Exception">No such frame can be.</exception>
    public static bool TryRead(in ReadOnlySequence<byte> buffer, Peer peer, out FrameHead head)
    {
        if (buffer.Length < Size)
        {
            head = default;
            return false;
        }

        if (buffer.FirstSpan.Length >= Size)
        {
            head = Read(buffer.FirstSpan);
        }
        else
        {
            Span<byte> copy = stackalloc byte[Size];
            buffer.Slice(0, Size).CopyTo(copy);
            head = Read(copy);
        }

        head.Check(peer);
        return true;
    }

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> output)
    {
        BinaryPrimitives.WriteUInt32BigEndian(output, ((uint)Length << 8) | (byte)Type);
        output[4] = (byte)Flags;
        BinaryPrimitives.WriteInt32BigEndian(output[5..], StreamId);
    }

    private static FrameHead Read(ReadOnlySpan<byte> bytes) => new(
        (int)(BinaryPrimitives.ReadUInt32BigEndian(bytes) >> 8),
        (FrameType)bytes[3],
        (FrameFlags)bytes[4],
        BinaryPrimitives.ReadInt32BigEndian(bytes[5..]) & int.MaxValue);

    private void Check(Peer peer)
    {
        if (Length > UsualPayload)
        {
            Http2Exception.Throw(peer, ErrorCode.FRAME_SIZE_ERROR, "a frame that is larger than was allowed");
        }

        (bool isOfStream, bool isSized) = Type switch
        {
            // The length of PRIORITY is its stream's affair alone (RFC 9113 section 6.3).
            FrameType.DATA or FrameType.HEADERS or FrameType.CONTINUATION or FrameType.PRIORITY => (true, true),
            FrameType.RST_STREAM => (true, Length == 4),
            FrameType.SETTINGS => (false, Has(FrameFlags.ACK) ? Length == 0 : Length % 6 == 0),
            FrameType.PING => (false, Length == 8),
            FrameType.GOAWAY => (false, Length >= 8),
            FrameType.WINDOW_UPDATE => (StreamId != 0, Length == 4),

            // Nobody was allowed to push (RFC 9113 section 8.4).
            FrameType.PUSH_PROMISE => (StreamId == 0, false),
            _ => (StreamId != 0, true),
        };
        if (isOfStream != (StreamId != 0))
        {
            Http2Exception.Throw(peer, ErrorCode.PROTOCOL_ERROR, Type == FrameType.PUSH_PROMISE ? "a push" : "a frame of a stream without one, or the reverse");
        }

        if (!isSized)
        {
            Http2Exception.Throw(peer, ErrorCode.FRAME_SIZE_ERROR, "a frame of another length than its type has");
        }
    }
}
