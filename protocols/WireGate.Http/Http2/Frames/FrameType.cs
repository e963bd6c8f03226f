namespace WireGate.Http.Http2.Frames;

/// <summary>What a frame is (RFC 9113 section 6). One that is not here is ignored.</summary>
internal enum FrameType : byte
{
    DATA = 0x00,
    HEADERS = 0x01,
    PRIORITY = 0x02,
    RST_STREAM = 0x03,
    SETTINGS = 0x04,
    PUSH_PROMISE = 0x05,
    PING = 0x06,
    GOAWAY = 0x07,
    WINDOW_UPDATE = 0x08,
    CONTINUATION = 0x09,
}

/// <summary>Flags of frames; which of them a type has is said there, others are ignored.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,

    /// <summary>Of DATA and HEADERS: nothing follows on the stream.</summary>
    END_STREAM = 0x01,

    /// <summary>Of SETTINGS and PING.</summary>
    ACK = END_STREAM,

    /// <summary>Of HEADERS and CONTINUATION: nothing continues it.</summary>
    END_HEADERS = 0x04,

    /// <summary>Of DATA and HEADERS.</summary>
    PADDED = 0x08,

    /// <summary>Of HEADERS: five bytes that mean nothing any more.</summary>
    PRIORITY = 0x20,
}

/// <summary>What SETTINGS says (RFC 9113 section 6.5.2). One that is not here is ignored.</summary>
internal enum SettingId : ushort
{
    HEADER_TABLE_SIZE = 0x01,
    ENABLE_PUSH = 0x02,
    MAX_CONCURRENT_STREAMS = 0x03,
    INITIAL_WINDOW_SIZE = 0x04,
    MAX_FRAME_SIZE = 0x05,
    MAX_HEADER_LIST_SIZE = 0x06,
}
