using System.Net;

namespace WireGate.Http.Http1;

/// <summary>host [":" port], as Host and a request target have it (RFC 3986 section 3.2): without userinfo, without a list.</summary>
internal static class Authority
{
    // A name has 253 characters at most, as it is written (RFC 1034 section 3.1, RFC 1123 section 2.1), and may end with a dot.
    private const int LongestHost = 255;

    /// <summary>Takes it apart.</summary>
    /// <param name="text">All of it.</param>
    /// <param name="host">The name or address, in its brackets if it has some.</param>
    /// <param name="port">1 to 65535; null: none is said.</param>
    /// <returns>False: it is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> host, out int? port)
    {
        port = null;
        int end = text is [(byte)'[', ..] ? text.IndexOf((byte)']') + 1 : text.IndexOf((byte)':');
        end = end < 0 ? text.Length : end;
        host = text[..end];
        if (host is [(byte)'[', .. var address, (byte)']'])
        {
            if (address.ContainsAnyExcept(Grammar.Address) || !IPAddress.TryParse(address, out _))
            {
                return false;
            }
        }
        else if (host.IsEmpty || host.Length > LongestHost || host.ContainsAnyExcept(Grammar.Host))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = text[end..];
        if (rest.IsEmpty)
        {
            return true;
        }

        if (rest[0] != ':' || rest.Length > 6 || !Grammar.TryReadNumber(rest[1..], out long number) || number is < 1 or > IPEndPoint.MaxPort)
        {
            return false;
        }

        port = (int)number;
        return true;
    }
}
