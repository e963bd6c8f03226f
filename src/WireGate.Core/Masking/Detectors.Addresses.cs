using System.Net;

namespace WireGate.Core.Masking;

/// <summary>Addresses of people and machines.</summary>
public static partial class Detectors
{
    // Twice what a name before the sign may have.
    private const int LongestName = 128;

    private static Hit FindEmail(ReadOnlySpan<byte> value, int from)
    {
        int at = from;
        while (at < value.Length && value[at..].IndexOfAny((byte)'@', (byte)'%') is >= 0 and var offset)
        {
            int sign = at + offset, start = sign, end = AtSign(value, sign), dot = -1;
            at = sign + 1;
            if (end == sign)
            {
                continue;
            }

            int first = end, least = Math.Max(from, sign - LongestName);
            while (start > least && (IsWord(value[start - 1]) || value[start - 1] is (byte)'.' or (byte)'%' or (byte)'+' or (byte)'-' or >= 0x80))
            {
                start--;
            }

            while (end < value.Length && (IsLetter(value[end]) || IsDigit(value[end]) || value[end] is (byte)'-' or >= 0x80
                || (value[end] == '.' && end + 1 < value.Length && (IsLetter(value[end + 1]) || IsDigit(value[end + 1])))))
            {
                dot = value[end] == '.' ? end : dot;
                end++;
            }

            start = start == sign ? StartOfQuoted(value, sign, from) : start;
            if (start < sign && dot > first && end - dot > 2 && !IsDigit(value[dot + 1]))
            {
                return new Hit(start, end - start);
            }
        }

        return Hit.None;
    }

    // @, as a URL writes it too.
    private static int AtSign(ReadOnlySpan<byte> value, int at) =>
        value[at] == '@' ? at + 1 : value[at..].StartsWith("%40"u8) ? at + 3 : at;

    // "john doe"@example.com
    private static int StartOfQuoted(ReadOnlySpan<byte> value, int sign, int from)
    {
        int close = sign - 1, least = Math.Max(from, close - LongestName);
        if (close <= least || value[close] != '"' || !IsWord(value[close - 1]))
        {
            return sign;
        }

        int open = close - 1;
        while (open > least && (IsWord(value[open]) || value[open] is (byte)' ' or (byte)'.' or (byte)'-' or >= 0x80))
        {
            open--;
        }

        return value[open] == '"' ? open : sign;
    }

    private static Hit FindIp(ReadOnlySpan<byte> value, int from)
    {
        // Up to here all is part of one run of which none is an address of the sixth version.
        int tried = from;
        for (int at = from; at < value.Length; at++)
        {
            if (!IsAddress(value[at]) || (at > 0 && IsAlphanumeric(value[at - 1]) && !EndsEscape(value, at)))
            {
                continue;
            }

            if (at > 0 && value[at - 1] is (byte)'%' or (byte)'\\')
            {
                // %3A, \b
                at += value[at - 1] == '%' ? 1 : 0;
                continue;
            }

            bool isBehindDot = at > 0 && value[at - 1] == '.';
            bool isStart = value[at] == ':' ? value[at..] is [_, (byte)':', not (byte)':', ..] : value[at] != '.';
            int end = at >= tried && isStart && !isBehindDot ? EndOfVersion6(value, at, out tried) : 0;
            bool isOfDigits = IsDigit(value[at]) && !(isBehindDot && at > 1 && IsDigit(value[at - 2]));
            end = end == 0 && isOfDigits ? EndOfVersion4(value, at) : end;
            if (end > 0)
            {
                return new Hit(at, end - at);
            }
        }

        return Hit.None;
    }

    // Four numbers, and no fifth.
    private static int EndOfVersion4(ReadOnlySpan<byte> value, int at)
    {
        int i = at;
        for (int part = 0; part < 4; part++)
        {
            int number = 0, first = i;
            while (i < value.Length && IsDigit(value[i]) && i - first < 4)
            {
                number = (number * 10) + value[i++] - '0';
            }

            if (i == first || i - first > 3 || number > 255 || (part < 3 && (i == value.Length || value[i++] != '.')))
            {
                return 0;
            }
        }

        return i < value.Length && (IsAlphanumeric(value[i]) || (value[i] == '.' && i + 1 < value.Length && IsDigit(value[i + 1]))) ? 0 : i;
    }

    private static int EndOfVersion6(ReadOnlySpan<byte> value, int at, out int tried)
    {
        const int Least = 3, Most = 45;
        int end = at, colons = 0;
        for (; end < value.Length && end - at <= Most + 1 && IsAddress(value[end]); end++)
        {
            colons += value[end] == ':' ? 1 : 0;
        }

        tried = end;
        // The end of a sentence, or of a name for what follows.
        int trimmed = end;
        while (trimmed > at && value[trimmed - 1] is (byte)'.' or (byte)':' && !value[at..trimmed].EndsWith("::"u8))
        {
            trimmed--;
        }

        bool isWhole = end == value.Length || !IsAlphanumeric(value[end]);
        return isWhole && colons >= 2 && trimmed - at is >= Least and <= Most && IPAddress.TryParse(value[at..trimmed], out _) ? trimmed : 0;
    }

    private static bool IsAddress(byte b) => IsDigit(b) || (b | 0x20) is >= 'a' and <= 'f' || b is (byte)'.' or (byte)':';
}
