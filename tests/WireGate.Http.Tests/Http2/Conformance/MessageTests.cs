using NUnit.Framework;
using WireGate.Http.Tests.Http2.Connections;
using static WireGate.Http.Http2.ErrorCode;
using static WireGate.Http.Http2.Frames.FrameFlags;
using static WireGate.Http.Http2.Frames.FrameType;
using static WireGate.Http.Tests.Http2.Conformance.ConformanceCase;
using static WireGate.Http.Tests.Http2.Connections.Serving;

namespace WireGate.Http.Tests.Http2.Conformance;

/// <summary>h2spec's group "http2", section 8, and what else makes a request malformed: vectors by which HTTP/1.1 is smuggled through HTTP/2.</summary>
internal sealed class MessageTests
{
    private const string Method = ":method: GET\n";
    private const string Scheme = ":scheme: https\n";
    private const string Path = ":path: /\n";
    private const string Authority = ":authority: a.example\n";

    internal static readonly ConformanceCase[] Cases =
    [
        new(
            "http2/8.1/1 Fields behind a body that do not end the stream",
            p => All(p, Head(p, 1, Post, 0), Head(p, 1, "a: b\n", 0)),
            EndsStream(1, PROTOCOL_ERROR)),
        Malformed("http2/8.1.2/1 A name in upper case", Get + "X-Test: ok\n"),
        Malformed("http2/8.1.2.1/1 An unknown pseudo-header field", Get + ":test: ok\n"),
        Malformed("http2/8.1.2.1/2 One of responses", Get + ":status: 200\n"),
        new(
            "http2/8.1.2.1/3 One in trailers",
            p => All(p, Head(p, 1, Post, 0), Head(p, 1, ":method: GET\n")),
            EndsStream(1, PROTOCOL_ERROR)),
        Malformed("http2/8.1.2.1/4 One behind other fields", Method + Scheme + Path + "x-test: ok\n" + Authority),
        Malformed("http2/8.1.2.2/1 Connection", Get + "connection: keep-alive\n"),
        Malformed("http2/8.1.2.2/2 TE other than trailers", Get + "trailers: test\nte: trailers, deflate\n"),
        Malformed("http2/8.1.2.3/1 An empty path", Method + Scheme + ":path:\n" + Authority),
        Malformed("http2/8.1.2.3/2 No method", Scheme + Path + Authority),
        Malformed("http2/8.1.2.3/3 No scheme", Method + Path + Authority),
        Malformed("http2/8.1.2.3/4 No path", Method + Scheme + Authority),
        Malformed("http2/8.1.2.3/5 Two methods", Method + Get),
        Malformed("http2/8.1.2.3/6 Two schemes", Scheme + Get),
        Malformed("http2/8.1.2.3/7 Two paths", Path + Get),
        new(
            "http2/8.1.2.6/1 A length that one frame does not have",
            p => All(p, Head(p, 1, Post + "content-length: 1\n", 0), Bytes(DATA, END_STREAM, 1, "74657374")),
            EndsStream(1, PROTOCOL_ERROR)),
        new(
            "http2/8.1.2.6/2 A length that the sum of frames does not have",
            p => All(p, Head(p, 1, Post + "content-length: 5\n", 0), Bytes(DATA, 0, 1, "7465"), Bytes(DATA, END_STREAM, 1, "7374")),
            EndsStream(1, PROTOCOL_ERROR)),
        new(
            "8.1.2.6 A length that ends with trailers",
            p => All(p, Head(p, 1, Post + "content-length: 5\n", 0), Bytes(DATA, 0, 1, "7465"), Head(p, 1, "a: b\n")),
            EndsStream(1, PROTOCOL_ERROR)),
        new(
            "8.1.2.6 A length that is right",
            p => All(p, Head(p, 1, Post + "content-length: 4\n", 0), Bytes(DATA, 0, 1, "7465"), Bytes(DATA, END_STREAM, 1, "7374")),
            Answers()),
        new("http2/8.2/1 PUSH_PROMISE", p => p.SendAsync(PUSH_PROMISE, END_HEADERS, 1, "0000000282"), EndsConnection(PROTOCOL_ERROR)),
        Malformed("8.2.2 Keep-Alive", Get + "keep-alive: 5\n"),
        Malformed("8.2.2 Proxy-Connection", Get + "proxy-connection: x\n"),
        Malformed("8.2.2 Transfer-Encoding", Get + "transfer-encoding: chunked\n"),
        Malformed("8.2.2 Upgrade", Get + "upgrade: h2c\n"),
        Malformed("8.2.1 CR in a value", Get + "a: b\rc\n"),
        Malformed("8.2.1 NUL in a value", Get + "a: b\0c\n"),
        Malformed("8.2.1 A control character in a path", Method + Scheme + ":path: /\x01\n" + Authority),
        Malformed("8.2.1 A blank in a path", Method + Scheme + ":path: / HTTP/1.1\n" + Authority),
        Malformed("8.2.1 A blank in a method", ":method: GET /\n" + Scheme + Path + Authority),
        Malformed("8.2.1 A blank in a name", Get + "a b: c\n"),
        Malformed("8.2.1 A name of obs-text", Get + "\xe4: c\n"),
        Malformed("8.3.1 A path without a slash", Method + Scheme + ":path: a\n" + Authority),
        Malformed("8.3.1 A path with a fragment", Method + Scheme + ":path: /#a\n" + Authority),
        Malformed("8.3.1 An absolute path of another host", Method + Scheme + ":path: http://b.example/\n" + Authority),
        Malformed("8.3.1 An asterisk of GET", Method + Scheme + ":path: *\n" + Authority),
        Malformed("8.3.1 An unknown scheme", Method + ":scheme: ftp\n" + Path + Authority),
        Malformed("8.3.1 A scheme with more behind it", Method + ":scheme: https://b.example/\n" + Path + Authority),
        Malformed("8.3.1 Userinfo in an authority", Method + Scheme + Path + ":authority: a@a.example\n"),
        Malformed("8.3.1 Two authorities", Get + Authority),
        Malformed("8.3.1 Another Host than the authority", Get + "host: b.example\n"),
        Malformed("8.3.1 Two Hosts", Get + "host: a.example\nhost: a.example\n"),
        Malformed("8.3.1 Neither Host nor authority", Method + Scheme + Path),
        Malformed("8.5 CONNECT with a path", ":method: CONNECT\n" + Scheme + Path + ":authority: a.example:443\n"),
        Malformed("8.5 CONNECT without a port", ":method: CONNECT\n" + Authority),
        Malformed("8.5 Extended CONNECT, which is not offered", ":method: CONNECT\n:protocol: websocket\n" + Scheme + Path + Authority),
        Malformed("8.6 Two lengths", Get + "content-length: 0\ncontent-length: 0\n"),
        Malformed("8.6 A length with a sign", Get + "content-length: +0\n"),
        Malformed("8.6 A length of a body that does not come", Get + "content-length: 5\n"),
    ];

    private static IEnumerable<TestCaseData> All_cases => Named(Cases);

    [TestCaseSource(nameof(All_cases))]
    public Task Section_8(object rule) => ((ConformanceCase)rule).RunAsync();

    [TestCase("a", " b")]
    [TestCase("a", "b\t")]
    [TestCase("a", "b\n")]
    [TestCase("", "b")]
    [TestCase("a\n", "b")]
    [TestCase(":a", "b")]
    [TestCase("a:b", "c")]
    [TestCase("cookie", "a=1 ")]
    [TestCase("cookie", " a=1")]
    public Task Ends_the_stream_of_a_field(string name, string value)
    {
        byte[] block = [.. Get.Split('\n')[..^1].SelectMany(Literal), .. Literal(name, value), .. Literal("cookie: y=2")];
        return new ConformanceCase(
            name,
            p => p.SendAsync(ScriptedHttp2.Frame(HEADERS, END_HEADERS | END_STREAM, 1, block)),
            EndsStream(1, PROTOCOL_ERROR)).RunAsync();
    }

    [TestCase(Get + "te: trailers\n")]
    [TestCase(Get + "host: a.example\n")]
    [TestCase(Method + Scheme + Path + "host: a.example\n")]
    [TestCase(":method: OPTIONS\n:path: *\n" + Scheme + Authority)]
    [TestCase(Get + "a:\n")]
    [TestCase(Get + "a: \xe4\tb\n")]
    [TestCase(Get + "content-length: 00\n")]
    [TestCase(Get + "cookie:\n")]
    [TestCase(Get + "cookie: a=1\ncookie:\n")]
    [TestCase(Get + "cookie:\nx: 1\ncookie: a=1\n")]
    public Task Answers_a_request_that_may_be(string request) =>
        new ConformanceCase("", p => p.HeadersAsync(1, request), Answers()).RunAsync();

    [TestCase(200, 200)]
    [TestCase(1, 40_000)]
    public Task Answers_431_to_more_fields_than_a_head_of_HTTP_1_1_may_have(int fields, int length) => new ConformanceCase(
        "",
        p =>
        {
            byte[] block = [.. Enumerable.Range(0, fields).SelectMany(i => Literal($"a{i}: {new string('b', length / fields)}"))];
            block = [.. Get.Split('\n')[..^1].SelectMany(Literal), .. block];
            IEnumerable<byte[]> pieces = block.Chunk(16_000);
            return All(
                p,
                [
                    .. pieces.Select((piece, i) => ScriptedHttp2.Frame(
                        i == 0 ? HEADERS : CONTINUATION,
                        (i == 0 ? END_STREAM : 0) | ((i + 1) * 16_000 >= block.Length ? END_HEADERS : 0), 1, piece)),
                ]);
        },
        async p => Assert.That(await p.NextAsync(), Is.EqualTo("HEADERS 1 END_STREAM :status: 431"))).RunAsync();

    // As it stands, also what a writer of fields refuses.
    private static ConformanceCase Malformed(string name, string request)
    {
        byte[] block = [.. request.Split('\n')[..^1].SelectMany(Literal)];
        return new(name, p => p.SendAsync(ScriptedHttp2.Frame(HEADERS, END_HEADERS | END_STREAM, 1, block)), EndsStream(1, PROTOCOL_ERROR));
    }

    private static byte[] Literal(string field)
    {
        int colon = field.IndexOf(':', 1);
        return Literal(field[..colon], field[(colon + 1)..].TrimStart(' '));
    }

    private static byte[] Literal(string name, string value) => [0, .. Text7(name), .. Text7(value)];

    private static byte[] Text7(string text)
    {
        byte[] bytes = System.Text.Encoding.Latin1.GetBytes(text);
        int rest = bytes.Length - 127;
        byte[] length = bytes.Length < 127 ? [(byte)bytes.Length]
            : rest < 128 ? [127, (byte)rest]
            : rest < 1 << 14 ? [127, (byte)(rest | 128), (byte)(rest >> 7)]
            : [127, (byte)(rest | 128), (byte)((rest >> 7) | 128), (byte)(rest >> 14)];
        return [.. length, .. bytes];
    }
}
