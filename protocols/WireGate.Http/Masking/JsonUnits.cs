using System.Text;

namespace WireGate.Http.Masking;

/// <summary>What stands within the quotes of a JSON string, unit by unit: a byte that is itself, or an escape. It was found to be well formed.</summary>
internal static class JsonUnits
{
    private const int CodeLength = 6;

    // The longest text that one unit stands for.
    private const int Longest = 4;

    /// <summary>Reads all that are there.</summary>
    /// <param name="raw">The units.</param>
    /// <param name="isEnd">Nothing follows them.</param>
    /// <param name="text">Gets what they stand for: never longer than they are.</param>
    /// <param name="taken">Bytes of those that are whole.</param>
    /// <returns>Bytes of the text.</returns>
    public static int Read(ReadOnlySpan<byte> raw, bool isEnd, Span<byte> text, out int taken)
    {
        Span<byte> unit = stackalloc byte[Longest];
        int length = 0;
        for (taken = 0; taken < raw.Length;)
        {
            int plain = raw[taken..].IndexOf((byte)'\\');
            plain = plain < 0 ? raw.Length - taken : plain;
            raw.Slice(taken, plain).CopyTo(text[length..]);
            (taken, length) = (taken + plain, length + plain);
            if (taken == raw.Length)
            {
                break;
            }

            int read = ReadOne(raw[taken..], isEnd, unit, out int count);
            if (read == 0)
            {
                break;
            }

            unit[..count].CopyTo(text[length..]);
            (taken, length) = (taken + read, length + count);
        }

        return length;
    }

    /// <summary>Where in the units a place of their text is: what comes before it is the same in both.</summary>
    /// <param name="raw">The units.</param>
    /// <param name="from">A place in both, to go on from.</param>
    /// <param name="target">The place in the text.</param>
    /// <param name="isEnd">A unit that stands for what is on both sides of the place belongs before it.</param>
    public static (int Raw, int Text) Find(ReadOnlySpan<byte> raw, (int Raw, int Text) from, int target, bool isEnd)
    {
        Span<byte> unit = stackalloc byte[Longest];
        while (from.Text < target && from.Raw < raw.Length)
        {
            int read = ReadOne(raw[from.Raw..], isEnd: true, unit, out int count);
            if (read == 0 || (!isEnd && from.Text + count > target))
            {
                break;
            }

            from = (from.Raw + read, from.Text + count);
        }

        return from;
    }

    /// <returns>Bytes of the unit; 0: not all of it is there.</returns>
    private static int ReadOne(ReadOnlySpan<byte> raw, bool isEnd, Span<byte> text, out int length)
    {
        length = 1;
        if (raw[0] != '\\')
        {
            text[0] = raw[0];
            return 1;
        }

        if (raw.Length < 2)
        {
            return 0;
        }

        if (raw[1] != 'u')
        {
            text[0] = raw[1] switch
            {
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                var b => b,
            };
            return 2;
        }

        if (raw.Length < CodeLength)
        {
            return 0;
        }

        char code = Code(raw);
        if (!char.IsHighSurrogate(code))
        {
            // A surrogate alone is no character: as who reads it will most likely have it.
            length = (Rune.TryCreate(code, out Rune rune) ? rune : Rune.ReplacementChar).EncodeToUtf8(text);
            return CodeLength;
        }

        ReadOnlySpan<byte> next = raw[CodeLength..];
        bool mayPair = next.IsEmpty || (next[0] == '\\' && (next.Length < 2 || next[1] == 'u'));
        if (mayPair && next.Length < CodeLength && !isEnd)
        {
            return 0;
        }

        bool isPair = mayPair && next.Length >= CodeLength && char.IsLowSurrogate(Code(next));
        length = (isPair ? new Rune(code, Code(next)) : Rune.ReplacementChar).EncodeToUtf8(text);
        return isPair ? 2 * CodeLength : CodeLength;
    }

    private static char Code(ReadOnlySpan<byte> raw) => (char)((Digit(raw[2]) << 12) | (Digit(raw[3]) << 8) | (Digit(raw[4]) << 4) | Digit(raw[5]));

    private static int Digit(byte b) => b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10;
}
