namespace WireGate.Postgres.Sql;

/// <summary>How text is encoded, as far as it matters to what names mean.</summary>
internal enum ServerEncoding
{
    /// <summary>It is not known, or a character may take several bytes.</summary>
    Other = 0,

    /// <summary>UTF-8.</summary>
    Utf8,

    /// <summary>SQL_ASCII: whatever bytes there are, and nothing is converted.</summary>
    Ascii,

    /// <summary>One byte for each character.</summary>
    SingleByte,
}

/// <summary>What encodings mean for names.</summary>
internal static class ServerEncodings
{
    /// <summary>The encoding of a name, as the server spells it (pg_enc2name_tbl).</summary>
    public static ServerEncoding Of(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("UTF8"u8) ? ServerEncoding.Utf8
        : name.SequenceEqual("SQL_ASCII"u8) ? ServerEncoding.Ascii
        : name.StartsWith("LATIN"u8) || name.StartsWith("ISO_8859_"u8) || name.StartsWith("WIN"u8) || name.StartsWith("KOI8"u8) ? ServerEncoding.SingleByte
        : ServerEncoding.Other;

    /// <summary>Whether names as a text has them mean to a server of this encoding what they mean to the parser, which takes them for UTF-8.</summary>
    public static bool ReadsAlike(this ServerEncoding encoding, NamesBeyondAscii names) => names switch
    {
        NamesBeyondAscii.None => true,
        // Of several bytes a character, two characters may become one, and where a name is cut is another matter.
        NamesBeyondAscii.Plain => encoding is ServerEncoding.Utf8 or ServerEncoding.Ascii or ServerEncoding.SingleByte,
        _ => encoding == ServerEncoding.Utf8,
    };
}
