using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using static WireGate.Http.Tests.Credentials.Bodies.CodedBodies;

namespace WireGate.Http.Tests.Credentials.Bodies;

/// <summary>Bodies in characters of two and of four octets.</summary>
internal sealed class WideBodyTests
{
    private static readonly Encoding[] Wide =
    [
        new UnicodeEncoding(bigEndian: false, byteOrderMark: false), new UnicodeEncoding(bigEndian: true, byteOrderMark: false),
        new UTF32Encoding(bigEndian: false, byteOrderMark: false), new UTF32Encoding(bigEndian: true, byteOrderMark: false),
    ];

    private string _token = null!;

    [SetUp]
    public void Make()
    {
        using Secret token = PlaceholderToken.Create(out _);
        _token = Encoding.ASCII.GetString(token.Span);
    }

    [Test]
    public async Task JSON_and_forms_show_it_by_what_they_begin_with(
        [Range(0, 3)] int encoding, [Values] bool hasMark, [Values] bool isForm, [Values(1, 3, 100_000)] int size)
    {
        string text = isForm ? $"a=b&c=%77{_token[1..]}&d=e" : $$"""{"ä":"wg\u0070{{_token[3..]}}"}""";
        byte[] body = Wide[encoding].GetBytes((hasMark ? "\uFEFF" : "") + text);
        (byte[] passed, string? problem) = await PassAsync($"Content-Type: application/{(isForm ? "x-www-form-urlencoded" : "json")}\r\n", body, size);

        Assert.That(problem, Is.EqualTo("a placeholder in the body"));
        Assert.That(body.AsSpan().StartsWith(passed), "what passes is what came");
        Assert.That(passed, Has.Length.LessThan(body.Length));
    }

    [TestCase("text/csv; charset=utf-16", "")]
    [TestCase("text/plain; charset=\"UTF-16LE\"", "")]
    [TestCase("application/xml;charset=unicode", "")]
    [TestCase("text/csv; charset=utf-16", "gzip")]
    public async Task Others_by_their_type(string type, string coding)
    {
        byte[] body = Encoding.Unicode.GetBytes($"ä;b\r\n{_token};c\r\n");
        body = coding.Length > 0 ? Compress(coding, body) : body;
        string fields = $"Content-Type: {type}\r\n" + (coding.Length > 0 ? Coded(coding) : "");
        Assert.That((await PassAsync(fields, body, 7)).Problem, Is.EqualTo("a placeholder in the body"));
    }

    [Test]
    public async Task Without_one_they_pass_as_they_came([Range(0, 3)] int encoding, [Values(1, 3, 100_000)] int size)
    {
        byte[] body = Wide[encoding].GetBytes($$"""{"ä":"{{_token[..^1]}}","b":"{{_token[..20]}}\n{{_token[20..]}}"}""");
        (byte[] passed, string? problem) = await PassAsync("Content-Type: application/json\r\n", body, size);

        Assert.That(problem, Is.Null);
        Assert.That(passed, Is.EqualTo(body));
    }

    [Test]
    public async Task What_only_begins_so_is_looked_through_as_any_other() =>
        Assert.That((await PassAsync(Coded("gzip"), Compress("gzip", [0, 1, 2, 0, .. Encoding.ASCII.GetBytes(_token)]), 100)).Problem, Is.EqualTo("a placeholder in the body"));
}
