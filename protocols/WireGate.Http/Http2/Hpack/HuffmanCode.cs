using System.Buffers.Binary;

namespace WireGate.Http.Http2.Hpack;

/// <summary>
/// The Huffman code of RFC 7541 appendix B. It is canonical: of the lengths alone the codes follow, shorter before longer, and of one length in the
/// order of the symbols.
/// </summary>
internal static class HuffmanCode
{
    private const int EndOfString = 256;
    private const int LongestCode = 30;

    // Codes of up to so many bits, all that usual text is made of, are found by one look.
    private const int FastBits = 8;

    // Bits of the code of each byte, 16 to a line.
    private static readonly byte[] Lengths =
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
        28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
        6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
        21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
        19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    // Symbols in the order of their codes.
    private static readonly ushort[] Symbols = [.. Enumerable.Range(0, Lengths.Length).OrderBy(s => Lengths[s]).ThenBy(s => s).Select(s => (ushort)s)];

    // Of each symbol, its code.
    private static readonly uint[] Codes = new uint[Lengths.Length];

    // Of each length: the first code of it, where its symbols begin, and what, with 32 bits, lies behind its last code.
    private static readonly uint[] First = new uint[LongestCode + 1];
    private static readonly int[] Start = new int[LongestCode + 1];
    private static readonly ulong[] Limit = new ulong[LongestCode + 1];

    // Of each eight bits: symbol and length of the code that they begin with; length 0: a longer one.
    private static readonly (byte Symbol, byte Length)[] Fast = new (byte, byte)[1 << FastBits];

    static HuffmanCode()
    {
        uint code = 0;
        int at = 0;
        for (int length = 1; length <= LongestCode; length++)
        {
            code <<= 1;
            First[length] = code;
            Start[length] = at;
            for (; at < Symbols.Length && Lengths[Symbols[at]] == length; at++, code++)
            {
                Codes[Symbols[at]] = code;
                for (int rest = 0; length <= FastBits && rest < 1 << (FastBits - length); rest++)
                {
                    Fast[(int)(code << (FastBits - length)) + rest] = ((byte)Symbols[at], (byte)length);
                }
            }

            Limit[length] = (ulong)code << (32 - length);
        }
    }

    /// <summary>Bytes that a text takes in this code.</summary>
    public static int EncodedLength(ReadOnlySpan<byte> text)
    {
        int bits = 0;
        foreach (byte b in text)
        {
            bits += Lengths[b];
        }

        return (bits + 7) / 8;
    }

    /// <summary>Writes a text in this code.</summary>
    /// <param name="text">It.</param>
    /// <param name="output">As long as <see cref="EncodedLength"/> says.</param>
    public static void Encode(ReadOnlySpan<byte> text, Span<byte> output)
    {
        ulong bits = 0;
        int count = 0;
        int at = 0;
        foreach (byte b in text)
        {
            int length = Lengths[b];
            bits = (bits << length) | Codes[b];
            count += length;
            if (count >= 32)
            {
                count -= 32;
                BinaryPrimitives.WriteUInt32BigEndian(output[at..], (uint)(bits >> count));
                at += 4;
            }
        }

        for (; count >= 8; at++)
        {
            count -= 8;
            output[at] = (byte)(bits >> count);
        }

        if (count > 0)
        {
            // The most significant bits of the code of EOS, which are ones.
            output[at] = (byte)((bits << (8 - count)) | (0xFFu >> count));
        }
    }

    /// <summary>Reads a text in this code.</summary>
    /// <param name="encoded">All of it.</param>
    /// <param name="output">Room for the longest text that may be.</param>
    /// <param name="written">Bytes of the text.</param>
    /// <returns>False: it is none, or a longer one.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, Span<byte> output, out int written)
    {
        ulong bits = 0;
        int count = 0;
        written = 0;
        while (true)
        {
            for (; count <= 56 && !encoded.IsEmpty; encoded = encoded[1..], count += 8)
            {
                bits |= (ulong)encoded[0] << (56 - count);
            }

            if (count == 0)
            {
                return true;
            }

            // Behind the end as many ones as needed: padding reads as the beginning of EOS.
            uint next = (uint)(bits >> 32) | (count < 32 ? uint.MaxValue >> count : 0);
            (int symbol, int length) = Fast[next >> (32 - FastBits)];
            if (length == 0)
            {
                length = FastBits + 1;
                while (next >= Limit[length] && length < LongestCode)
                {
                    length++;
                }

                symbol = Symbols[Start[length] + (int)((next >> (32 - length)) - First[length])];
            }

            if (length > count)
            {
                return count < 8 && next == uint.MaxValue;
            }

            if (symbol == EndOfString || written == output.Length)
            {
                return false;
            }

            output[written++] = (byte)symbol;
            bits <<= length;
            count -= length;
        }
    }
}
