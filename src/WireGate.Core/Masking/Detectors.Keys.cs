using System.Buffers;

namespace WireGate.Core.Masking;

/// <summary>Tokens and keys, which are known by how they begin.</summary>
public static partial class Detectors
{
    // How a key begins, and how many characters of a key follow at least.
    private static readonly (byte[] Prefix, int Least)[] Keys =
    [
        ("AKIA"u8.ToArray(), 16), ("ASIA"u8.ToArray(), 16),
        ("ghp_"u8.ToArray(), 36), ("gho_"u8.ToArray(), 36), ("ghu_"u8.ToArray(), 36), ("ghs_"u8.ToArray(), 36), ("ghr_"u8.ToArray(), 36),
        ("github_pat_"u8.ToArray(), 22), ("glpat-"u8.ToArray(), 20),
        ("sk_live_"u8.ToArray(), 10), ("sk_test_"u8.ToArray(), 10), ("rk_live_"u8.ToArray(), 10), ("rk_test_"u8.ToArray(), 10), ("whsec_"u8.ToArray(), 24),
        ("xoxa-"u8.ToArray(), 10), ("xoxb-"u8.ToArray(), 10), ("xoxp-"u8.ToArray(), 10), ("xoxr-"u8.ToArray(), 10), ("xoxs-"u8.ToArray(), 10),
        ("AIza"u8.ToArray(), 35), ("sk-"u8.ToArray(), 20), ("npm_"u8.ToArray(), 36), ("hf_"u8.ToArray(), 30), ("SG."u8.ToArray(), 40),
        ("dop_v1_"u8.ToArray(), 40), ("wgp_"u8.ToArray(), 40),
    ];

    private static readonly SearchValues<byte> Firsts = SearchValues.Create([.. Keys.Select(k => k.Prefix[0]).Distinct()]);

    // Three parts of base64url, of which the first is a JSON object: {" is eyJ.
    private static Hit FindJwt(ReadOnlySpan<byte> value, int from)
    {
        const int Least = 10;
        int at = from;
        while (at < value.Length && value[at..].IndexOf("eyJ"u8) is >= 0 and var offset)
        {
            int start = at + offset, i = start;
            at = start + 1;
            if (start > 0 && IsAlphanumeric(value[start - 1]) && !EndsEscape(value, start))
            {
                continue;
            }

            int head = Run(value, ref i);
            at = i;
            int body = i < value.Length && value[i] == '.' ? Run(value, ref i, 1) : 0;
            if (head < Least || body < Least || i >= value.Length || value[i] != '.')
            {
                continue;
            }

            // A token that is not signed ends with its dot.
            Run(value, ref i, 1);
            return new Hit(start, i - start);
        }

        return Hit.None;
    }

    /// <summary>What may be a JSON web token of which the rest is missing: more than its beginning, up to the text's end.</summary>
    /// <param name="text">The text, which goes on somewhere else.</param>
    /// <returns><see cref="Hit.None"/>: there is none.</returns>
    public static Hit FindCutToken(ReadOnlySpan<byte> text)
    {
        const int Least = 10;
        int at = text.Length;
        while (at > 0 && (IsKey(text[at - 1]) || text[at - 1] == '.'))
        {
            at--;
        }

        while (text.Length - at >= Least && text[at..].IndexOf("eyJ"u8) is >= 0 and var offset)
        {
            int start = at + offset;
            if ((start == 0 || !IsAlphanumeric(text[start - 1]) || EndsEscape(text, start)) && text.Length - start >= Least)
            {
                return new Hit(start, text.Length - start);
            }

            at = start + 1;
        }

        return Hit.None;
    }

    /// <summary>How many bytes at the beginning of a text may belong to a token that began before it.</summary>
    /// <param name="text">The text.</param>
    public static int RunOfToken(ReadOnlySpan<byte> text)
    {
        int end = 0;
        while (end < text.Length && (IsKey(text[end]) || text[end] == '.'))
        {
            end++;
        }

        return end;
    }

    // -----BEGIN ENCRYPTED PRIVATE KEY-----
    private const int LongestLine = 64;

    private static Hit FindPrivateKey(ReadOnlySpan<byte> value, int from)
    {
        int at = from;
        while (at < value.Length && value[at..].IndexOf("-----BEGIN "u8) is >= 0 and var offset)
        {
            int start = at + offset;
            ReadOnlySpan<byte> rest = value[start..];
            ReadOnlySpan<byte> line = rest[..Math.Min(rest.Length, LongestLine)];
            int name = line.IndexOf("PRIVATE KEY"u8);
            if (name >= 0 && line[11..].IndexOf("-----"u8) + 11 > name)
            {
                // One that was cut off is one all the same.
                int end = rest.IndexOf("-----END "u8);
                int close = end < 0 ? -1 : rest[(end + 9)..].IndexOf("-----"u8);
                return new Hit(start, close < 0 ? rest.Length : end + 9 + close + 5);
            }

            at = start + 11;
        }

        return Hit.None;
    }

    private static Hit FindApiKey(ReadOnlySpan<byte> value, int from)
    {
        for (int at = from; Next(value, ref at, Firsts); at++)
        {
            if (at > 0 && IsAlphanumeric(value[at - 1]) && !EndsEscape(value, at))
            {
                continue;
            }

            ReadOnlySpan<byte> rest = value[at..];
            foreach ((byte[] prefix, int least) in Keys)
            {
                int i = at + prefix.Length;
                if (rest.StartsWith(prefix) && Run(value, ref i) + Dotted(value, prefix, ref i) >= least)
                {
                    return new Hit(at, i - at);
                }
            }
        }

        return Hit.None;
    }

    // SendGrid's have a dot in the middle.
    private static int Dotted(ReadOnlySpan<byte> value, ReadOnlySpan<byte> prefix, ref int at) =>
        prefix[^1] == '.' && at < value.Length && value[at] == '.' ? Run(value, ref at, 1) : 0;

    private static int Run(ReadOnlySpan<byte> value, ref int at, int skip = 0)
    {
        at += skip;
        int start = at;
        while (at < value.Length && IsKey(value[at]))
        {
            at++;
        }

        return at - start;
    }

    private static bool IsKey(byte b) => IsWord(b) || b == '-';
}
