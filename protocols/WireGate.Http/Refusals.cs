using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using WireGate.Core.Sessions;

namespace WireGate.Http;

/// <summary>How refusals are said in HTTP's words: a status, and what is behind it as a problem document (RFC 9457).</summary>
internal static class Refusals
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>With 429 and 503: when the sessions and approvals that others have are fewer, and there is room again, nobody knows.</summary>
    public static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

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

    /// <summary>A refusal, or what went wrong.</summary>
    /// <param name="status">Its code.</param>
    /// <param name="detail">For whoever asked.</param>
    /// <param name="reference">What the audit log has in common with it; null: nothing.</param>
    public static Answer Of(int status, string detail, string? reference)
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

        body.Write("\n"u8);
        return new Answer(status, "application/problem+json", body.WrittenMemory)
        {
            Fields = status switch
            {
                401 => [("WWW-Authenticate", "Bearer realm=\"wiregate\""), ("WWW-Authenticate", "Basic realm=\"wiregate\"")],
                429 or 503 => [("Retry-After", AskAgain.TotalSeconds.ToString(CultureInfo.InvariantCulture))],
                _ => [],
            },
        };
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
        415 => "Unsupported Media Type",
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
