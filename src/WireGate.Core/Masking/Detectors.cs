using System.Buffers;
using WireGate.Core.Configuration;

namespace WireGate.Core.Masking;

/// <summary>A place in a value. The default is the place of an empty find, which is none.</summary>
/// <param name="Start">Its first byte.</param>
/// <param name="Length">Its bytes.</param>
public readonly record struct Hit(int Start, int Length)
{
    /// <summary>Nothing was found.</summary>
    public static Hit None => new(-1, 0);

    /// <summary>Something was found.</summary>
    public bool IsThere => Length > 0;

    /// <summary>The first byte behind it.</summary>
    public int End => Start + Length;
}

/// <summary>
/// Finds in a value what has a form of its own: by its bytes, with check digits where there are any. It knows no meaning: defence in depth.
/// Allocates nothing.
/// </summary>
public static partial class Detectors
{
    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789"u8);
    private static readonly SearchValues<byte> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>The first find of one detector at or behind a place.</summary>
    /// <param name="detector">The detector; one that is not known finds everything.</param>
    /// <param name="value">The whole value: what stands before the place counts as well.</param>
    /// <param name="from">The place; at most the value's length.</param>
    /// <returns><see cref="Hit.None"/>: there is none.</returns>
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

    /// <summary>
    /// From where a detector goes on behind a find. What begins within it may reach beyond it, and is looked for as far as that can be in
    /// proportion to the value.
    /// </summary>
    /// <param name="detector">The detector.</param>
    /// <param name="value">The whole value.</param>
    /// <param name="hit">What it has found.</param>
    public static int Resume(MaskDetector detector, ReadOnlySpan<byte> value, Hit hit)
    {
        const int Dashes = 5;
        ReadOnlySpan<byte> found = value.Slice(hit.Start, hit.Length);
        return detector switch
        {
            MaskDetector.Iban or MaskDetector.Phone or MaskDetector.UsSsn => hit.Start + 1,
            // Its name is the host of none, its host the name of the next.
            MaskDetector.Email => hit.Start + SignOf(found),
            // Each part may be the first one of another.
            MaskDetector.Jwt => hit.Start + found.IndexOf((byte)'.') + 1,
            MaskDetector.ApiKey when found.LastIndexOf((byte)'.') is >= 0 and var dot => hit.Start + dot + 1,
            // The dashes that close one open the next.
            MaskDetector.PrivateKey when hit.End < value.Length => hit.End - Dashes,
            // Cards that run into each other are one find.
            _ => hit.End,
        };

        static int SignOf(ReadOnlySpan<byte> email)
        {
            for (int i = 0; i < email.Length; i++)
            {
                if (AtSign(email, i) is var end && end > i)
                {
                    return end;
                }
            }

            return email.Length;
        }
    }

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

    private static bool IsAlphanumeric(byte b) => IsDigit(b) || IsLetter(b);

    private static bool IsWord(byte b) => IsDigit(b) || IsLetter(b) || b == '_';

    // Whether what stands before a place runs on into it.
    private static bool IsBehindWord(ReadOnlySpan<byte> value, int at) => at > 0 && IsWord(value[at - 1]) && !EndsEscape(value, at);

    private static bool IsBehindDigit(ReadOnlySpan<byte> value, int at) => at > 0 && IsDigit(value[at - 1]) && !EndsEscape(value, at);

    // -1, .1: a number runs on; not in tel.212
    private static bool IsBehindNumber(ReadOnlySpan<byte> value, int at) =>
        at > 1 && value[at - 1] is (byte)'-' or (byte)'.' && IsBehindDigit(value, at - 1);

    // A text may hold JSON, or a part of a URL: \n, \u000a and %20 are no letters and digits of what stands behind them.
    private static bool EndsEscape(ReadOnlySpan<byte> value, int at) =>
        (at >= 2 && value[at - 2] == '\\' && value[at - 1] != 'u')
        || (at >= 3 && value[at - 3] == '%' && IsHex(value[at - 2]) && IsHex(value[at - 1]))
        || (at >= 6 && value[at - 6] == '\\' && value[at - 5] == 'u' && IsHex(value[at - 4]) && IsHex(value[at - 3]) && IsHex(value[at - 2]) && IsHex(value[at - 1]));

    private static bool IsHex(byte b) => IsDigit(b) || (b | 0x20) is >= 'a' and <= 'f';

    // One or two of what people and programs put between the groups of a number; the place itself, if there is none.
    private static int EndOfSeparators(ReadOnlySpan<byte> value, int at)
    {
        int end = EndOfSeparator(value, at);
        return end > at ? EndOfSeparator(value, end) : at;
    }

    private static int EndOfSeparator(ReadOnlySpan<byte> value, int at)
    {
        if (at >= value.Length)
        {
            return at;
        }

        ReadOnlySpan<byte> rest = value[at..];
        switch (rest[0])
        {
            case (byte)' ' or (byte)'-' or (byte)'.' or (byte)'/' or (byte)'_' or (byte)'+' or (byte)'\n' or (byte)'\r' or (byte)'\t':
                return at + 1;
            case (byte)'%':
                return rest.StartsWith("%20"u8) ? at + 3 : at;
            case (byte)'&':
                return rest.StartsWith("&nbsp;"u8) ? at + 6 : at;
            case 0xc2:
                return rest.StartsWith((ReadOnlySpan<byte>)[0xc2, 0xa0]) ? at + 2 : at;
            case 0xe2:
                // Dashes and blanks of other widths.
                return rest.Length >= 3 && rest[1] == 0x80 ? at + 3 : at;
            default:
                return at;
        }
    }
}
