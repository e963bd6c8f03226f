using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace WireGate.Http.Kubernetes;

/// <summary>How refusals are said to clients of Kubernetes: as the API server says its own, a Status object, which kubectl prints.</summary>
internal static class KubernetesStatus
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A refusal, or what went wrong.</summary>
    /// <param name="status">Its code.</param>
    /// <param name="detail">For whoever asked.</param>
    /// <param name="reference">What the audit log has in common with it; null: nothing.</param>
    /// <param name="retryAfter">
    /// When the client should ask again, in whole seconds; null: it should not. With 429 client-go does by itself, up to ten times.
    /// </param>
    public static Answer Of(int status, string detail, string? reference, TimeSpan? retryAfter = null)
    {
        long? seconds = retryAfter is { } wait ? (long)Math.Ceiling(wait.TotalSeconds) : null;
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body, Readable))
        {
            json.WriteStartObject();
            json.WriteString("kind"u8, "Status"u8);
            json.WriteString("apiVersion"u8, "v1"u8);
            json.WriteStartObject("metadata"u8);
            json.WriteEndObject();
            json.WriteString("status"u8, "Failure"u8);
            json.WriteString("message"u8, reference is null ? detail : $"{detail} (ref {reference})");
            json.WriteString("reason"u8, ReasonOf(status));
            if (seconds is { } number)
            {
                json.WriteStartObject("details"u8);
                json.WriteNumber("retryAfterSeconds"u8, number);
                json.WriteEndObject();
            }

            json.WriteNumber("code"u8, status);
            json.WriteEndObject();
        }

        body.Write("\n"u8);
        return new Answer(status, "application/json", body.WrittenMemory)
        {
            Fields =
            [
                .. status == 401 ? [("WWW-Authenticate", "Bearer realm=\"wiregate\"")] : Array.Empty<(string, string)>(),
                .. seconds is { } after ? [("Retry-After", after.ToString(CultureInfo.InvariantCulture))] : Array.Empty<(string, string)>(),
            ],
        };
    }

    // metav1.StatusReason. What has none of its own is empty there, and kubectl shows the message alone.
    private static string ReasonOf(int status) => status switch
    {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        413 => "RequestEntityTooLarge",
        415 => "UnsupportedMediaType",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => "",
    };
}
