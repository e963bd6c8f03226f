using System.Buffers;

namespace WireGate.Http.Http1;

/// <summary>The sets of bytes that HTTP is made of (RFC 9110 section 5.6.2, RFC 9112, RFC 3986). A byte is never taken for a character.</summary>
internal static class Grammar
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Digits = "0123456789";

    /// <summary>tchar: methods and names of fields.</summary>
    public static readonly SearchValues<byte> Token = Of("!#$%&'*+-.^_`|~" + Digits + Letters);

    /// <summary>What a path may have, escapes and slashes included: pchar and "/".</summary>
    public static readonly SearchValues<byte> Path = Of("-._~!$&'()*+,;=:@/%" + Digits + Letters);

    /// <summary>What a query may have. RFC 3986 has less; what is added is visible, and browsers and SDKs send it.</summary>
    public static readonly SearchValues<byte> Query = Of("-._~!$&'()*+,;=:@/%?[]{}|^`\"<>" + Digits + Letters);

    /// <summary>What a parameter may have without quotes: more than a token (RFC 5988 section 5, ptoken), but no brackets of a link.</summary>
    public static readonly SearchValues<byte> Unquoted = Of("!#$%&'()*+-./:=?@[]^_`{|}~" + Digits + Letters);

    /// <summary>A host that is a name or an IPv4 address. Escapes and sub-delims, which RFC 3986 lets a name have, no server's name has.</summary>
    public static readonly SearchValues<byte> Host = Of("-._" + Digits + Letters);

    /// <summary>Between the brackets of an IPv6 address; no zone, which means something on one machine only.</summary>
    public static readonly SearchValues<byte> Address = Of(":." + Digits + "abcdefABCDEF");

    /// <summary>What no value has: controls but HTAB. Bytes above 0x7F are obs-text and opaque.</summary>
    public static readonly SearchValues<byte> NotInValue =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Where(b => b != '\t').Select(b => (byte)b), 0x7f]);

    /// <summary>Takes off OWS: blanks and tabs, nothing else that some library calls white.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> value) => value.Trim(" \t"u8);

    /// <summary>1*DIGIT up to 2^63-1: no sign, no blank, no separator.</summary>
    /// <returns>False: it is none.</returns>
    public static bool TryReadNumber(ReadOnlySpan<byte> digits, out long number)
    {
        number = 0;
        foreach (byte b in digits)
        {
            int digit = b - '0';
            if ((uint)digit > 9 || number > (long.MaxValue - digit) / 10)
            {
                return false;
            }

            number = (number * 10) + digit;
        }

        return !digits.IsEmpty;
    }

    private static SearchValues<byte> Of(string set) => SearchValues.Create([.. set.Select(c => (byte)c)]);
}
