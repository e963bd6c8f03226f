using System.Text;
using WireGate.Http.Http1;

namespace WireGate.Http.Kubernetes;

/// <summary>Fields by which a client would say to an API server who asks: that is the gateway's to say.</summary>
internal static class KubernetesFields
{
    // What may stand before an API server, and is believed by it for its certificate: a login of ours may have that one.
    private static readonly byte[][] Claims = ["impersonate-"u8.ToArray(), "x-remote-"u8.ToArray()];

    // Browsers, which cannot set Authorization for a WebSocket, have a bearer token here.
    private static ReadOnlySpan<byte> BearerProtocol => "base64url.bearer.authorization.k8s.io."u8;

    /// <summary>What a request has of that.</summary>
    /// <returns>For its client; null: nothing.</returns>
    public static string? Refused(RequestHead head)
    {
        foreach (ref readonly FieldLine field in head.Fields)
        {
            ReadOnlySpan<byte> name = head.Name(field);
            if (field.Name is FieldName.Other or FieldName.Claim && IsClaim(name))
            {
                return $"the field {Encoding.ASCII.GetString(name)} is not yours to send: who you are says the gateway";
            }

            if (field.Name == FieldName.SecWebSocketProtocol && HasBearer(head.Value(field)))
            {
                return "a token belongs into the field Authorization, as a bearer token";
            }
        }

        return null;
    }

    private static bool IsClaim(ReadOnlySpan<byte> name)
    {
        foreach (byte[] claim in Claims)
        {
            if (name.Length >= claim.Length && IsSame(name[..claim.Length], claim))
            {
                return true;
            }
        }

        return false;
    }

    // With _ for -, as some servers take it.
    private static bool IsSame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> claim)
    {
        for (int i = 0; i < name.Length; i++)
        {
            if ((name[i] == '_' ? '-' : char.ToLowerInvariant((char)name[i])) != claim[i])
            {
                return false;
            }
        }

        return true;
    }

    // Wherever it stands: API servers take more off a protocol's ends than HTTP has blanks (strings.TrimSpace of Go: U+00A0, U+2003, …).
    private static bool HasBearer(ReadOnlySpan<byte> protocols)
    {
        for (int at; (at = protocols.IndexOfAny("bB"u8)) >= 0; protocols = protocols[(at + 1)..])
        {
            ReadOnlySpan<byte> rest = protocols[at..];
            if (rest.Length >= BearerProtocol.Length && Ascii.EqualsIgnoreCase(rest[..BearerProtocol.Length], BearerProtocol))
            {
                return true;
            }
        }

        return false;
    }
}
