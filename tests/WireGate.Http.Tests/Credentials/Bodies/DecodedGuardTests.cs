using System.Globalization;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Core.Transport.Streams;
using WireGate.Http.Credentials.Bodies;
using static WireGate.Http.Tests.Credentials.Bodies.CodedBodies;

namespace WireGate.Http.Tests.Credentials.Bodies;

/// <summary>What passes of a body that stands for something else, in which somebody looks for placeholders.</summary>
internal sealed class DecodedGuardTests
{
    private static readonly string[] Codings = ["gzip", "x-gzip", "deflate", "raw deflate", "br"];

    private string _token = null!;

    [SetUp]
    public void Make()
    {
        using Secret token = PlaceholderToken.Create(out _);
        _token = Encoding.ASCII.GetString(token.Span);
    }

    [Test]
    public async Task A_placeholder_that_is_compressed_has_no_end([ValueSource(nameof(Codings))] string coding, [Values(1, 7, 100_000)] int size)
    {
        byte[] body = Compress(coding, Encoding.ASCII.GetBytes($"{new string('a', 5000)}{_token} and more {new string('b', 5000)}"));
        (byte[] passed, string? problem) = await PassAsync(Coded(coding), body, size);

        Assert.That(problem, Is.EqualTo("a placeholder in the body"));
        Assert.That(body.AsSpan().StartsWith(passed), "what passes is what came");
        Assert.That(passed, Has.Length.LessThan(body.Length));
        Assert.That(Decompress(coding, passed), Does.Not.Contain(_token[..16]), "and of a placeholder what anybody may know");
    }

    [Test]
    public async Task All_else_passes_as_it_came([ValueSource(nameof(Codings))] string coding, [Values(1, 7, 100_000)] int size)
    {
        string text = string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i} wgp_{i} ")) + _token[..^1];
        byte[] body = Compress(coding, Encoding.ASCII.GetBytes(text));
        (byte[] passed, string? problem) = await PassAsync(Coded(coding), body, size);

        Assert.That(problem, Is.Null);
        Assert.That(passed, Is.EqualTo(body));
    }

    [Test]
    public async Task However_it_is_cut_little_of_it_is_decoded_at_once([ValueSource(nameof(Codings))] string coding)
    {
        const int Size = 1024 * 1024, AtOnce = 32 * 1024;
        byte[] body = Compress(coding, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, Size / 8).Select(i => $"{i % 3000:D8}"))));
        using DecodedGuard guard = Guard(Coded(coding), new PoolLoop())!;
        int waits = 0;
        for (int at = 0; at < body.Length; at += 10)
        {
            ValueTask<ReadOnlyMemory<byte>?> taking = guard.TakeAsync(body.AsMemory(at, Math.Min(10, body.Length - at)));
            waits += taking.IsCompleted ? 0 : 1;
            Assert.That(await taking, Is.Not.Null);
        }

        // The largest pieces stand for more than that.
        Assert.That(waits, Is.GreaterThan(0).And.LessThanOrEqualTo(Size / AtOnce));
    }

    [TestCase(1)]
    [TestCase(100_000)]
    public async Task A_second_member_is_looked_through_as_well(int size)
    {
        byte[] body = [.. Compress("gzip", "a"u8.ToArray()), .. Compress("gzip", Encoding.ASCII.GetBytes(_token))];
        Assert.That((await PassAsync(Coded("gzip"), body, size)).Problem, Is.EqualTo("a placeholder in the body"));
    }

    [TestCase("gzip")]
    [TestCase("deflate")]
    [TestCase("br")]
    public async Task What_is_not_compressed_as_it_says_is_cut(string coding)
    {
        byte[] body = Compress(coding, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 3000))));
        byte[] broken = [.. body];
        broken.AsSpan(body.Length / 2, 50).Fill(0xff);

        // Behind gzip's end may be what is no gzip, as padding of archives: nobody decodes that.
        byte[] more = coding == "gzip" ? broken : [.. body, 1, 2, 3];
        foreach (byte[] bad in new[] { broken, more, "not at all, whoever reads it and however"u8.ToArray() })
        {
            Assert.That((await PassAsync(Coded(coding), bad, 10)).Problem, Does.StartWith("a "));
        }

        Assert.That((await PassAsync(Coded(coding), body[..^5], 10)).Problem, Is.Null, "of what is not whole all was looked through");
    }

    [TestCase(1)]
    [TestCase(100)]
    public async Task What_needs_a_dictionary_is_cut(int size) =>
        Assert.That((await PassAsync(Coded("deflate"), [0x78, 0x20, 1, 2, 3, 4, .. Compress("raw deflate", "{}"u8.ToArray())], size)).Problem, Is.EqualTo("a body that is not compressed as it says"));

    [TestCase("gzip")]
    [TestCase("deflate")]
    public async Task Zeros_pass(string coding)
    {
        byte[] body = Compress(coding, new byte[20_000_000]);
        Assert.That((await PassAsync(Coded(coding), body, 16 * 1024)).Problem, Is.Null);
    }

    [Test]
    public async Task Brotli_that_stands_for_hundreds_of_times_as_much_is_cut() =>
        Assert.That((await PassAsync(Coded("br"), Compress("br", new byte[20_000_000]), 16 * 1024)).Problem, Is.Not.Null);

    [TestCase("gzip", 1)]
    [TestCase("gzip", 100)]
    [TestCase("deflate", 0)]
    [TestCase("raw deflate", 0)]
    [TestCase("br", 0)]
    public async Task What_is_compressed_behind_the_end_of_what_is_compressed_is_cut(string coding, int zeros)
    {
        byte[] body = [.. Compress(coding, "{}"u8.ToArray()), .. new byte[zeros], .. Compress(coding, Encoding.ASCII.GetBytes(_token))];
        Assert.That((await PassAsync(Coded(coding), body, 100_000)).Problem, Does.StartWith("a "));
    }

    // Python skips what archives are padded with, and reads the next member.
    [TestCase(1)]
    [TestCase(7)]
    [TestCase(32)]
    [TestCase(33)]
    [TestCase(100_000)]
    public async Task A_member_behind_zeros_is_cut(int size)
    {
        byte[] first = Compress("gzip", "{}"u8.ToArray()), second = Compress("gzip", Encoding.ASCII.GetBytes(_token));
        for (int zeros = 1; zeros < 80; zeros++)
        {
            Assert.That((await PassAsync(Coded("gzip"), [.. first, .. new byte[zeros], .. second], size)).Problem, Does.StartWith("a "), $"{zeros} zeros");
        }
    }

    [Test]
    public async Task A_trailer_that_is_wrong_is_cut_and_of_one_that_is_cut_all_was_looked_through([Values("gzip", "deflate")] string coding)
    {
        byte[] body = Compress(coding, "{}"u8.ToArray());
        for (int cut = 1; cut < 4; cut++)
        {
            Assert.That((await PassAsync(Coded(coding), body[..^cut], 100_000)).Problem, Is.Null);
            byte[] wrong = [.. body];
            wrong[^cut] ^= 1;
            Assert.That((await PassAsync(Coded(coding), wrong, 100_000)).Problem, Is.EqualTo("a body that is not compressed as it says"));
        }
    }

    [Test]
    public async Task What_is_zlib_and_means_something_else_without_its_head_is_cut([Values(1, 7, 100_000)] int size)
    {
        // zlib reads one stored block of 65,379 bytes, and who takes the first two octets for its beginning one of 156, and then what is compressed.
        byte[] body = [0x78, 0x9C, 0, 0x63, 0xFF, 0x9C, 0, .. new byte[154], .. Compress("raw deflate", Encoding.ASCII.GetBytes(_token)), .. new byte[100]];
        Assert.That(Decompress("raw deflate", body), Does.EndWith(_token));
        Assert.That((await PassAsync(Coded("deflate"), body, size)).Problem, Is.EqualTo("a compressed body that servers read in two ways"));
    }

    [TestCase("gzip,")]
    [TestCase(", GZip ,")]
    [TestCase("identity, gzip")]
    [TestCase("gzip\r\nContent-Encoding: identity")]
    public async Task A_list_of_one_coding_is_that(string codings)
    {
        byte[] body = Compress("gzip", Encoding.ASCII.GetBytes(_token));
        Assert.That((await PassAsync($"Content-Encoding: {codings}\r\n", body, 100_000)).Problem, Is.EqualTo("a placeholder in the body"));
    }

    [Test]
    public async Task Escapes_of_a_form_are_read(
        [Values(1, 2, 5, 100_000)] int size, [Values("", "gzip")] string coding, [Values("; charset=utf-8", ",text/plain", " charset=utf-8")] string behind)
    {
        string escaped = string.Concat(_token.Select((c, i) => i % 3 == 0 ? $"%{(int)c:x2}" : i % 3 == 1 ? $"%{(int)c:X2}" : c.ToString()));
        byte[] body = Encoding.ASCII.GetBytes($"a=%41%4&b={escaped}&c=%2");
        body = coding.Length > 0 ? Compress(coding, body) : body;
        string fields = $"Content-Type: application/x-www-form-urlencoded{behind}\r\n" + (coding.Length > 0 ? Coded(coding) : "");
        (byte[] passed, string? problem) = await PassAsync(fields, body, size);

        Assert.That(problem, Is.EqualTo("a placeholder in the body"));
        Assert.That(body.AsSpan().StartsWith(passed));
        Assert.That(passed, Has.Length.LessThan(body.Length));
    }

    [Test]
    public async Task A_form_without_one_passes_as_it_came([Values(1, 2, 5, 100_000)] int size)
    {
        byte[] body = Encoding.ASCII.GetBytes($"a=%41%4&b=%{(int)'w':x2}{_token[1..30]}%4x%%41%");
        (byte[] passed, string? problem) = await PassAsync("Content-Type: application/x-www-form-urlencoded\r\n", body, size);

        Assert.That(problem, Is.Null);
        Assert.That(passed, Is.EqualTo(body));
    }

    [Test]
    public async Task Escapes_of_JSON_are_read(
        [Values(1, 2, 5, 100_000)] int size, [Values("", "gzip")] string coding,
        [Values("application/json", "Application/Problem+JSON; charset=utf-8", "application/x-ndjson", "text/json, text/plain")] string type)
    {
        string escaped = string.Concat(_token.Select((c, i) => i % 3 == 0 ? $"\\u{(int)c:x4}" : i % 3 == 1 ? $"\\u{(int)c:X4}" : c.ToString()));
        byte[] body = Encoding.ASCII.GetBytes($$"""{"a":"\"\u12\uzz\\","b":"{{escaped}}\n","c":"\u00"}""");
        body = coding.Length > 0 ? Compress(coding, body) : body;
        string fields = $"Content-Type: {type}\r\n" + (coding.Length > 0 ? Coded(coding) : "");
        (byte[] passed, string? problem) = await PassAsync(fields, body, size);

        Assert.That(problem, Is.EqualTo("a placeholder in the body"));
        Assert.That(body.AsSpan().StartsWith(passed));
        Assert.That(passed, Has.Length.LessThan(body.Length));
    }

    // Its beginning comes in a piece without a backslash, and so does its end.
    [TestCase("\"wg\\u0070_{0}\"", 3)]
    [TestCase("\"w\\gp_{0}\"", 2)]
    [TestCase("\\u0077\\u0067\\u0070_{0}", 18)]
    public async Task Escapes_at_its_beginning_are_read(string format, int size)
    {
        byte[] body = Encoding.ASCII.GetBytes(string.Format(CultureInfo.InvariantCulture, format, _token[4..]));
        Assert.That((await PassAsync("Content-Type: application/json\r\n", body, size)).Problem, Is.EqualTo("a placeholder in the body"));
    }

    [Test]
    public async Task JSON_without_one_passes_as_it_came([Values(1, 2, 5, 100_000)] int size)
    {
        string text = $$"""{"a":"\u0077{{_token[1..30]}}\u00e4\u0041","b":"{{_token[..20]}}\n{{_token[20..]}}","c":"w\u0067p_\\","d":"\u""";
        byte[] body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(text, 300)));
        (byte[] passed, string? problem) = await PassAsync("Content-Type: application/json\r\n", body, size);

        Assert.That(problem, Is.Null);
        Assert.That(passed, Is.EqualTo(body));
    }

    [TestCase("")]
    [TestCase("Content-Encoding: identity\r\n")]
    [TestCase("Content-Type: multipart/form-data; boundary=x\r\n")]
    public void Of_what_is_not_known_there_is_none(string fields) => Assert.That(Guard(fields, new PoolLoop()), Is.Null);
}
