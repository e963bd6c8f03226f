namespace WireGate.Http.Http2;

/// <summary>Why a stream or a connection ends (RFC 9113 section 7).</summary>
internal enum ErrorCode : uint
{
    /// <summary>Nothing is wrong.</summary>
    NO_ERROR = 0x00,

    PROTOCOL_ERROR = 0x01,
    INTERNAL_ERROR = 0x02,
    FLOW_CONTROL_ERROR = 0x03,
    SETTINGS_TIMEOUT = 0x04,
    STREAM_CLOSED = 0x05,
    FRAME_SIZE_ERROR = 0x06,

    /// <summary>Nothing was done: it may be sent again.</summary>
    REFUSED_STREAM = 0x07,

    CANCEL = 0x08,
    COMPRESSION_ERROR = 0x09,
    CONNECT_ERROR = 0x0a,

    /// <summary>The peer does what only wears out.</summary>
    ENHANCE_YOUR_CALM = 0x0b,

    INADEQUATE_SECURITY = 0x0c,
    HTTP_1_1_REQUIRED = 0x0d,
}
