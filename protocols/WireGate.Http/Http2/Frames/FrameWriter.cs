using System.Buffers;
using System.Buffers.Binary;

namespace WireGate.Http.Http2.Frames;

/// <summary>Writes frames; each method's layout is that of its section of RFC 9113.</summary>
internal static class FrameWriter
{
    /// <summary>What a client begins with (section 3.4).</summary>
    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>6.1: the head; the payload follows it.</summary>
    public static void WriteDataHead(IBufferWriter<byte> output, int streamId, int length, bool isLast) =>
        WriteHead(output, new FrameHead(length, FrameType.DATA, isLast ? FrameFlags.END_STREAM : FrameFlags.None, streamId));

    /// <summary>6.2 and 6.10: a field block, in as many frames as it takes.</summary>
    /// <param name="output">To whom.</param>
    /// <param name="streamId">Whose it is.</param>
    /// <param name="block">All of it.</param>
    /// <param name="isLast">Nothing follows on the stream.</param>
    /// <param name="mostPayload">The peer's SETTINGS_MAX_FRAME_SIZE.</param>
    public static void WriteFields(IBufferWriter<byte> output, int streamId, ReadOnlySpan<byte> block, bool isLast, int mostPayload)
    {
        FrameType type = FrameType.HEADERS;
        FrameFlags flags = isLast ? FrameFlags.END_STREAM : FrameFlags.None;
        do
        {
            int length = Math.Min(block.Length, mostPayload);
            flags |= length == block.Length ? FrameFlags.END_HEADERS : FrameFlags.None;
            WriteHead(output, new FrameHead(length, type, flags, streamId));
            output.Write(block[..length]);
            block = block[length..];
            (type, flags) = (FrameType.CONTINUATION, FrameFlags.None);
        }
        while (!block.IsEmpty);
    }

    /// <summary>6.4</summary>
    public static void WriteReset(IBufferWriter<byte> output, int streamId, ErrorCode code) =>
        WriteNumber(output, FrameType.RST_STREAM, streamId, (uint)code);

    /// <summary>6.5</summary>
    public static void WriteSettings(IBufferWriter<byte> output, ReadOnlySpan<(SettingId Id, uint Value)> settings)
    {
        WriteHead(output, new FrameHead(settings.Length * 6, FrameType.SETTINGS, FrameFlags.None, 0));
        foreach ((SettingId id, uint value) in settings)
        {
            Span<byte> setting = output.GetSpan(6);
            BinaryPrimitives.WriteUInt16BigEndian(setting, (ushort)id);
            BinaryPrimitives.WriteUInt32BigEndian(setting[2..], value);
            output.Advance(6);
        }
    }

    /// <summary>6.5.3</summary>
    public static void WriteSettingsAck(IBufferWriter<byte> output) => WriteHead(output, new FrameHead(0, FrameType.SETTINGS, FrameFlags.ACK, 0));

    /// <summary>6.7</summary>
    /// <param name="output">To whom.</param>
    /// <param name="opaque">Eight octets that mean nothing to the peer.</param>
    /// <param name="isAck">It answers the peer's own.</param>
    public static void WritePing(IBufferWriter<byte> output, ulong opaque, bool isAck)
    {
        WriteHead(output, new FrameHead(8, FrameType.PING, isAck ? FrameFlags.ACK : FrameFlags.None, 0));
        BinaryPrimitives.WriteUInt64BigEndian(output.GetSpan(8), opaque);
        output.Advance(8);
    }

    /// <summary>6.8</summary>
    public static void WriteGoAway(IBufferWriter<byte> output, int lastStreamId, ErrorCode code)
    {
        WriteHead(output, new FrameHead(8, FrameType.GOAWAY, FrameFlags.None, 0));
        Span<byte> payload = output.GetSpan(8);
        BinaryPrimitives.WriteInt32BigEndian(payload, lastStreamId);
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], (uint)code);
        output.Advance(8);
    }

    /// <summary>6.9</summary>
    public static void WriteWindowUpdate(IBufferWriter<byte> output, int streamId, int increment) =>
        WriteNumber(output, FrameType.WINDOW_UPDATE, streamId, (uint)increment);

    private static void WriteNumber(IBufferWriter<byte> output, FrameType type, int streamId, uint number)
    {
        WriteHead(output, new FrameHead(4, type, FrameFlags.None, streamId));
        BinaryPrimitives.WriteUInt32BigEndian(output.GetSpan(4), number);
        output.Advance(4);
    }

    private static void WriteHead(IBufferWriter<byte> output, FrameHead head)
    {
        head.Write(output.GetSpan(FrameHead.Size));
        output.Advance(FrameHead.Size);
    }
}
