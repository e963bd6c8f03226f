using System.Buffers;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Transport.Streams;
using WireGate.Http.Credentials;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Holding;
using WireGate.Http.Http1;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Http;

/// <summary>Bodies in which a placeholder may be hidden by mistake: however they come, what is in them is found, and what passes is what came.</summary>
internal sealed partial class DecodedBodyFuzz
{
    private static readonly string Token = Made();

    private static readonly byte[][] Forms =
    [
        Bytes("a=%41%4&b=%C3%A9+%&c=%%41%4x"), Bytes($"a=%77{Token[1..]}&b=1"), Bytes($"a={Token[..30]}%{(int)Token[30]:x2}{Token[31..50]}"),
    ];

    private static readonly byte[][] Jsons =
    [
        Bytes($$"""{"a":"\u0077{{Token[1..]}}","b\n":["\u00e9\/","\ud83d\ude00"]}"""), Bytes($$"""["wg\u0070_{{Token[4..30]}}\u{{(int)Token[30]:x4}}{{Token[31..]}}"]"""),
        Bytes("""{"\\u0077":"\\\"","c":12}"""),
    ];

    private static readonly byte[][] Gzip = [Compressed("a=1&b=%41"), Compressed($"{{\"a\":\"{Token}\"}}"), [.. Compressed("one"), .. Compressed(Token[..40])]];

    [Test]
    public void Escapes_of_a_form_are_the_same_however_they_come() => Vary(91, Forms, bytes =>
    {
        string decoded = Encoding.Latin1.GetString(Unescaped(bytes));
        foreach (int step in (int[])[1, 3, Math.Max(1, bytes.Length)])
        {
            var escapes = new FormEscapes();
            var text = new StringBuilder();
            byte[] output = new byte[step + 2];
            for (int at = 0; at < bytes.Length; at += step)
            {
                text.Append(Encoding.Latin1.GetString(output, 0, escapes.Decode(bytes.AsSpan(at, Math.Min(step, bytes.Length - at)), output)));
            }

            // What may be the beginning of one more is not told yet.
            string told = text.ToString(), rest = decoded[Math.Min(told.Length, decoded.Length)..];
            Assert.That(decoded, Does.StartWith(told));
            Assert.That(rest is "" or "%" or ['%', _], rest);
        }
    });

    [Test]
    public void A_form_passes_as_it_came_or_is_cut() => Vary(92, Forms, bytes =>
        Look("Content-Type: application/x-www-form-urlencoded\r\n", bytes, Unescaped));

    // What another reader finds in its strings.
    [Test]
    public void JSON_passes_as_it_came_or_is_cut() => Vary(96, Jsons, bytes => Look("Content-Type: application/json\r\n", bytes, Strings));

    [Test]
    public void What_is_compressed_passes_as_it_came_or_is_cut() => Vary(93, Gzip, bytes =>
        Look("Content-Encoding: gzip\r\n", bytes, b => Inflated(new GZipStream(new MemoryStream(b), CompressionMode.Decompress))));

    [Test]
    public void What_is_compressed_by_brotli_passes_as_it_came_or_is_cut() => Vary(97, [Brotli("a=1&b=%41"), Brotli($"{{\"a\":\"{Token}\"}}")], bytes =>
        Look("Content-Encoding: br\r\n", bytes, Unbrotlied));

    // Without gzip's head and end.
    [Test]
    public void A_form_that_is_deflated_passes_as_it_came_or_is_cut() => Vary(94, [Gzip[0][10..^8], Gzip[1][10..^8]], bytes =>
        Look("Content-Encoding: deflate\r\nContent-Type: application/x-www-form-urlencoded\r\n", bytes, b =>
            IsZlib(b) ? [] : Unescaped(Inflated(new DeflateStream(new MemoryStream(b), CompressionMode.Decompress)))));

    [Test]
    public void Of_a_placeholder_among_anything_no_more_passes_than_anybody_may_know() => Vary(95, Forms, bytes =>
    {
        byte[] body = [.. bytes, .. Bytes(Token), .. bytes];
        foreach (int step in (int[])[1, 7, body.Length])
        {
            var guard = new PlaceholderGuard();
            var passed = new MemoryStream();
            bool isWhole = true;
            for (int at = 0; at < body.Length && isWhole; at += step)
            {
                isWhole = guard.TryTake(body.AsMemory(at, Math.Min(step, body.Length - at)), out ReadOnlyMemory<byte> before, out ReadOnlyMemory<byte> rest);
                passed.Write(before.Span);
                passed.Write(rest.Span);
            }

            Assert.That(isWhole, Is.False);
            Assert.That(body.AsSpan().StartsWith(passed.ToArray()));
            Assert.That(PlaceholderToken.IsWithin(passed.ToArray()), Is.False);
        }
    });

    private static void Look(string fields, byte[] bytes, Func<byte[], byte[]> decode)
    {
        bool hasOne = PlaceholderToken.IsWithin(decode(bytes));
        foreach (int step in (int[])[3, Math.Max(1, bytes.Length)])
        {
            (byte[] passed, string? problem) = Pass(fields, bytes, step);
            Assert.That(problem is null ? passed.AsSpan().SequenceEqual(bytes) : bytes.AsSpan().StartsWith(passed), Convert.ToHexString(bytes));
            Assert.That(!hasOne || problem is not null, Convert.ToHexString(bytes));
        }
    }

    private static (byte[] Passed, string? Problem) Pass(string fields, byte[] bytes, int step)
    {
        using var head = new RequestHead();
        Assert.That(head.TryRead(new ReadOnlySequence<byte>(Bytes($"POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")), out _));
        using DecodedGuard guard = DecodedGuard.Of(head, new PoolLoop(), new HeldInProcess(), HeldInProcess.Unproven(null) with { Issuer = "a" }, RequestCodings.Known, () => false)!;
        var passed = new MemoryStream();
        for (int at = 0; at < bytes.Length; at += step)
        {
            if (guard.TakeAsync(bytes.AsMemory(at, Math.Min(step, bytes.Length - at))).AsTask().GetAwaiter().GetResult() is not { } some)
            {
                return (passed.ToArray(), guard.Problem);
            }

            passed.Write(some.Span);
        }

        passed.Write(guard.Rest().Span);
        return (passed.ToArray(), guard.Problem);
    }

    private static byte[] Unescaped(byte[] form) => Encoding.Latin1.GetBytes(
        Escape().Replace(Encoding.Latin1.GetString(form), m => ((char)Convert.FromHexString(m.Groups[1].Value)[0]).ToString()));

    // As far as it is JSON, and a text.
    private static byte[] Strings(byte[] json)
    {
        var text = new StringBuilder();
        var reader = new Utf8JsonReader(json);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                {
                    text.Append(reader.GetString()).Append('\n');
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Nobody reads on.
        }

        return Bytes(text.ToString());
    }

    // RFC 1950 section 2.2.
    private static bool IsZlib(byte[] body) => body.Length > 1 && (body[0] & 15) == 8 && ((body[0] << 8) | body[1]) % 31 == 0;

    // As far as it goes.
    private static byte[] Inflated(Stream stream)
    {
        using var output = new MemoryStream();
        try
        {
            for (int b; (b = stream.ReadByte()) >= 0;)
            {
                output.WriteByte((byte)b);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // Nobody reads on.
        }

        return output.ToArray();
    }

    // As far as it goes.
    private static byte[] Unbrotlied(byte[] body)
    {
        using var decoder = new BrotliDecoder();
        using var output = new MemoryStream();
        Span<byte> block = stackalloc byte[256];
        int count;
        do
        {
            decoder.Decompress(body, block, out int taken, out count);
            body = body[taken..];
            output.Write(block[..count]);
        }
        while (count > 0);
        return output.ToArray();
    }

    private static byte[] Compressed(string text)
    {
        using var output = new MemoryStream();
        using (var stream = new GZipStream(output, CompressionMode.Compress))
        {
            stream.Write(Bytes(text));
        }

        return output.ToArray();
    }

    private static byte[] Brotli(string text)
    {
        byte[] output = new byte[BrotliEncoder.GetMaxCompressedLength(text.Length)];
        Assert.That(BrotliEncoder.TryCompress(Bytes(text), output, out int length), Is.True);
        return output[..length];
    }

    private static string Made()
    {
        using Secret token = PlaceholderToken.Create(out _);
        return Encoding.ASCII.GetString(token.Span);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    [GeneratedRegex("%([0-9A-Fa-f]{2})")]
    private static partial Regex Escape();
}
