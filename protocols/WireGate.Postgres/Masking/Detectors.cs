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
