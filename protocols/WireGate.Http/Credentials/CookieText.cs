using System.Buffers;
using WireGate.Core.Credentials;
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

    /// <summary>
    /// How many pairs some server would take for a cookie: whatever its case, with escapes, quotes or a bracket behind it as PHP reads that, and behind a comma
    /// as others do. Which of several counts is theirs to say.
    /// </summary>
    /// <param name="cookies">The value of a field Cookie or Set-Cookie.</param>
    /// <param name="name">Its name.</param>
    public static int CountOf(ReadOnlySpan<byte> cookies, ReadOnlySpan<byte> name)
    {
        int count = 0;
        while (!cookies.IsEmpty)
        {
            int end = cookies.IndexOfAny(";,"u8);
            count += IsNamed(end < 0 ? cookies : cookies[..end], name) ? 1 : 0;
            cookies = end < 0 ? default : cookies[(end + 1)..];
        }

        return count;
    }

    // What is around a name and no part of it for some reader: blanks of any alphabet, controls, quotes.
    private static bool IsAround(int b) => b is <= 0x20 or >= 0x7F or '"' or '=';

    private static bool IsNamed(ReadOnlySpan<byte> pair, ReadOnlySpan<byte> name)
    {
        int begin = 0;
        while (begin < pair.Length && IsAround(pair[begin]))
        {
            begin++;
        }

        pair = pair[begin..];
        int end = pair.IndexOf((byte)'=');
        pair = end < 0 ? pair : pair[..end];
        int at = 0;
        while (!pair.IsEmpty)
        {
            bool isEscape = pair.Length > 2 && pair[0] == '%' && char.IsAsciiHexDigit((char)pair[1]) && char.IsAsciiHexDigit((char)pair[2]);
            int b = isEscape ? (Convert.FromHexString([(char)pair[1], (char)pair[2]])[0]) : pair[0];
            pair = pair[(isEscape ? 3 : 1)..];
            if (at == name.Length)
            {
                // The name of a list, as PHP reads it, or one that ends for who knows C's strings; else it may be followed by what counts for nothing.
                if (b is '[' or 0)
                {
                    return true;
                }

                if (!IsAround(b))
                {
                    return false;
                }
            }
            else if (at == 0 && IsAround(b))
            {
                // Also once it is decoded.
            }
            else if (Folded((byte)b) != Folded(name[at++]))
            {
                return false;
            }
        }

        return at == name.Length;
    }

    private static byte Folded(byte b) => (char)b switch
    {
        >= 'A' and <= 'Z' => (byte)(b | 0x20),
        '.' or ' ' or '-' or '[' => (byte)'_',
        _ => b,
    };
}
