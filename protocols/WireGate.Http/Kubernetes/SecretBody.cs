using System.Buffers;
using System.Text;
using System.Text.Json;
using WireGate.Http.Http1;

namespace WireGate.Http.Kubernetes;

/// <summary>
/// Looks whether the body of a request makes a secret that the cluster takes for a token, or fills with one: its type says so, wherever in the
/// body it stands.
/// </summary>
internal static class SecretBody
{
    /// <summary>Bytes that are looked at; API servers take no more.</summary>
    public const int Most = 3 * 1024 * 1024;

    // A long-lived token of a service account; what lets a machine join.
    private static readonly byte[][] Types = ["kubernetes.io/service-account-token"u8.ToArray(), "bootstrap.kubernetes.io/token"u8.ToArray()];

    /// <summary>Whether it does, or cannot be read by us as the API server reads it.</summary>
    /// <param name="head">What came before.</param>
    /// <param name="body">All of it.</param>
    public static bool MakesToken(RequestHead head, ReadOnlySequence<byte> body)
    {
        head.TryGet(FieldName.ContentType, out ReadOnlySpan<byte> type);
        int parameters = type.IndexOf((byte)';');
        ReadOnlySpan<byte> media = Grammar.Trim(parameters < 0 ? type : type[..parameters]);
        if (head.TryGet(FieldName.ContentEncoding, out _))
        {
            return true;
        }

        // What kubectl calls YAML is JSON, which YAML is a superset of; what is not is left to those who switch the rule off.
        return Ascii.EqualsIgnoreCase(media, "application/vnd.kubernetes.protobuf"u8) ? HasBytes(body)
            : media.IsEmpty || EndsWith(media, "json"u8) || EndsWith(media, "yaml"u8) ? HasText(body)
            : true;
    }

    // A string of protobuf is its bytes.
    private static bool HasBytes(ReadOnlySequence<byte> body)
    {
        ReadOnlySpan<byte> bytes = body.IsSingleSegment ? body.FirstSpan : body.ToArray();
        foreach (byte[] type in Types)
        {
            if (bytes.IndexOf(type) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasText(ReadOnlySequence<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 256 });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.String && (reader.ValueTextEquals(Types[0]) || reader.ValueTextEquals(Types[1])))
                {
                    return true;
                }
            }

            return false;
        }
        catch (JsonException)
        {
            return true;
        }
    }

    private static bool EndsWith(ReadOnlySpan<byte> media, ReadOnlySpan<byte> end) =>
        media.Length >= end.Length && Ascii.EqualsIgnoreCase(media[^end.Length..], end);
}
