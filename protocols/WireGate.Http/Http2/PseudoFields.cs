namespace WireGate.Http.Http2;

/// <summary>Fields that say what HTTP/1.1 says in its start line (RFC 9113 section 8.3).</summary>
internal enum PseudoField : byte
{
    /// <summary>None that is known here; <c>:protocol</c> is not offered.</summary>
    None = 0,

    Method,
    Scheme,
    Authority,
    Path,
    Status,
}

/// <summary>Finds the pseudo-header field that a name is.</summary>
internal static class PseudoFields
{
    /// <summary>Which it is.</summary>
    public static PseudoField Of(ReadOnlySpan<byte> name) => name.Length switch
    {
        5 when name.SequenceEqual(":path"u8) => PseudoField.Path,
        7 when name.SequenceEqual(":method"u8) => PseudoField.Method,
        7 when name.SequenceEqual(":scheme"u8) => PseudoField.Scheme,
        7 when name.SequenceEqual(":status"u8) => PseudoField.Status,
        10 when name.SequenceEqual(":authority"u8) => PseudoField.Authority,
        _ => PseudoField.None,
    };
}
