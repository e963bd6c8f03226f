using System.Collections.Immutable;
using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy.External;

/// <summary>The facts of a request of HTTP as JSON.</summary>
internal static class HttpFactsJson
{
    /// <summary>Writes the property <c>http</c>.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="request">The request.</param>
    internal static void Write(Utf8JsonWriter json, HttpOperation request)
    {
        json.WriteStartObject("http");
        json.WriteString("method", request.Method);
        json.WriteString("host", request.Host);
        json.WriteString("path", request.Path.Text);
        if (request.Path.IsPlain)
        {
            json.WriteStartArray("segments");
            foreach (string segment in request.Path.Segments)
            {
                json.WriteStringValue(segment);
            }

            json.WriteEndArray();
        }

        Write(json, "query", request.Query);
        Write(json, "headers", request.Headers);
        Write(json, request.Body);
        json.WriteString("unknown", request.Unknown);
        json.WriteEndObject();
        if (request.Kubernetes is { } kubernetes)
        {
            Write(json, kubernetes);
        }
    }

    // most: no number: it may be of any length. problem: no members are known, whichever it has.
    private static void Write(Utf8JsonWriter json, HttpBody body)
    {
        json.WriteStartObject("body");
        if (body.Most == long.MaxValue)
        {
            json.WriteNull("most");
        }
        else
        {
            json.WriteNumber("most", body.Most);
        }

        json.WriteString("problem", body.Problem);
        json.WriteStartArray("fields");
        foreach (HttpBodyField field in body.Fields)
        {
            json.WriteStartObject();
            json.WriteString("pointer", field.Pointer.Text);
            json.WriteString("value", field.Value);
            json.WriteBoolean("exact", field.IsExact);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, KubernetesRequest request)
    {
        json.WriteStartObject("kube");
        json.WriteBoolean("isResource", request.IsResource);
        json.WriteStartArray("verbs");
        foreach (string verb in request.Verbs)
        {
            json.WriteStringValue(verb);
        }

        json.WriteEndArray();
        json.WriteString("group", request.Group);
        json.WriteString("version", request.Version);
        json.WriteString("resource", request.Resource);
        json.WriteString("subresource", request.Subresource);
        json.WriteString("namespace", request.Namespace);
        json.WriteString("name", request.Name);
        json.WriteBoolean("applies", request.Applies);
        json.WriteBoolean("mintsCredential", request.MintsCredential);
        json.WriteEndObject();
    }

    // A list of pairs: a name may be there twice, and which one counts is the upstream's to say.
    private static void Write(Utf8JsonWriter json, string name, ImmutableArray<KeyValuePair<string, string>> pairs)
    {
        json.WriteStartArray(name);
        foreach ((string key, string value) in pairs)
        {
            json.WriteStartObject();
            json.WriteString("name", key);
            json.WriteString("value", value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
