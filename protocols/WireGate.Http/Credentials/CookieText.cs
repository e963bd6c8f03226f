using System.Buffers;
using WireGate.Core.Credentials;
using WireGate.Core.Policy.Facts;
using WireGate.Http.Http1;

namespace WireGate.Http.Credentials;

/// <summary>Cookies, as the fields Cookie and Set-Cookie have them (RFC 6265 sections 4.1.1 and 4.2.1).</summary>
/*
 *   cookie-string = cookie-pair *( ";" SP cookie-pair )
 *   cookie-pair   = cookie-name "=" cookie-value
 */
internal static class CookieText
{
    // US-ASCII without controls, blank, DQUOTE, comma, semicolon and backslash.
    private static readonly SearchValues<byte> Octets = SearchValues.Create(
        [.. Enumerable.Range(0x21, 0x7E - 0x20).Where(b => (char)b is not ('"' or ',' or ';' or '\\')).Select(b => (byte)b)]);

    /// <summary>Whether a text can be the value of one.</summary>
    public static bool IsValue(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(Octets);

    /// <summary>Finds the pair whose value is a placeholder.</summary>
    /// <param name="cookies">The value of a field Cookie.</param>
    /// <param name="pair">Where it is.</param>
    /// <param name="text">The placeholder, a part of <paramref name="cookies"/>.</param>
    public static bool TryFind(ReadOnlySpan<byte> cookies, out Range pair, out ReadOnlySpan<byte> text)
    {
        foreach (Range range in cookies.Split((byte)';'))
        {
            (int start, int length) = range.GetOffsetAndLength(cookies.Length);
            ReadOnlySpan<byte> part = cookies.Slice(start, length);
            int blanks = part.Length - part.TrimStart(" \t"u8).Length;
            part = Grammar.Trim(part);
            int equals = part.IndexOf((byte)'=');
            if (equals > 0 && PlaceholderToken.TryParse(part[(equals + 1)..], out _))
            {
                text = part[(equals + 1)..];
                pair = (start + blanks)..(start + blanks + part.Length);
                return true;
            }
        }

        pair = default;
        text = default;
        return false;
    }

    /// <summary>The name of the pair that stands at some place.</summary>
    public static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> pair) => pair[..pair.IndexOf((byte)'=')];

    /// <summary>How many pairs some server would take for a cookie, also behind a comma, where some begin the next one.</summary>
    /// <param name="cookies">The value of a field Cookie or Set-Cookie.</param>
    /// <param name="name">Its name.</param>
    public static int CountOf(ReadOnlySpan<byte> cookies, ReadOnlySpan<byte> name)
    {
        int count = 0;
        while (!cookies.IsEmpty)
        {
            int end = cookies.IndexOfAny(";,"u8);
            count += LooseName.IsOf(end < 0 ? cookies : cookies[..end], name) ? 1 : 0;
            cookies = end < 0 ? default : cookies[(end + 1)..];
        }

        return count;
    }
}
