namespace WireGate.Core.Policy.Facts;

/// <summary>Reads escapes wherever they stand, as the most lenient of servers do: <c>%XX</c>, and <c>%uXXXX</c>, which ASP.NET reads, too.</summary>
public static class UrlEscapes
{
    /// <summary>So often a text is decoded: a server, and one behind it, may decode what was decoded.</summary>
    public const int MostDecodings = 3;

    /// <summary>Decodes a text in its place, once. What is no escape stays as it is, and so does one of a character that is no byte.</summary>
    /// <param name="text">It.</param>
    /// <returns>Bytes of it that are left.</returns>
    public static int Decode(Span<byte> text)
    {
        int length = 0;
        for (int i = 0; i < text.Length;)
        {
            int taken = ReadAt(text[i..], out byte b);
            text[length++] = b;
            i += taken;
        }

        return length;
    }

    private static int ReadAt(ReadOnlySpan<byte> text, out byte b)
    {
        if (text.Length >= 3 && text[0] == '%' && TryRead(text[1..3], out b))
        {
            return 3;
        }

        if (text.Length >= 6 && text.StartsWith("%u00"u8) && TryRead(text[4..6], out b))
        {
            return 6;
        }

        b = text[0];
        return 1;
    }

    private static bool TryRead(ReadOnlySpan<byte> digits, out byte b)
    {
        int high = Digit(digits[0]), low = Digit(digits[1]);
        b = (byte)((high << 4) | low);
        return high >= 0 && low >= 0;
    }

    private static int Digit(byte b) => char.IsAsciiHexDigit((char)b) ? (b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10) : -1;
}
