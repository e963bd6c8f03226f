using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using WireGate.Core.Credentials;
using WireGate.Core.Policy.Facts;

namespace WireGate.Http.Credentials;

/// <summary>Placeholders in other words than their own: with escapes (<see cref="UrlEscapes"/>) for what whoever reads them decodes, or in base64 of either alphabet.</summary>
internal static class EncodedPlaceholder
{
    // In base64 what a token begins with is one of these, by the bytes before it modulo 3: the characters that are the token's alone, and how many of their
    // group of four are before them.
    private static readonly (byte[] Text, int Before)[] Beginnings = [("d2dwX"u8.ToArray(), 0), ("dncF"u8.ToArray(), 2), ("3Z3Bf"u8.ToArray(), 3)];

    private static readonly SearchValues<byte> Alphabet = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/-_"u8);

    /// <summary>Whether one is in a text that is not there as it is.</summary>
    public static bool IsWithin(ReadOnlySpan<byte> text) => IsInBase64(text) || IsEscaped(text, alsoInBase64: true);

    /// <summary>Whether there are more of them behind escapes than stand there without.</summary>
    public static bool IsEscaped(ReadOnlySpan<byte> text) => IsEscaped(text, alsoInBase64: false);

    private static bool IsEscaped(ReadOnlySpan<byte> text, bool alsoInBase64)
    {
        if (!text.Contains((byte)'%'))
        {
            return false;
        }

        byte[] decoded = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            int before = PlaceholderToken.Count(text), length = text.Length, again;
            text.CopyTo(decoded);
            for (int i = 0; i < UrlEscapes.MostDecodings && (again = UrlEscapes.Decode(decoded.AsSpan(0, length))) < length; i++)
            {
                length = again;
                if (PlaceholderToken.Count(decoded.AsSpan(0, length)) > before || (alsoInBase64 && IsInBase64(decoded.AsSpan(0, length))))
                {
                    return true;
                }
            }

            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(decoded, clearArray: true);
        }
    }

    /// <summary>Whether one is in what base64 in a text stands for, wherever in it that begins.</summary>
    public static bool IsInBase64(ReadOnlySpan<byte> text)
    {
        foreach ((byte[] begin, int before) in Beginnings)
        {
            ReadOnlySpan<byte> rest = text;
            for (int at; (at = rest.IndexOf(begin)) >= 0; rest = rest[(at + 1)..])
            {
                int start = text.Length - rest.Length + at - before;
                if (start >= 0 && IsAt(text[start..]))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // Of groups of four characters, from the first of one.
    private static bool IsAt(ReadOnlySpan<byte> groups)
    {
        // Two bytes before it, and two behind, of groups that are not its alone.
        const int Most = (PlaceholderToken.Length + 4) / 3 * 4;
        Span<byte> coded = stackalloc byte[Most];
        Span<byte> text = stackalloc byte[Most];
        try
        {
            int length = groups.IndexOfAnyExcept(Alphabet);
            length = Math.Min(Most, length < 0 ? groups.Length : length);
            for (int i = 0; i < length; i++)
            {
                coded[i] = groups[i] switch { (byte)'-' => (byte)'+', (byte)'_' => (byte)'/', byte b => b };
            }

            // Padded or not: what is behind it is nobody's.
            while (length % 4 != 0)
            {
                coded[length++] = (byte)'A';
            }

            Base64.DecodeFromUtf8(coded[..length], text, out _, out int decoded);
            return PlaceholderToken.IsWithin(text[..decoded]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(coded);
            CryptographicOperations.ZeroMemory(text);
        }
    }
}
