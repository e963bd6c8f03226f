using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using WireGate.Core.Sessions;

namespace WireGate.Http;

/// <summary>How refusals are said in HTTP's words: a status, and what is behind it as a problem document (RFC 9457).</summary>
internal static class Refusals
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The status of a session that is not to be.</summary>
    public static int StatusOf(SessionEnd end) => end switch
    {
        SessionEnd.AuthenticationFailed => 401,
        SessionEnd.NotGranted or SessionEnd.NotApproved or SessionEnd.ApprovalTimeout or SessionEnd.FeatureRefused => 403,
        SessionEnd.UnknownTarget => 404,
        SessionEnd.LimitReached => 429,
        SessionEnd.ClientBrokeProtocol => 400,
        SessionEnd.HandshakeTimeout => 408,
        SessionEnd.CredentialUnavailable or SessionEnd.UpstreamUnreachable or SessionEnd.UpstreamNotTrusted or SessionEnd.UpstreamRefused
            or SessionEnd.UpstreamBrokeProtocol or SessionEnd.UpstreamClosed => 502,
        _ => 503,
    };

    /// <summary>Writes a whole response.</summary>
    /// <param name="output">To the client.</param>
    /// <param name="status">Its code.</param>
    /// <param name="detail">For whoever asked.</param>
    /// <param name="reference">What the audit log has in common with it; null: nothing.</param>
    /// <param name="isToHead">It answers HEAD: no body follows.</param>
    /// <param name="isLast">No other follows on the connection.</param>
    public static void Write(PipeWriter output, int status, string detail, string? reference, bool isToHead, bool isLast)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body, Readable))
        {
            json.WriteStartObject();
            json.WriteString("title"u8, TitleOf(status));
            json.WriteNumber("status"u8, status);
            json.WriteString("detail"u8, detail);
            if (reference is not null)
            {
                json.WriteString("ref"u8, reference);
            }

            json.WriteEndObject();
        }

        output.Write(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 {status} {TitleOf(status)}\r\nContent-Type: application/problem+json\r\nContent-Length: {body.WrittenCount + 1}\r\n"));
        if (status == 401)
        {
            output.Write("WWW-Authenticate: Bearer realm=\"wiregate\"\r\nWWW-Authenticate: Basic realm=\"wiregate\"\r\n"u8);
        }

        output.Write("Cache-Control: no-store\r\n"u8);
        output.Write(isLast ? "Connection: close\r\n\r\n"u8 : "\r\n"u8);
        if (!isToHead)
        {
            output.Write(body.WrittenSpan);
            output.Write("\n"u8);
        }
    }

    /// <summary>The reason phrase of a status.</summary>
    public static string TitleOf(int status) => status switch
    {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Service Unavailable",
    };
}
