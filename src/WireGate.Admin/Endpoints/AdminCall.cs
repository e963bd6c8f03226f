using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using WireGate.Admin.Access;
using WireGate.Admin.Api;
using WireGate.Core.Configuration;

namespace WireGate.Admin.Endpoints;

/// <summary>One request whose caller is known and allowed to make it, judged from its start to its end by one config.</summary>
internal sealed record AdminCall(HttpContext Http, AdminCaller Caller, GatewayConfig Config)
{
    // No request of this API is bigger; a mint with 64 targets of 63 bytes is 5 KiB.
    private const int LargestBody = 64 * 1024;

    /// <summary>Ends with the connection and with the daemon.</summary>
    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>Reads the body, which must be of this form.</summary>
    /// <returns>Null: it is not, and the answer says so already.</returns>
    public async ValueTask<T?> ReadAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        if (!Http.Request.HasJsonContentType())
        {
            await RefuseAsync(StatusCodes.Status415UnsupportedMediaType, "the body must be application/json");
            return null;
        }

        // Refused by its announcement, and taken off the socket by Kestrel afterwards: closing a Unix socket with bytes unread resets it,
        // and the caller would not see the answer.
        if (Http.Request.ContentLength is not <= LargestBody)
        {
            await (Http.Request.ContentLength is null
                ? RefuseAsync(StatusCodes.Status411LengthRequired, "the body needs a Content-Length")
                : RefuseAsync(StatusCodes.Status413PayloadTooLarge, "the body is too large: 64 KiB at most"));
            return null;
        }

        try
        {
            T? body = await JsonSerializer.DeserializeAsync(Http.Request.Body, type, Aborted);
            if (body is not null)
            {
                return body;
            }

            await RefuseAsync(StatusCodes.Status400BadRequest, "the body must be a JSON object");
        }
        catch (JsonException e)
        {
            // The exception's own text names our types.
            await RefuseAsync(StatusCodes.Status400BadRequest, $"the body is not what this call takes, at {e.Path ?? "$"}");
        }

        return null;
    }

    /// <summary>Answers with a value.</summary>
    public Task AnswerAsync<T>(T value, JsonTypeInfo<T> type) => Http.Response.WriteAsJsonAsync(value, type, cancellationToken: Aborted);

    /// <summary>Answers that it is not done, and why.</summary>
    public Task RefuseAsync(int status, string detail) => RefuseAsync(Http, status, detail);

    /// <inheritdoc cref="RefuseAsync(int, string)"/>
    public static Task RefuseAsync(HttpContext http, int status, string detail)
    {
        http.Response.StatusCode = status;
        ProblemView problem = new(ReasonPhrases.GetReasonPhrase(status), status, detail);
        return http.Response.WriteAsJsonAsync(problem, AdminJson.Default.ProblemView, "application/problem+json", http.RequestAborted);
    }
}
