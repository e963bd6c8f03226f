using NUnit.Framework;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Tests.Http2.Connections;
using static WireGate.Http.Http2.Frames.FrameFlags;
using static WireGate.Http.Http2.Frames.FrameType;
using static WireGate.Http.Tests.Http2.Conformance.ConformanceCase;
using static WireGate.Http.Tests.Http2.Connections.Serving;

namespace WireGate.Http.Tests.Http2.Conformance;

/// <summary>h2spec's group "generic": what must be taken.</summary>
internal sealed class GenericTests
{
    // :method GET, :scheme https, :path /, :authority a.example
    private const string Request = "82878441" + "09" + "612e6578616d706c65";

    internal static readonly ConformanceCase[] Cases =
    [
        new("generic/1/1 Preface", p => p.HeadersAsync(1, Get), Answers()),
        new("generic/2/1 PRIORITY of an idle stream", p => p.SendAsync(FrameType.PRIORITY, 0, 1, "00000000ff"), GoesOn),
        new(
            "generic/2/2 WINDOW_UPDATE of a half-closed stream",
            p => All(p, Head(p, 1), Bytes(WINDOW_UPDATE, 0, 1, "00000064")),
            p => Until(p, "DATA 1"),
            NoWindow),
        new("generic/2/3 PRIORITY of a half-closed stream", p => All(p, Head(p, 1), Bytes(FrameType.PRIORITY, 0, 1, "0000000010")), p => Until(p, "DATA 1")),
        new("generic/2/4 RST_STREAM of a half-closed stream", p => All(p, Head(p, 1), Bytes(RST_STREAM, 0, 1, "00000008")), GoesOn, NoWindow),
        new("generic/2/5 PRIORITY of a closed stream", async p => { await Exchange(p, 1); await p.SendAsync(FrameType.PRIORITY, 0, 1, "0000000010"); }, GoesOn),
        new("generic/3.1/1 DATA", p => All(p, Head(p, 1, Post, 0), Bytes(DATA, END_STREAM, 1, "7465737400")), Answers()),
        new("generic/3.1/2 DATA twice", p => All(p, Head(p, 1, Post, 0), Bytes(DATA, 0, 1, "74"), Bytes(DATA, END_STREAM, 1, "65")), Answers()),
        new("generic/3.1/3 DATA with padding", p => All(p, Head(p, 1, Post, 0), Bytes(DATA, END_STREAM | PADDED, 1, "0474657374" + "00000000")), Answers()),
        new("generic/3.2/1 HEADERS", p => p.HeadersAsync(1, Get), Answers()),
        new("generic/3.2/2 HEADERS with padding", p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, "03" + Request + "000000"), Answers()),
        new(
            "generic/3.2/3 HEADERS with priority",
            p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS | FrameFlags.PRIORITY, 1, "80000000ff" + Request),
            Answers()),
        new("generic/3.3/1 PRIORITY of 1", p => All(p, Bytes(FrameType.PRIORITY, 0, 1, "0000000000"), Head(p, 1)), Answers()),
        new("generic/3.3/2 PRIORITY of 256", p => All(p, Bytes(FrameType.PRIORITY, 0, 1, "00000000ff"), Head(p, 1)), Answers()),
        new(
            "generic/3.3/3 PRIORITY with a dependency",
            p => All(p, Bytes(FrameType.PRIORITY, 0, 1, "00000000ff"), Bytes(FrameType.PRIORITY, 0, 3, "00000001ff"), Head(p, 1)),
            Answers()),
        new("generic/3.3/4 PRIORITY that is exclusive", p => All(p, Bytes(FrameType.PRIORITY, 0, 1, "80000000ff"), Head(p, 1)), Answers()),
        new(
            "generic/3.3/5 PRIORITY of an idle stream, then HEADERS of a lower one",
            p => All(p, Bytes(FrameType.PRIORITY, 0, 7, "0000000010"), Head(p, 5)),
            Answers(5)),
        new("generic/3.4/1 RST_STREAM", p => All(p, Head(p, 1), Bytes(RST_STREAM, 0, 1, "00000008")), GoesOn, NoWindow),
        new(
            "generic/3.5/1 SETTINGS",
            p => p.SendAsync(SETTINGS, 0, 0, "000300000064"),
            async p => Assert.That(await UntilOfAll(p, "SETTINGS ACK", 2), Is.True)),
        new(
            "generic/3.7/1 PING",
            p => p.SendAsync(PING, 0, 0, "0102030405060708"),
            async p => Assert.That(await p.NextAsync(), Is.EqualTo("PING ACK 0102030405060708"))),
        new("generic/3.8/1 GOAWAY", p => p.SendAsync(GOAWAY, 0, 0, "0000000000000000"), GoesOn),
        new("generic/3.9/1 WINDOW_UPDATE of the connection", p => p.WindowAsync(0, 1), GoesOn),
        new("generic/3.9/2 WINDOW_UPDATE of a stream", p => All(p, Head(p, 1), Bytes(WINDOW_UPDATE, 0, 1, "00000001")), Answers()),
        new(
            "generic/3.10/1 CONTINUATION",
            p => All(p, Bytes(HEADERS, END_STREAM, 1, Request[..6]), Bytes(CONTINUATION, END_HEADERS, 1, Request[6..])),
            Answers()),
        new(
            "generic/3.10/2 CONTINUATION twice",
            p => All(
                p, Bytes(HEADERS, END_STREAM, 1, Request[..2]), Bytes(CONTINUATION, 0, 1, Request[2..6]), Bytes(CONTINUATION, END_HEADERS, 1, Request[6..])),
            Answers()),
        new("generic/4/1 GET", p => p.HeadersAsync(1, Get), Answers()),
        new("generic/4/2 HEAD", p => p.HeadersAsync(1, Get.Replace("GET", "HEAD", StringComparison.Ordinal)), Answers()),
        new("generic/4/3 POST", p => All(p, Head(p, 1, Post, 0), Bytes(DATA, END_STREAM, 1, "74657374")), Answers()),
        new("generic/4/4 POST with trailers", p => All(p, Head(p, 1, WithTrailers, 0), Bytes(DATA, 0, 1, "74657374"), Head(p, 1, "x-test: ok\n")), Answers()),
        new("generic/5/1 Indexed", p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS, 1, Request), Answers()),
        new("generic/5/2 Literal to be remembered, name of the table", p => Fields(p, "7a0161"), Answers()),
        new("generic/5/3 Literal to be remembered, name of the table, Huffman", p => Fields(p, "7a811f"), Answers()),
        new("generic/5/4 Literal to be remembered, new name", p => Fields(p, "40017a0161"), Answers()),
        new("generic/5/5 Literal to be remembered, new name, Huffman", p => Fields(p, "40811f811f"), Answers()),
        new("generic/5/6 Literal, name of the table", p => Fields(p, "0f2b0161"), Answers()),
        new("generic/5/7 Literal, name of the table, Huffman", p => Fields(p, "0f2b811f"), Answers()),
        new("generic/5/8 Literal, new name", p => Fields(p, "00017a0161"), Answers()),
        new("generic/5/9 Literal, new name, Huffman", p => Fields(p, "00811f811f"), Answers()),
        new("generic/5/10 Literal never to be remembered, name of the table", p => Fields(p, "1f2b0161"), Answers()),
        new("generic/5/11 Literal never to be remembered, name of the table, Huffman", p => Fields(p, "1f2b811f"), Answers()),
        new("generic/5/12 Literal never to be remembered, new name", p => Fields(p, "10017a0161"), Answers()),
        new("generic/5/13 Literal never to be remembered, new name, Huffman", p => Fields(p, "10811f811f"), Answers()),
        new("generic/5/14 Size of the table", p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS, 1, "30" + Request), Answers()),
        new("generic/5/15 Size of the table twice", p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS, 1, "203fe11f" + Request), Answers()),
    ];

    private static IEnumerable<TestCaseData> All_cases => Named(Cases);

    [TestCaseSource(nameof(All_cases))]
    public Task Takes(object rule) => ((ConformanceCase)rule).RunAsync();

    private static Task Fields(ScriptedHttp2 peer, string hex) => peer.SendAsync(HEADERS, END_STREAM | END_HEADERS, 1, Request + hex);

    private static async Task<bool> UntilOfAll(ScriptedHttp2 peer, string frame, int times)
    {
        while (times > 0)
        {
            times -= await peer.NextOfAllAsync() == frame ? 1 : 0;
        }

        return true;
    }
}
