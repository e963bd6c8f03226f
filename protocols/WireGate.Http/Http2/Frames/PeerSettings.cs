using System.Buffers.Binary;
using WireGate.Core.Framing;

namespace WireGate.Http.Http2.Frames;

/// <summary>What a peer said in SETTINGS, and what holds until it does (RFC 9113 section 6.5.2).</summary>
/// <param name="peer">Who says it.</param>
internal sealed class PeerSettings(Peer peer)
{
    /// <summary>SETTINGS_INITIAL_WINDOW_SIZE of whoever says nothing, and the connection's window at its beginning.</summary>
    public const int UsualWindow = 65_535;

    /// <summary>Octets that its decoder's table may hold.</summary>
    public uint HeaderTableSize { get; private set; } = Hpack.HpackDecoder.UsualTableSize;

    /// <summary>Streams that may be open towards it.</summary>
    public uint MaxConcurrentStreams { get; private set; } = uint.MaxValue;

    /// <summary>Octets of DATA that may be sent on a stream before it says more.</summary>
    public int InitialWindowSize { get; private set; } = UsualWindow;

    /// <summary>Octets of a payload.</summary>
    public int MaxFrameSize { get; private set; } = FrameHead.UsualPayload;

    /// <summary>Octets of a section of fields.</summary>
    public uint MaxHeaderListSize { get; private set; } = uint.MaxValue;

    // +-------------------------------+
    // |       Identifier (16)         |
    // +-------------------------------+-------------------------------+
    // |                        Value (32)                             |
    // +---------------------------------------------------------------+
    /// <summary>Reads the payload of SETTINGS.</summary>
    /// <exception cref="Http2Exception">A value is none.</exception>
    public void Read(ReadOnlySpan<byte> payload)
    {
        for (; !payload.IsEmpty; payload = payload[6..])
        {
            Set((SettingId)BinaryPrimitives.ReadUInt16BigEndian(payload), BinaryPrimitives.ReadUInt32BigEndian(payload[2..]));
        }
    }

    private void Set(SettingId id, uint value)
    {
        switch (id)
        {
            case SettingId.HEADER_TABLE_SIZE:
                HeaderTableSize = value;
                break;

            // An upstream never sends 1: it has nobody to push to it.
            case SettingId.ENABLE_PUSH when value > (peer == Peer.Client ? 1u : 0u):
                Http2Exception.Throw(peer, ErrorCode.PROTOCOL_ERROR, "a setting that cannot be");
                break;
            case SettingId.MAX_CONCURRENT_STREAMS:
                MaxConcurrentStreams = value;
                break;
            case SettingId.INITIAL_WINDOW_SIZE:
                if (value > int.MaxValue)
                {
                    Http2Exception.Throw(peer, ErrorCode.FLOW_CONTROL_ERROR, "a window that cannot be");
                }

                InitialWindowSize = (int)value;
                break;
            case SettingId.MAX_FRAME_SIZE:
                const int Most = (1 << 24) - 1;
                if (value is < FrameHead.UsualPayload or > Most)
                {
                    Http2Exception.Throw(peer, ErrorCode.PROTOCOL_ERROR, "a setting that cannot be");
                }

                MaxFrameSize = (int)value;
                break;
            case SettingId.MAX_HEADER_LIST_SIZE:
                MaxHeaderListSize = value;
                break;
            default:
                break;
        }
    }
}
