using NUnit.Framework;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Tests.Http2.Connections;
using static WireGate.Http.Http2.ErrorCode;
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

    [TestCase("8.1.2 A name in upper case", Get + "X-Test: ok\n")]
    [TestCase("8.1.2.1 An unknown pseudo-header field", Get + ":test: ok\n")]
    [TestCase("8.1.2.1 One of responses", Get + ":status: 200\n")]
    [TestCase("8.1.2.1 One behind other fields", Method + Scheme + Path + "x-test: ok\n" + Authority)]
    [TestCase("8.1.2.2 Connection", Get + "connection: keep-alive\n")]
    [TestCase("8.1.2.2 TE other than trailers", Get + "trailers: test\nte: trailers, deflate\n")]
    [TestCase("8.1.2.3 An empty path", Method + Scheme + ":path:\n" + Authority)]
    [TestCase("8.1.2.3 No method", Scheme + Path + Authority)]
    [TestCase("8.1.2.3 No scheme", Method + Path + Authority)]
    [TestCase("8.1.2.3 No path", Method + Scheme + Authority)]
    [TestCase("8.1.2.3 Two methods", Method + Get)]
    [TestCase("8.1.2.3 Two schemes", Scheme + Get)]
    [TestCase("8.1.2.3 Two paths", Path + Get)]
    [TestCase("8.2.2 Keep-Alive", Get + "keep-alive: 5\n")]
    [TestCase("8.2.2 Proxy-Connection", Get + "proxy-connection: x\n")]
    [TestCase("8.2.2 Transfer-Encoding", Get + "transfer-encoding: chunked\n")]
    [TestCase("8.2.2 Upgrade", Get + "upgrade: h2c\n")]
    [TestCase("8.2.1 CR in a value", Get + "a: b\rc\n")]
    [TestCase("8.2.1 NUL in a value", Get + "a: b\0c\n")]
    [TestCase("8.2.1 A control character in a path", Method + Scheme + ":path: /\x01\n" + Authority)]
    [TestCase("8.2.1 A blank in a path", Method + Scheme + ":path: / HTTP/1.1\n" + Authority)]
    [TestCase("8.2.1 A blank in a method", ":method: GET /\n" + Scheme + Path + Authority)]
    [TestCase("8.2.1 A blank in a name", Get + "a b: c\n")]
    [TestCase("8.2.1 A name of obs-text", Get + "\xe4: c\n")]
    [TestCase("8.3.1 A path without a slash", Method + Scheme + ":path: a\n" + Authority)]
    [TestCase("8.3.1 A path with a fragment", Method + Scheme + ":path: /#a\n" + Authority)]
    [TestCase("8.3.1 An absolute path of another host", Method + Scheme + ":path: http://b.example/\n" + Authority)]
    [TestCase("8.3.1 An asterisk of GET", Method + Scheme + ":path: *\n" + Authority)]
    [TestCase("8.3.1 An unknown scheme", Method + ":scheme: ftp\n" + Path + Authority)]
    [TestCase("8.3.1 A scheme with more behind it", Method + ":scheme: https://b.example/\n" + Path + Authority)]
    [TestCase("8.3.1 Userinfo in an authority", Method + Scheme + Path + ":authority: a@a.example\n")]
    [TestCase("8.3.1 Two authorities", Get + Authority)]
    [TestCase("8.3.1 Another Host than the authority", Get + "host: b.example\n")]
    [TestCase("8.3.1 Two Hosts", Get + "host: a.example\nhost: a.example\n")]
    [TestCase("8.3.1 Neither Host nor authority", Method + Scheme + Path)]
    [TestCase("8.5 CONNECT with a path", ":method: CONNECT\n" + Scheme + Path + ":authority: a.example:443\n")]
    [TestCase("8.5 CONNECT without a port", ":method: CONNECT\n" + Authority)]
    [TestCase("8.5 Extended CONNECT, which is not offered", ":method: CONNECT\n:protocol: websocket\n" + Scheme + Path + Authority)]
    [TestCase("8.6 Two lengths", Get + "content-length: 0\ncontent-length: 0\n")]
    [TestCase("8.6 A length with a sign", Get + "content-length: +0\n")]
    [TestCase("8.6 A length of a body that does not come", Get + "content-length: 5\n")]
    public Task Ends_the_stream(string name, string request)
    {
        // As it stands, also what a writer of fields refuses.
        byte[] block = [.. request.Split('\n')[..^1].SelectMany(Literal)];
        return new ConformanceCase(
            name,
            p => p.SendAsync(ScriptedHttp2.Frame(HEADERS, FrameFlags.END_HEADERS | FrameFlags.END_STREAM, 1, block)),
            EndsStream(1, PROTOCOL_ERROR)).RunAsync();
    }

    [TestCase("a", " b")]
    [TestCase("a", "b\t")]
    [TestCase("a", "b\n")]
    [TestCase("", "b")]
    [TestCase("a\n", "b")]
    [TestCase(":a", "b")]
    [TestCase("a:b", "c")]
    public Task Ends_the_stream_of_a_field(string name, string value)
    {
        byte[] block = [.. Get.Split('\n')[..^1].SelectMany(Literal), .. Literal(name, value)];
        return new ConformanceCase(
            name,
            p => p.SendAsync(ScriptedHttp2.Frame(HEADERS, FrameFlags.END_HEADERS | FrameFlags.END_STREAM, 1, block)),
            EndsStream(1, PROTOCOL_ERROR)).RunAsync();
    }

    [TestCase(Get + "te: trailers\n")]
    [TestCase(Get + "host: a.example\n")]
    [TestCase(Method + Scheme + Path + "host: a.example\n")]
    [TestCase(":method: OPTIONS\n:path: *\n" + Scheme + Authority)]
    [TestCase(Get + "a:\n")]
    [TestCase(Get + "a: \xe4\tb\n")]
    [TestCase(Get + "content-length: 00\n")]
    public Task Answers_a_request_that_may_be(string request) =>
        new ConformanceCase("", p => p.HeadersAsync(1, request), Answers()).RunAsync();

    [Test]
    public Task Section_8_1_Fields_behind_a_body_that_do_not_end_the_stream() =>
        new ConformanceCase("", async p => { await p.HeadersAsync(1, Post, endStream: false); await p.HeadersAsync(1, "a: b\n", endStream: false); }, EndsStream(1, PROTOCOL_ERROR)).RunAsync();

    [Test]
    public Task Section_8_1_2_1_A_pseudo_header_field_in_trailers() =>
        new ConformanceCase("", async p => { await p.HeadersAsync(1, Post, endStream: false); await p.HeadersAsync(1, ":method: GET\n"); }, EndsStream(1, PROTOCOL_ERROR)).RunAsync();

    [Test]
    public Task Section_8_1_2_6_A_length_that_one_frame_does_not_have() =>
        new ConformanceCase("", async p => { await p.HeadersAsync(1, Post + "content-length: 1\n", endStream: false); await p.DataAsync(1, "test", endStream: true); }, EndsStream(1, PROTOCOL_ERROR)).RunAsync();

    [Test]
    public Task Section_8_1_2_6_A_length_that_the_sum_of_frames_does_not_have() =>
        new ConformanceCase("", async p => { await p.HeadersAsync(1, Post + "content-length: 5\n", endStream: false); await p.DataAsync(1, "te"); await p.DataAsync(1, "st", endStream: true); }, EndsStream(1, PROTOCOL_ERROR)).RunAsync();

    [Test]
    public Task Section_8_1_2_6_A_length_that_ends_with_trailers() =>
        new ConformanceCase("", async p => { await p.HeadersAsync(1, Post + "content-length: 5\n", endStream: false); await p.DataAsync(1, "te"); await p.HeadersAsync(1, "a: b\n"); }, EndsStream(1, PROTOCOL_ERROR)).RunAsync();

    [Test]
    public Task Section_8_1_2_6_A_length_that_is_right() =>
        new ConformanceCase("", async p => { await p.HeadersAsync(1, Post + "content-length: 4\n", endStream: false); await p.DataAsync(1, "te"); await p.DataAsync(1, "st", endStream: true); }, Answers()).RunAsync();

    [Test]
    public Task Section_8_2_PUSH_PROMISE() =>
        new ConformanceCase("", p => p.SendAsync(PUSH_PROMISE, FrameFlags.END_HEADERS, 1, "0000000282"), EndsConnection(PROTOCOL_ERROR)).RunAsync();

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
                        (i == 0 ? FrameFlags.END_STREAM : 0) | ((i + 1) * 16_000 >= block.Length ? FrameFlags.END_HEADERS : 0), 1, piece)),
                ]);
        },
        async p => Assert.That(await p.NextAsync(), Is.EqualTo("HEADERS 1 END_STREAM :status: 431"))).RunAsync();

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
