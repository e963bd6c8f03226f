using System.Text;
using WireGate.Http.Http1;

namespace WireGate.Http.Credentials.Bodies;

/// <summary>How what is within a body is coded.</summary>
internal enum BodyCoding : byte
{
    /// <summary>In a way that is not looked through, or in several, one over the other. The default, so that what was not read is not taken for plain.</summary>
    Unknown = 0,

    /// <summary>As it is.</summary>
    Plain,

    /// <summary>RFC 1952.</summary>
    Gzip,

    /// <summary>RFC 1950, and RFC 1951 without it.</summary>
    Deflate,

    /// <summary>RFC 7932.</summary>
    Brotli,
}

/// <summary>What a request says of how its body is coded (RFC 9110 section 8.4).</summary>
/// <param name="Coding">One, since of several, one over the other, nothing is known.</param>
/// <param name="IsInChunks">In what SDKs of AWS call a coding, <c>aws-chunked</c>: it is around the other, wherever it stands in the list.</param>
internal readonly record struct BodyCodings(BodyCoding Coding, bool IsInChunks)
{
    /// <summary>What the client is told of one that is not looked through.</summary>
    public const string Unknown = "a body in a coding that is not looked through for a placeholder: send it as it is, or in one of gzip, deflate and br";

    /// <summary>Accept-Encoding, of what tells whoever asks so.</summary>
    public const string Accepted = "gzip, deflate, br, identity";

    /// <summary>Reads every field of it, and every element.</summary>
    public static BodyCodings Of(RequestHead head)
    {
        BodyCoding coding = BodyCoding.Plain;
        bool isInChunks = false;
        foreach (ref readonly FieldLine field in head.Fields)
        {
            ReadOnlySpan<byte> list = field.Name == FieldName.ContentEncoding ? head.Value(field) : default;
            foreach (Range element in list.Split((byte)','))
            {
                // Elements of a list may be empty (RFC 9110 section 5.6.1).
                ReadOnlySpan<byte> one = Grammar.Trim(list[element]);
                if (one.IsEmpty || IsNone(one))
                {
                    continue;
                }

                if (!isInChunks && Ascii.EqualsIgnoreCase(one, "aws-chunked"u8))
                {
                    isInChunks = true;
                    continue;
                }

                coding = coding == BodyCoding.Plain ? CodingOf(one) : BodyCoding.Unknown;
            }
        }

        return new BodyCodings(coding, isInChunks);
    }

    // Of those that are none clients send two: a charset, and the version of a protocol of AWS.
    private static bool IsNone(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "identity"u8) || Ascii.EqualsIgnoreCase(name, "utf-8"u8) || Ascii.EqualsIgnoreCase(name, "amz-1.0"u8);

    private static BodyCoding CodingOf(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "gzip"u8) || Ascii.EqualsIgnoreCase(name, "x-gzip"u8) ? BodyCoding.Gzip
        : Ascii.EqualsIgnoreCase(name, "deflate"u8) ? BodyCoding.Deflate
        : Ascii.EqualsIgnoreCase(name, "br"u8) ? BodyCoding.Brotli
        : BodyCoding.Unknown;
}
