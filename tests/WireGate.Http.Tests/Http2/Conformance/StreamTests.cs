using NUnit.Framework;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Tests.Http2.Connections;
using static WireGate.Http.Http2.ErrorCode;
using static WireGate.Http.Http2.Frames.FrameFlags;
using static WireGate.Http.Http2.Frames.FrameType;
using static WireGate.Http.Tests.Http2.Conformance.ConformanceCase;
using static WireGate.Http.Tests.Http2.Connections.Serving;

namespace WireGate.Http.Tests.Http2.Conformance;

/// <summary>h2spec's group "http2", sections 3 to 5: frames, and the states of streams.</summary>
internal sealed class StreamTests
{
    private const string Request = "82878441" + "09" + "612e6578616d706c65";

    internal static readonly ConformanceCase[] Cases =
    [
        new(
            "http2/3.5/1 SETTINGS come first",
            p => p.SendAsync(FrameWriter.Preface.ToArray()),
            async p => Assert.That(await p.NextOfAllAsync(), Does.StartWith("SETTINGS ")),
            Settings: null),
        new(
            "http2/3.5/2 A preface that is none",
            p => p.SendAsync("INVALID CONNECTION PREFACE\r\n\r\n"u8.ToArray()),
            EndsConnection(PROTOCOL_ERROR),
            Settings: null),
        new("http2/4.1/1 Unknown type", p => p.SendAsync((FrameType)0xff, (FrameFlags)0xff, 0, "0000000000000000"), GoesOn),
        new("http2/4.1/2 Undefined flags", p => p.SendAsync(PING, (FrameFlags)0xfe, 0, "0000000000000000"), GoesOn),
        new("http2/4.1/3 Reserved bit", p => p.SendAsync(Convert.FromHexString("0000080600" + "80000000" + "0000000000000000")), GoesOn),
        new("http2/4.2/1 DATA of 2^14", p => All(p, Head(p, 1, Post, 0), Bytes(DATA, END_STREAM, 1, new string('0', 2 << 14))), Answers()),
        new(
            "http2/4.2/2 DATA of more",
            p => All(p, Head(p, 1, Post, 0), Bytes(DATA, END_STREAM, 1, new string('0', 2 + (2 << 14)))),
            EndsConnection(FRAME_SIZE_ERROR)),
        new(
            "http2/4.2/3 HEADERS of more",
            p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS, 1, new string('0', 2 + (2 << 14))),
            EndsConnection(FRAME_SIZE_ERROR)),
        new("http2/4.3/1 A block that is none", p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS, 1, "4001"), EndsConnection(COMPRESSION_ERROR)),
        new(
            "http2/4.3/2 PRIORITY within a block",
            p => All(p, Bytes(HEADERS, END_STREAM, 1, Request), Bytes(FrameType.PRIORITY, 0, 1, "0000000010")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/4.3/3 HEADERS of another stream within a block",
            p => All(p, Bytes(HEADERS, END_STREAM, 1, Request), Bytes(HEADERS, END_STREAM, 3, Request)),
            EndsConnection(PROTOCOL_ERROR)),
        new("http2/5.1/1 idle: DATA", p => p.DataAsync(1, "test"), EndsConnection(PROTOCOL_ERROR)),
        new("http2/5.1/2 idle: RST_STREAM", p => p.ResetAsync(1), EndsConnection(PROTOCOL_ERROR)),
        new("http2/5.1/3 idle: WINDOW_UPDATE", p => p.WindowAsync(1, 100), EndsConnection(PROTOCOL_ERROR)),
        new("http2/5.1/4 idle: CONTINUATION", p => p.SendAsync(CONTINUATION, END_HEADERS, 1, Request), EndsConnection(PROTOCOL_ERROR)),
        new("http2/5.1/5 half closed: DATA", p => All(p, Head(p, 1), Bytes(DATA, END_STREAM, 1, "74")), EndsStream(1, STREAM_CLOSED), NoWindow),
        new("http2/5.1/6 half closed: HEADERS", p => All(p, Head(p, 1), Head(p, 1)), EndsStream(1, STREAM_CLOSED), NoWindow),
        new(
            "http2/5.1/7 half closed: CONTINUATION",
            p => All(p, Head(p, 1), Bytes(CONTINUATION, END_HEADERS, 1, Request)),
            EndsConnection(PROTOCOL_ERROR),
            NoWindow),
        new("http2/5.1/8 reset: DATA", p => All(p, Head(p, 1, Post, 0), Reset, Bytes(DATA, END_STREAM, 1, "74")), EndsStream(1, STREAM_CLOSED)),
        new("http2/5.1/9 reset: HEADERS", p => All(p, Head(p, 1, Post, 0), Reset, Head(p, 1)), EndsConnection(STREAM_CLOSED)),
        new(
            "http2/5.1/10 reset: CONTINUATION",
            p => All(p, Head(p, 1, Post, 0), Reset, Bytes(CONTINUATION, END_HEADERS, 1, Request)),
            EndsConnection(PROTOCOL_ERROR)),
        new("http2/5.1/11 closed: DATA", async p => { await Exchange(p, 1); await p.DataAsync(1, "test"); }, EndsStream(1, STREAM_CLOSED)),
        new("http2/5.1/12 closed: HEADERS", async p => { await Exchange(p, 1); await p.HeadersAsync(1, Get); }, EndsConnection(STREAM_CLOSED)),
        new(
            "http2/5.1/13 closed: CONTINUATION",
            async p => { await Exchange(p, 1); await p.SendAsync(CONTINUATION, END_HEADERS, 1, Request); },
            EndsConnection(PROTOCOL_ERROR)),
        new("http2/5.1.1/1 An even number", p => p.HeadersAsync(2, Get), EndsConnection(PROTOCOL_ERROR)),
        new("http2/5.1.1/2 A smaller number", p => All(p, Head(p, 5), Head(p, 3)), EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/5.1.2/1 One stream too many",
            p => All(p, Head(p, 1), Head(p, 3), Head(p, 5), Head(p, 7), Head(p, 9), Head(p, 11)),
            EndsStream(11, REFUSED_STREAM),
            NoWindow),
        new(
            "http2/5.3.1/1 HEADERS that depend on themselves",
            p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS | FrameFlags.PRIORITY, 1, "00000001ff" + Request),
            EndsStream(1, PROTOCOL_ERROR)),
        new(
            "http2/5.3.1/2 PRIORITY that depends on itself",
            p => All(p, Head(p, 1), Bytes(FrameType.PRIORITY, 0, 1, "00000001ff")),
            EndsStream(1, PROTOCOL_ERROR),
            NoWindow),
        new(
            "5.3.1 PRIORITY of an idle stream that depends on itself",
            p => p.SendAsync(FrameType.PRIORITY, 0, 1, "00000001ff"),
            EndsConnection(PROTOCOL_ERROR)),
        new("http2/5.4.1/1 A wrong PING", p => p.SendAsync(PING, 0, 0, "00"), EndsConnection(FRAME_SIZE_ERROR)),
        new(
            "http2/5.4.1/2 GOAWAY names the last stream",
            async p => { await Exchange(p, 1); await p.SendAsync(PING, 0, 3, "0000000000000000"); },
            async p => Assert.That(await p.NextAsync(), Is.EqualTo("GOAWAY 1 PROTOCOL_ERROR"))),
        new("http2/5.5/1 Unknown frame", p => p.SendAsync((FrameType)0x16, 0, 0, "00"), GoesOn),
        new(
            "http2/5.5/2 Unknown frame within a block",
            p => All(p, Bytes(HEADERS, END_STREAM, 1, Request), Bytes((FrameType)0x16, 0, 0, "00")),
            EndsConnection(PROTOCOL_ERROR)),
    ];

    private static byte[] Reset => Bytes(RST_STREAM, 0, 1, "00000008");

    private static IEnumerable<TestCaseData> All_cases => Named(Cases);

    [TestCaseSource(nameof(All_cases))]
    public Task Sections_3_to_5(object rule) => ((ConformanceCase)rule).RunAsync();

    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\n\n")]
    [TestCase("PRI * HTTP/1.1\r\n")]
    [TestCase("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    public async Task Section_3_5_A_preface_that_is_none_ends_the_connection(string preface)
    {
        await using ScriptedHttp2 peer = ScriptedHttp2.Serve(Text("hello"));
        await peer.SendAsync(System.Text.Encoding.ASCII.GetBytes(preface));
        await EndsConnection(PROTOCOL_ERROR)(peer);
    }

    [Test]
    public async Task Section_3_5_Another_frame_than_SETTINGS_behind_the_preface_ends_the_connection()
    {
        await using ScriptedHttp2 peer = ScriptedHttp2.Serve(Text("hello"));
        await peer.SendAsync(FrameWriter.Preface.ToArray());
        await peer.HeadersAsync(1, Get);
        await EndsConnection(PROTOCOL_ERROR)(peer);
    }
}
