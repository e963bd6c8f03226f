using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials;

/// <summary>The ways in which an upstream may write a secret back: as it is, in a URL, in HTML, in JSON and scripts as the common encoders write those, in mail, in base64 and in hex.</summary>
internal static class SecretForms
{
    // What is shorter is found in any text.
    private const int Shortest = 8;

    private static readonly SearchValues<byte> Unreserved = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~"u8);

    // RFC 8259 section 7 asks for a quote and a backslash to be escaped; beyond that each encoder has bytes of its own.
    private static readonly byte[]?[][] Encoders =
    [
        Table(static _ => null),
        Table(static b => Unreserved.Contains(b) ? null : $"%{b:X2}"),
        Table(static b => Unreserved.Contains(b) ? null : $"%{b:x2}"),
        Table(static b => (char)b is '"' or '\\' ? $"\\{(char)b}" : null),
        // PHP's json_encode.
        Table(static b => (char)b is '"' or '\\' or '/' ? $"\\{(char)b}" : null),
        // Go's encoding/json, and Rails.
        Table(static b => (char)b is '"' or '\\' ? $"\\{(char)b}" : (char)b is '<' or '>' or '&' ? $"\\u{(int)b:x4}" : null),
        // Gson, as Java writes it for pages.
        Table(static b => (char)b is '"' or '\\' ? $"\\{(char)b}" : (char)b is '<' or '>' or '&' or '=' or '\'' ? $"\\u{(int)b:x4}" : null),
        // Django's escapejs.
        Table(static b => (char)b is '\\' or '\'' or '"' or '<' or '>' or '&' or '=' or '-' or ';' or '`' ? $"\\u{(int)b:X4}" : null),
        // Closure's templates.
        Table(static b => (char)b switch { '\\' => "\\\\", '/' => "\\/", '"' or '\'' or '<' or '>' or '&' or '=' => $"\\x{(int)b:x2}", _ => null }),
        // Mail (RFC 2045 section 6.7), within one line.
        Table(static b => b == (byte)'=' ? "=3D" : null),
        // System.Text.Json.
        Table(static b => (char)b is '\\' ? "\\\\" : (char)b is '"' or '<' or '>' or '&' or '\'' or '+' or '`' ? $"\\u{(int)b:X4}" : null),
        Table(static b => (char)b switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '"' => "&quot;", '\'' => "&#39;", _ => null }),
    ];

    /// <summary>All of them, some of them the same. The caller owns and disposes them.</summary>
    public static List<Secret> Of(ReadOnlySpan<byte> secret)
    {
        var forms = new List<Secret>(Encoders.Length);
        foreach (byte[]?[] encoder in Encoders)
        {
            forms.Add(Encode(secret, encoder));
        }

        return forms;
    }

    /// <summary>
    /// What of it stands in base64 of either alphabet, wherever in that it begins, and in hexadecimal digits. Of a character that has bits of others it says
    /// nothing. The caller owns and disposes them.
    /// </summary>
    public static List<Secret> InCode(ReadOnlySpan<byte> secret)
    {
        var forms = new List<Secret>(8);
        if (secret.Length < Shortest)
        {
            return forms;
        }

        byte[] text = new byte[secret.Length + 2], coded = new byte[Math.Max(2 * secret.Length, Base64.GetMaxEncodedToUtf8Length(text.Length))];
        for (int before = 0; before < 3; before++)
        {
            text.AsSpan().Clear();
            secret.CopyTo(text.AsSpan(before));
            Base64.EncodeToUtf8(text.AsSpan(0, before + secret.Length), coded, out _, out _);
            Span<byte> own = coded.AsSpan(((8 * before) + 5) / 6, (8 * (before + secret.Length) / 6) - (((8 * before) + 5) / 6));
            forms.Add(Secret.CopyOf(own));
            own.Replace((byte)'+', (byte)'-');
            own.Replace((byte)'/', (byte)'_');
            forms.Add(Secret.CopyOf(own));
        }

        foreach (string digits in (ReadOnlySpan<string>)["0123456789abcdef", "0123456789ABCDEF"])
        {
            for (int i = 0; i < secret.Length; i++)
            {
                (coded[2 * i], coded[(2 * i) + 1]) = ((byte)digits[secret[i] >> 4], (byte)digits[secret[i] & 15]);
            }

            forms.Add(Secret.CopyOf(coded.AsSpan(0, 2 * secret.Length)));
        }

        CryptographicOperations.ZeroMemory(text);
        CryptographicOperations.ZeroMemory(coded);
        return forms;
    }

    /// <summary>As it stands in a query: what is not unreserved as %XX (RFC 3986 section 2.1). The caller owns and disposes it.</summary>
    public static Secret InQuery(ReadOnlySpan<byte> secret) => Encode(secret, Encoders[1]);

    /// <summary>As it stands between the quotes of JSON. The caller owns and disposes it.</summary>
    public static Secret InJson(ReadOnlySpan<byte> secret) => Encode(secret, Encoders[3]);

    /// <summary>Those of them that are looked for, each once; the others are disposed of. The caller owns and disposes these.</summary>
    public static Secret[] Kept(List<Secret> forms)
    {
        Secret[] kept = [.. forms.Where((f, i) => f.Length >= Shortest && !forms.Take(i).Any(o => o.FixedTimeEquals(f.Span)))];
        foreach (Secret form in forms.Except(kept))
        {
            form.Dispose();
        }

        return kept;
    }

    // What each byte is written as; null: as it is. No byte of a secret becomes a string.
    private static byte[]?[] Table(Func<byte, string?> encode) =>
        [.. Enumerable.Range(0, 256).Select(b => encode((byte)b) is { } text ? Encoding.ASCII.GetBytes(text) : null)];

    private static Secret Encode(ReadOnlySpan<byte> secret, byte[]?[] encoder)
    {
        const int Longest = 6;
        byte[] text = new byte[Longest * secret.Length];
        int length = 0;
        foreach (byte b in secret)
        {
            if (encoder[b] is { } encoded)
            {
                encoded.CopyTo(text, length);
                length += encoded.Length;
            }
            else
            {
                text[length++] = b;
            }
        }

        Secret form = Secret.CopyOf(text.AsSpan(0, length));
        CryptographicOperations.ZeroMemory(text);
        return form;
    }
}
