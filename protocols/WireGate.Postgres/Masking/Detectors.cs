using System.Buffers;
using System.Net;
using WireGate.Core.Configuration;

namespace WireGate.Postgres.Masking;

/// <summary>A place in a value.</summary>
internal readonly record struct Hit(int Start, int Length)
{
    public static Hit None => new(-1, 0);

    public bool IsThere => Length > 0;

    public int End => Start + Length;
}

/// <summary>
/// Finds in a value what has a form of its own: by its bytes, with check digits where there are any. It knows no meaning: defence in depth.
/// Allocates nothing.
/// </summary>
internal static partial class Detectors
{
    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789"u8);
    private static readonly SearchValues<byte> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>The first find of one detector at or behind a place.</summary>
    public static Hit Find(MaskDetector detector, ReadOnlySpan<byte> value, int from) => detector switch
    {
        MaskDetector.CreditCard => FindCard(value, from),
        MaskDetector.Iban => FindIban(value, from),
        MaskDetector.Email => FindEmail(value, from),
        MaskDetector.Phone => FindPhone(value, from),
        MaskDetector.UsSsn => FindSsn(value, from),
        MaskDetector.Ip => FindIp(value, from),
        MaskDetector.Jwt => FindJwt(value, from),
        MaskDetector.PrivateKey => FindPrivateKey(value, from),
        MaskDetector.ApiKey => FindApiKey(value, from),
        // One that is not known hides everything.
        _ => new Hit(from, value.Length - from),
    };

    // 13 to 19 digits, alone or in groups that one blank or dash parts, with Luhn's check digit.
    private static Hit FindCard(ReadOnlySpan<byte> value, int from)
    {
        const int Least = 13, Most = 19;
        int at = from;
        Span<byte> digits = stackalloc byte[Most];
        while (Next(value, ref at, Digits))
        {
            int count = 0, end = at, i = at;
            for (; i < value.Length && count <= Most; i++)
            {
                if (IsDigit(value[i]))
                {
                    if (count < Most)
                    {
                        digits[count] = (byte)(value[i] - '0');
                    }

                    count++;
                    end = i + 1;
                }
                else if (value[i] is not ((byte)' ' or (byte)'-') || i + 1 == value.Length || !IsDigit(value[i + 1]))
                {
                    break;
                }
            }

            if (count is >= Least and <= Most && digits[0] is >= 2 and <= 6 && IsLuhn(digits[..count]))
            {
                return new Hit(at, end - at);
            }

            // A number that stands before the card is no part of it: on with the next group.
            while (at < end && IsDigit(value[at]))
            {
                at++;
            }
        }

        return Hit.None;
    }

    private static bool IsLuhn(ReadOnlySpan<byte> digits)
    {
        int sum = 0;
        for (int i = 0; i < digits.Length; i++)
        {
            int digit = digits[^(i + 1)];
            digit = (i & 1) == 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
            sum += digit;
        }

        return sum % 10 == 0;
    }

    // Two letters, two check digits, 11 to 30 letters and digits; blanks between.
    private static Hit FindIban(ReadOnlySpan<byte> value, int from)
    {
        const int Least = 15, Most = 34;
        int at = from;
        for (; Next(value, ref at, Letters); at++)
        {
            if ((at > 0 && IsWord(value[at - 1])) || value.Length - at < Least || !IsLetter(value[at + 1]) || !IsDigit(value[at + 2]) || !IsDigit(value[at + 3]))
            {
                continue;
            }

            // The first four belong to the end of the number that is divided.
            int rest = 0, count = 4, found = 0;
            for (int i = at + 4; i < value.Length && count < Most; i++)
            {
                if (IsWord(value[i]) && value[i] != '_')
                {
                    rest = Append(rest, value[i]);
                    count++;
                    bool isEnd = i + 1 == value.Length || !IsWord(value[i + 1]);
                    if (count >= Least && isEnd && Append(Append(Append(Append(rest, value[at]), value[at + 1]), value[at + 2]), value[at + 3]) == 1)
                    {
                        found = i + 1;
                    }
                }
                else if (value[i] != ' ' || !IsWord(value[i - 1]))
                {
                    break;
                }
            }

            if (found > 0)
            {
                return new Hit(at, found - at);
            }
        }

        return Hit.None;
    }

    private static int Append(int rest, byte character) => IsDigit(character)
        ? ((rest * 10) + character - '0') % 97
        : ((rest * 100) + (character | 0x20) - 'a' + 10) % 97;

    private static Hit FindEmail(ReadOnlySpan<byte> value, int from)
    {
        int at = from;
        while (at < value.Length && value[at..].IndexOf((byte)'@') is >= 0 and var offset)
        {
            int sign = at + offset, start = sign, end = sign + 1, dot = -1;
            while (start > from && (IsWord(value[start - 1]) || value[start - 1] is (byte)'.' or (byte)'%' or (byte)'+' or (byte)'-' or >= 0x80))
            {
                start--;
            }

            while (end < value.Length && (IsLetter(value[end]) || IsDigit(value[end]) || value[end] is (byte)'-' or >= 0x80
                || (value[end] == '.' && end + 1 < value.Length && (IsLetter(value[end + 1]) || IsDigit(value[end + 1])))))
            {
                dot = value[end] == '.' ? end : dot;
                end++;
            }

            if (start < sign && dot > sign + 1 && end - dot > 2 && !IsDigit(value[dot + 1]))
            {
                return new Hit(start, end - start);
            }

            at = sign + 1;
        }

        return Hit.None;
    }

    // With a plus, 8 to 15 digits; without, as North America writes it.
    private static Hit FindPhone(ReadOnlySpan<byte> value, int from)
    {
        for (int at = from; at < value.Length; at++)
        {
            if (value[at] == '+' && at + 1 < value.Length && value[at + 1] is >= (byte)'1' and <= (byte)'9' && (at == 0 || !IsWord(value[at - 1])))
            {
                int count = 0, end = at;
                for (int i = at + 1; i < value.Length && (IsDigit(value[i]) || value[i] is (byte)' ' or (byte)'-' or (byte)'.' or (byte)'(' or (byte)')' or (byte)'/'); i++)
                {
                    count += IsDigit(value[i]) ? 1 : 0;
                    end = IsDigit(value[i]) ? i + 1 : end;
                }

                if (count is >= 8 and <= 15)
                {
                    return new Hit(at, end - at);
                }
            }
            else if ((value[at] == '(' || IsDigit(value[at])) && (at == 0 || !(IsWord(value[at - 1]) || value[at - 1] is (byte)'-' or (byte)'.')))
            {
                int end = NorthAmerican(value, at);
                if (end > 0)
                {
                    return new Hit(at, end - at);
                }
            }
        }

        return Hit.None;
    }

    // (212) 555-0123, 212-555-0123, 212.555.0123, 1-212-555-0123
    private static int NorthAmerican(ReadOnlySpan<byte> value, int at)
    {
        int i = at;
        if (value[i] == '1' && i + 1 < value.Length && value[i + 1] is (byte)'-' or (byte)'.' or (byte)' ')
        {
            i += 2;
        }

        bool isOpen = i < value.Length && value[i] == '(';
        i += isOpen ? 1 : 0;
        if (!Take(value, ref i, 3) || value[i - 3] is (byte)'0' or (byte)'1' || i >= value.Length)
        {
            return 0;
        }

        if (isOpen)
        {
            if (value[i++] != ')')
            {
                return 0;
            }

            i += i < value.Length && value[i] == ' ' ? 1 : 0;
        }
        else if (value[i++] is not ((byte)'-' or (byte)'.' or (byte)' '))
        {
            return 0;
        }

        return Take(value, ref i, 3) && i < value.Length && value[i++] is (byte)'-' or (byte)'.' or (byte)' ' && Take(value, ref i, 4)
            && (i == value.Length || !IsWord(value[i])) ? i : 0;
    }

    // 123-45-6789 and 123 45 6789; numbers that are never given out are none.
    private static Hit FindSsn(ReadOnlySpan<byte> value, int from)
    {
        const int Length = 11;
        for (int at = from; Next(value, ref at, Digits) && at + Length <= value.Length; at++)
        {
            ReadOnlySpan<byte> text = value.Slice(at, Length);
            if ((at > 0 && (IsWord(value[at - 1]) || value[at - 1] == '-')) || (at + Length < value.Length && (IsWord(value[at + Length]) || value[at + Length] == '-'))
                || text[3] is not ((byte)'-' or (byte)' ') || text[6] != text[3])
            {
                continue;
            }

            int area = 0, group = 0, serial = 0;
            if (Take(text, ref area, 3) && Take(text[4..], ref group, 2) && Take(text[7..], ref serial, 4)
                && !text[..3].SequenceEqual("000"u8) && !text[..3].SequenceEqual("666"u8) && text[0] != '9'
                && !text.Slice(4, 2).SequenceEqual("00"u8) && !text[7..].SequenceEqual("0000"u8))
            {
                return new Hit(at, Length);
            }
        }

        return Hit.None;
    }

    private static Hit FindIp(ReadOnlySpan<byte> value, int from)
    {
        for (int at = from; at < value.Length; at++)
        {
            if (!IsAddress(value[at]) || (at > 0 && (IsWord(value[at - 1]) || value[at - 1] is (byte)'.' or (byte)':')))
            {
                continue;
            }

            int end = at, dots = 0, colons = 0;
            for (; end < value.Length && IsAddress(value[end]); end++)
            {
                dots += value[end] == '.' ? 1 : 0;
                colons += value[end] == ':' ? 1 : 0;
            }

            // The end of a sentence; a port.
            int trimmed = end;
            while (trimmed > at && value[trimmed - 1] is (byte)'.' or (byte)':' && !value[at..trimmed].EndsWith("::"u8))
            {
                trimmed--;
            }

            if (dots >= 3 && colons == 1)
            {
                trimmed = at + value[at..trimmed].IndexOf((byte)':');
            }

            bool isWhole = end == value.Length || !IsWord(value[end]);
            if (isWhole && trimmed - at is >= 3 and <= 45 && ((dots == 3 && colons <= 1) || colons >= 2) && IPAddress.TryParse(value[at..trimmed], out _))
            {
                return new Hit(at, trimmed - at);
            }

            at = Math.Max(at, end - 1);
        }

        return Hit.None;
    }

    private static bool IsAddress(byte b) => IsDigit(b) || (b | 0x20) is >= 'a' and <= 'f' || b is (byte)'.' or (byte)':';

    private static bool Take(ReadOnlySpan<byte> value, ref int at, int digits)
    {
        for (int end = at + digits; at < end; at++)
        {
            if (at >= value.Length || !IsDigit(value[at]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Next(ReadOnlySpan<byte> value, ref int at, SearchValues<byte> any)
    {
        int offset = at < value.Length ? value[at..].IndexOfAny(any) : -1;
        at += Math.Max(0, offset);
        return offset >= 0;
    }

    private static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';

    private static bool IsLetter(byte b) => (b | 0x20) is >= 'a' and <= 'z';

    private static bool IsWord(byte b) => IsDigit(b) || IsLetter(b) || b == '_';
}
