using System.Buffers;
using System.Text;

namespace WireGate.Http.Http1;

/// <summary>What a body is, by its Content-Type.</summary>
internal static class ContentTypes
{
    // RFC 6838 section 4.2: restricted-name-chars. A token has more, quotes of some readers among them.
    private static readonly SearchValues<byte> InName = SearchValues.Create("!#$&-^_.+0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly byte[][] TextOfApplication =
    [
        "javascript"u8.ToArray(), "ecmascript"u8.ToArray(), "toml"u8.ToArray(), "sql"u8.ToArray(), "sh"u8.ToArray(), "csv"u8.ToArray(),
        "rtf"u8.ToArray(), "jwt"u8.ToArray(), "pem-file"u8.ToArray(), "jsonlines"u8.ToArray(), "grpc-web-text"u8.ToArray(),
    ];

    /// <summary>Whether people, or programs that read text, are meant. What does not say what it is may be text.</summary>
    /// <param name="value">type "/" subtype, and parameters.</param>
    public static bool IsText(ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> type = TypeOf(value);
        return type.IsEmpty
            || IsJson(type)
            || Starts(type, "text/"u8)
            || Ends(type, "+xml"u8) || Ends(type, "/xml"u8)
            || Ascii.EqualsIgnoreCase(type, "application/x-www-form-urlencoded"u8)
            || Ascii.EqualsIgnoreCase(type, "application/javascript"u8)
            || Ascii.EqualsIgnoreCase(type, "application/yaml"u8)
            || Ascii.EqualsIgnoreCase(type, "application/x-yaml"u8)
            || Ascii.EqualsIgnoreCase(type, "application/graphql"u8);
    }

    // What has a form of its own around its text, or is text by another name. A mask, which has to know the form, refuses those.
    private static bool HasText(ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> type = TypeOf(value);
        if (Starts(type, "multipart/"u8))
        {
            return true;
        }

        if (!Starts(type, "application/"u8))
        {
            return false;
        }

        // With and without the x- of those who did not ask for a name.
        ReadOnlySpan<byte> subtype = type["application/".Length..];
        subtype = Starts(subtype, "x-"u8) ? subtype[2..] : subtype;
        foreach (byte[] text in TextOfApplication)
        {
            if (Ascii.EqualsIgnoreCase(subtype, text))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether it is said to be in characters of several bytes each, in which nothing can be found byte by byte.</summary>
    public static bool IsWide(ResponseHead head)
    {
        foreach (ref readonly FieldLine field in head.Fields)
        {
            if (field.Name == FieldName.ContentType && IsWide(head.Value(field)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a field says so.</summary>
    /// <param name="value">parameter = token "=" ( token / quoted-string ); whoever writes such a name means such characters, in whatever parameter.</param>
    public static bool IsWide(ReadOnlySpan<byte> value)
    {
        int parameters = value.IndexOf((byte)';');
        value = parameters < 0 ? default : value[parameters..];
        for (int at; (at = value.IndexOfAny("uU"u8)) >= 0; value = value[(at + 1)..])
        {
            ReadOnlySpan<byte> rest = value[at..];
            if (Starts(rest, "utf-16"u8) || Starts(rest, "utf16"u8) || Starts(rest, "utf-32"u8) || Starts(rest, "utf32"u8) || Starts(rest, "utf-7"u8)
                || Starts(rest, "ucs-"u8) || Starts(rest, "ucs2"u8) || Starts(rest, "unicode"u8))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether some reader of a response would take it for text: every line of its head that says what it is counts, or that none does.</summary>
    public static bool MayBeText(ResponseHead head)
    {
        bool isSaid = false;
        foreach (ref readonly FieldLine field in head.Fields)
        {
            if (field.Name == FieldName.ContentType)
            {
                isSaid = true;
                if (IsText(head.Value(field)) || HasText(head.Value(field)))
                {
                    return true;
                }
            }
        }

        return !isSaid;
    }

    /// <summary>Whether it has messages of gRPC.</summary>
    public static bool IsGrpc(ResponseHead head) =>
        head.TryGet(FieldName.ContentType, out ReadOnlySpan<byte> value) && TypeOf(value) is var type
        && (Ascii.EqualsIgnoreCase(type, "application/grpc"u8) || Starts(type, "application/grpc+"u8));

    /// <summary>Whether some reader of a response would decode it first.</summary>
    public static bool IsEncoded(ResponseHead head)
    {
        foreach (ref readonly FieldLine field in head.Fields)
        {
            if (field.Name == FieldName.ContentEncoding && !Ascii.EqualsIgnoreCase(head.Value(field), "identity"u8))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The type without its parameters.</summary>
    public static ReadOnlySpan<byte> TypeOf(ReadOnlySpan<byte> value)
    {
        int end = value.IndexOf((byte)';');
        return Grammar.Trim(end < 0 ? value : value[..end]);
    }

    /// <summary>Whether all readers see one type in it: media-type = type "/" subtype parameters, and no comma, at which some begin a second one.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> type = TypeOf(value);
        int slash = type.IndexOf((byte)'/');
        return slash > 0 && slash < type.Length - 1 && !value.Contains((byte)',')
            && !type[..slash].ContainsAnyExcept(InName) && !type[(slash + 1)..].ContainsAnyExcept(InName);
    }

    /// <summary>Whether it is JSON, of one value or of several.</summary>
    /// <param name="type">Without parameters.</param>
    public static bool IsJson(ReadOnlySpan<byte> type) =>
        Ends(type, "+json"u8) || Ends(type, "/json"u8) || Ascii.EqualsIgnoreCase(type, "application/json-seq"u8) || IsJsonLines(type);

    /// <summary>Whether it is JSON, of which each line is a value.</summary>
    /// <param name="type">Without parameters.</param>
    public static bool IsJsonLines(ReadOnlySpan<byte> type) =>
        Ascii.EqualsIgnoreCase(type, "application/x-ndjson"u8)
        || Ascii.EqualsIgnoreCase(type, "application/ndjson"u8)
        || Ascii.EqualsIgnoreCase(type, "application/jsonl"u8)
        || Ascii.EqualsIgnoreCase(type, "application/x-jsonl"u8)
        || Ascii.EqualsIgnoreCase(type, "application/jsonlines"u8)
        || Ascii.EqualsIgnoreCase(type, "application/x-jsonlines"u8)
        || Ascii.EqualsIgnoreCase(type, "application/stream+json"u8);

    private static bool Starts(ReadOnlySpan<byte> type, ReadOnlySpan<byte> begin) =>
        type.Length >= begin.Length && Ascii.EqualsIgnoreCase(type[..begin.Length], begin);

    private static bool Ends(ReadOnlySpan<byte> type, ReadOnlySpan<byte> end) =>
        type.Length >= end.Length && Ascii.EqualsIgnoreCase(type[^end.Length..], end);
}
