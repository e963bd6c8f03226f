using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Policy;

/// <summary>Requests of HTTP as people write them, for <c>explain</c> and in fixtures, and as the audit log has them. Pure functions.</summary>
internal static class HttpQuestions
{
    public const string Form = "METHOD PATH or METHOD URL, like \"DELETE /v1/x?y=1\"";
    public const string HeaderForm = "NAME: VALUE";
    public const string ResponseForm = "STATUS or STATUS TYPE, like \"200 application/json\"";

    private static readonly string[] Schemes = ["https://", "http://"];

    /// <summary>Reads a request. Without a host, <see cref="HttpOperation.Host"/> is empty.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out HttpOperation? request)
    {
        request = null;
        if (text.Split(' ', 2) is not [{ Length: > 0 } method, { Length: > 0 } target])
        {
            return false;
        }

        string host = "";
        if (Array.Find(Schemes, s => target.StartsWith(s, StringComparison.OrdinalIgnoreCase)) is { } scheme)
        {
            target = target[scheme.Length..];
            int end = target.AsSpan().IndexOfAny("/?");
            string authority = end < 0 ? target : target[..end];
            if (!Address.TryParse(authority, 0, out Address? address) || address.IsUnix)
            {
                return false;
            }

            host = address.Host!;
            target = end < 0 ? "/" : target[end] == '?' ? $"/{target[end..]}" : target[end..];
        }
        else if (target[0] != '/' && target != "*")
        {
            return false;
        }

        int query = target.IndexOf('?', StringComparison.Ordinal);
        request = Of(method, host, query < 0 ? target : target[..query], query < 0 ? "" : target[(query + 1)..]);
        return true;
    }

    /// <summary>Reads headers, <see cref="HeaderForm"/> each.</summary>
    /// <exception cref="PolicyException">One is none.</exception>
    public static ImmutableArray<KeyValuePair<string, string>> Headers(IEnumerable<string> lines) =>
    [
        .. lines.Select(line => line.IndexOf(':', StringComparison.Ordinal) is > 0 and int colon
            ? KeyValuePair.Create(line[..colon].ToLowerInvariant(), line[(colon + 1)..].Trim())
            : throw new PolicyException($"--header {line}: write {HeaderForm}")),
    ];

    /// <summary>Reads what a request is answered.</summary>
    public static bool TryResponse(string text, [NotNullWhen(true)] out HttpResponse? response)
    {
        string[] parts = text.Split(' ', 2, StringSplitOptions.TrimEntries);
        bool isStatus = int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int status) && status is >= 100 and <= 599;
        string? type = parts.Length > 1 ? parts[1].Split(';')[0].Trim().ToLowerInvariant() : null;
        response = isStatus && type != "" ? new HttpResponse(status, type, HasBody: type is not null || status is not (204 or 304)) : null;
        return response is not null;
    }

    /// <summary>What it is answered, in one line.</summary>
    public static string Describe(HttpResponse response) =>
        string.Create(CultureInfo.InvariantCulture, $"{response.Status}{(response.ContentType is { } type ? $" {type}" : "")}");

    /// <summary>Reads a request as the audit log has it.</summary>
    /// <returns>Null: it is none.</returns>
    public static HttpOperation? OfRecord(JsonElement fact) =>
        Text(fact, "method") is { } method && Text(fact, "path") is { } path
            ? Of(method, Text(fact, "host") ?? "", path, Text(fact, "query") ?? "") with
            {
                // All that the log has of fields.
                Headers = Text(fact, "patch") == "apply" ? [KeyValuePair.Create("content-type", "application/apply-patch+yaml")] : [],
            }
            : null;

    /// <summary>What it is, in one line.</summary>
    public static string Describe(HttpOperation request) => request.Kubernetes is { } kubernetes
        ? KubernetesQuestions.Describe(kubernetes)
        : $"{request.Method} {request.Host}{request.Path}{(request.Query.IsEmpty ? "" : "?")}"
        + string.Join('&', request.Query.Select(q => $"{Uri.EscapeDataString(q.Key)}={Uri.EscapeDataString(q.Value)}"));

    private static HttpOperation Of(string method, string host, string path, string query) => new()
    {
        Method = method,
        Host = host,
        Path = new HttpPath(Encoding.UTF8.GetBytes(path)),
        Query = HttpQuery.Parse(Encoding.UTF8.GetBytes(query)),
    };

    private static string? Text(JsonElement fact, string name) =>
        fact.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
