using System.Globalization;
using System.Text;
using WireGate.Http.Http1;

namespace WireGate.Http;

/// <summary>How refusals are said to clients of gRPC, which read no other: 200, and the status in fields, in one section that ends the stream.</summary>
internal static class Grpc
{
    private const string Type = "application/grpc";

    /// <summary>Whether a request is a call: by its type, <c>application/grpc</c>, or that and a coding. gRPC-Web is plain HTTP.</summary>
    public static bool Is(RequestHead head)
    {
        if (!head.TryGet(FieldName.ContentType, out ReadOnlySpan<byte> value))
        {
            return false;
        }

        ReadOnlySpan<byte> type = ContentTypes.TypeOf(value);
        return type.Length >= Type.Length && Ascii.EqualsIgnoreCase(type[..Type.Length], Type) && (type.Length == Type.Length || type[Type.Length] == '+');
    }

    /// <summary>A refusal, or what went wrong.</summary>
    /// <param name="status">Its code in HTTP.</param>
    /// <param name="detail">For whoever asked.</param>
    /// <param name="reference">What the audit log has in common with it; null: nothing.</param>
    public static Answer Of(int status, string detail, string? reference) => new(200, Type, default)
    {
        HasLength = false,
        Fields =
        [
            ("grpc-status", CodeOf(status).ToString(CultureInfo.InvariantCulture)),
            ("grpc-message", Escaped(reference is null ? detail : $"{detail} (ref {reference})")),
        ],
    };

    /// <summary>The code of gRPC that says what one of HTTP says. UNAVAILABLE, which clients take for leave to ask again, is for what did not happen.</summary>
    public static int CodeOf(int status) => status switch
    {
        // UNAUTHENTICATED, PERMISSION_DENIED, UNIMPLEMENTED, FAILED_PRECONDITION, RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, UNAVAILABLE, INTERNAL
        401 => 16,
        403 => 7,
        404 or 405 or 415 or 501 => 12,
        421 => 9,
        413 or 414 or 429 or 431 => 8,
        408 or 504 => 4,
        502 or 503 => 14,
        _ => 13,
    };

    // Percent-Encoded = 1*(Percent-Byte-Unencoded / "%" 2HEXDIG), of UTF-8; unencoded are blank to tilde but for the percent sign.
    private static string Escaped(string message)
    {
        var escaped = new StringBuilder(message.Length);
        foreach (byte b in Encoding.UTF8.GetBytes(message))
        {
            if (b is < (byte)' ' or > (byte)'~' or (byte)'%')
            {
                escaped.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
            }
            else
            {
                escaped.Append((char)b);
            }
        }

        return escaped.ToString();
    }
}
