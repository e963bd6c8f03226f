using System.Buffers;
using System.Text;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// The name of a cookie, a parameter or a field of a form as the most lenient of servers read it: whatever its case, with escapes, quotes or blanks, or a bracket behind it as
/// PHP reads that. Which of several that are the same counts is theirs to say.
/// </summary>
public static class LooseName
{
    private const int MostOnStack = 512;

    // What is around a name and no part of it for some reader: blanks of any alphabet, controls, quotes, brackets ([name] of qs), and what stands between names
    // elsewhere.
    private static readonly SearchValues<byte> Around = Bytes(b => (char)b is <= ' ' or >= '\x7F' or '"' or '=' or '+' or '?' or '[' or ']');

    // Behind a name: a list or a member of it, a value that was escaped with it, or the end for who knows C's strings.
    private static readonly SearchValues<byte> Ends = SearchValues.Create("[=\0"u8);

    private static readonly SearchValues<byte> Behind = Bytes(b => Around.Contains(b) && !Ends.Contains(b));

    /// <summary>Whether some server would take what a pair is named by for a name.</summary>
    /// <param name="pair">A name, and maybe a value, as it stands in a head.</param>
    /// <param name="name">It.</param>
    public static bool IsOf(ReadOnlySpan<byte> pair, ReadOnlySpan<byte> name)
    {
        int begin = Math.Max(0, pair.IndexOfAnyExcept(Around)), end = pair[begin..].IndexOf((byte)'=');
        pair = end < 0 ? pair : pair[..(begin + end)];
        return IsSame(pair, name) || (pair.Contains((byte)'%') && IsDecoded(pair, name));
    }

    /// <summary>The same of a name that was decoded once, as those of a query are.</summary>
    /// <param name="found">The name that a pair has.</param>
    /// <param name="name">The one that it may be.</param>
    internal static bool IsOf(string found, string name)
    {
        // Whatever is read from a text is no longer than that.
        if (found.Length < name.Length)
        {
            return false;
        }

        if (found.Equals(name, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        int most = Encoding.UTF8.GetMaxByteCount(name.Length) + Encoding.UTF8.GetMaxByteCount(found.Length);
        byte[]? rented = most <= MostOnStack ? null : ArrayPool<byte>.Shared.Rent(most);
        Span<byte> bytes = rented is null ? stackalloc byte[MostOnStack] : rented;
        int split = Encoding.UTF8.GetBytes(name, bytes), end = split + Encoding.UTF8.GetBytes(found, bytes[split..]);
        bool isOf = IsOf(bytes[split..end], bytes[..split]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return isOf;
    }

    private static bool IsDecoded(ReadOnlySpan<byte> pair, ReadOnlySpan<byte> name)
    {
        byte[] decoded = ArrayPool<byte>.Shared.Rent(pair.Length);
        try
        {
            pair.CopyTo(decoded);
            bool isSame = false;
            for (int i = 0, length = pair.Length, again; i < UrlEscapes.MostDecodings && !isSame && (again = UrlEscapes.Decode(decoded.AsSpan(0, length))) < length; i++)
            {
                length = again;
                isSame = IsSame(decoded.AsSpan(0, length), name);
            }

            return isSame;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(decoded, clearArray: true);
        }
    }

    private static bool IsSame(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        while (!(Begins(text, name) && IsEnd(text[name.Length..])))
        {
            if (text.IsEmpty || !Around.Contains(text[0]))
            {
                return false;
            }

            text = text[1..];
        }

        return true;
    }

    private static bool Begins(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        int same = 0;
        while (same < name.Length && same < text.Length && Folded(text[same]) == Folded(name[same]))
        {
            same++;
        }

        return same == name.Length;
    }

    private static bool IsEnd(ReadOnlySpan<byte> rest)
    {
        int at = rest.IndexOfAnyExcept(Behind);
        return at < 0 || Ends.Contains(rest[at]);
    }

    // PHP has underscores for what its variables cannot be named by.
    private static byte Folded(byte b) => (char)b switch
    {
        >= 'A' and <= 'Z' => (byte)(b | 0x20),
        '.' or ' ' or '+' or '-' or '[' => (byte)'_',
        _ => b,
    };

    private static SearchValues<byte> Bytes(Func<byte, bool> are) => SearchValues.Create([.. Enumerable.Range(0, 256).Select(b => (byte)b).Where(are)]);
}
