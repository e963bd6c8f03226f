using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Transport.Streams;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Http1;
using static WireGate.Http.Tests.Credentials.Bodies.CodedBodies;

namespace WireGate.Http.Tests.Credentials.Bodies;

/// <summary>How a body is said to be coded, and bodies in what SDKs of AWS call a coding.</summary>
internal sealed class BodyCodingsTests
{
    private const string InChunks = "Content-Encoding: aws-chunked\r\n";

    private string _token = null!;

    [SetUp]
    public void Make()
    {
        using Secret token = PlaceholderToken.Create(out _);
        _token = Encoding.ASCII.GetString(token.Span);
    }

    [TestCase("", BodyCoding.Plain, false)]
    [TestCase("Content-Encoding:\r\n", BodyCoding.Plain, false)]
    [TestCase("Content-Encoding: identity, Identity\r\n", BodyCoding.Plain, false)]
    [TestCase("Content-Encoding: ,X-GZip,identity,\r\n", BodyCoding.Gzip, false)]
    [TestCase("Content-Encoding: deflate\r\nContent-Encoding: identity\r\n", BodyCoding.Deflate, false)]
    [TestCase("content-encoding: BR\r\n", BodyCoding.Brotli, false)]
    [TestCase("Content-Encoding: gzip, gzip\r\n", BodyCoding.Unknown, false)]
    [TestCase("Content-Encoding: gzip, br\r\n", BodyCoding.Unknown, false)]
    [TestCase("Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", BodyCoding.Unknown, false)]
    [TestCase("Content-Encoding: zstd\r\nContent-Encoding: gzip\r\n", BodyCoding.Unknown, false)]
    [TestCase("Content-Encoding: gzip\r\nContent-Encoding: zstd\r\n", BodyCoding.Unknown, false)]
    [TestCase("Content-Encoding: zstd\r\n", BodyCoding.Unknown, false)]
    [TestCase("Content-Encoding: compress\r\n", BodyCoding.Unknown, false)]
    [TestCase("Content-Encoding: snappy\r\n", BodyCoding.Unknown, false)]
    [TestCase("Content-Encoding: what nobody knows\r\n", BodyCoding.Unknown, false)]
    [TestCase("Content-Encoding: gzip;q=1\r\n", BodyCoding.Unknown, false)]
    [TestCase("Content-Encoding: AWS-Chunked\r\n", BodyCoding.Plain, true)]
    [TestCase("Content-Encoding: gzip, aws-chunked\r\n", BodyCoding.Gzip, true)]
    [TestCase("Content-Encoding: aws-chunked,br\r\n", BodyCoding.Brotli, true)]
    [TestCase("Content-Encoding: aws-chunked, aws-chunked\r\n", BodyCoding.Unknown, true)]
    [TestCase("Content-Encoding: aws-chunked, zstd\r\n", BodyCoding.Unknown, true)]
    public void Every_field_counts_and_every_element(string fields, BodyCoding coding, bool isInChunks)
    {
        using var head = new RequestHead();
        head.TryRead(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")), out _);
        Assert.That(BodyCodings.Of(head), Is.EqualTo(new BodyCodings(coding, isInChunks)));
    }

    [TestCase("zstd")]
    [TestCase("gzip, gzip")]
    [TestCase("aws-chunked, zstd")]
    public async Task What_is_not_looked_through_does_not_pass_unless_all_does(string codings)
    {
        string fields = $"Content-Encoding: {codings}\r\n";
        Assert.That(await PassAsync(fields, [1, 2, 3], 3), Is.EqualTo((Array.Empty<byte>(), BodyCodings.Unknown)));
        Assert.That(Guard(fields, new PoolLoop(), accepted: RequestCodings.Any), Is.Null);
    }

    [Test]
    public async Task What_can_be_looked_through_is_where_all_passes() =>
        Assert.That((await PassAsync(Coded("gzip"), Compress("gzip", Encoding.ASCII.GetBytes(_token)), 100_000, RequestCodings.Any)).Problem, Is.EqualTo("a placeholder in the body"));

    [Test]
    public async Task In_chunks_of_AWS_it_is_found_over_their_ends([Values("", "gzip", "br")] string coding, [Values(1, 7, 100_000)] int size)
    {
        string fields = coding.Length == 0 ? InChunks : $"Content-Encoding: {coding}, aws-chunked\r\n";
        byte[] body = Chunked(Written(coding, $"some {_token} more"));
        (byte[] passed, string? problem) = await PassAsync(fields, body, size);

        Assert.That(problem, Is.EqualTo("a placeholder in the body"));
        Assert.That(body.AsSpan().StartsWith(passed), "what passes is what came");
        Assert.That(passed, Has.Length.LessThan(body.Length));
    }

    [Test]
    public async Task Chunks_of_AWS_pass_as_they_came([Values("", "gzip", "br")] string coding, [Values(1, 7, 100_000)] int size)
    {
        string fields = coding.Length == 0 ? InChunks : $"Content-Encoding: {coding}, aws-chunked\r\n";
        byte[] body = Chunked(Written(coding, new string('a', 5000) + _token[..^1]));
        (byte[] passed, string? problem) = await PassAsync(fields, body, size);

        Assert.That(problem, Is.Null);
        Assert.That(passed, Is.EqualTo(body));
    }

    [TestCase("hello")]
    [TestCase("5\r\nhello0\r\n\r\n")]
    [TestCase("0\r\n\r\nmore")]
    public async Task What_is_not_in_chunks_as_it_says_is_cut(string body) =>
        Assert.That((await PassAsync(InChunks, Encoding.ASCII.GetBytes(body), 100)).Problem, Does.StartWith("a "));

    private static byte[] Written(string coding, string text) =>
        coding.Length == 0 ? Encoding.ASCII.GetBytes(text) : Compress(coding, Encoding.ASCII.GetBytes(text));

    // With what S3 compares, behind it.
    private static byte[] Chunked(byte[] bytes)
    {
        using var output = new MemoryStream();
        for (int at = 0; at < bytes.Length; at += 20)
        {
            byte[] chunk = bytes[at..Math.Min(at + 20, bytes.Length)];
            output.Write([.. Encoding.ASCII.GetBytes($"{chunk.Length:x}\r\n"), .. chunk, .. "\r\n"u8]);
        }

        output.Write("0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"u8);
        return output.ToArray();
    }
}
