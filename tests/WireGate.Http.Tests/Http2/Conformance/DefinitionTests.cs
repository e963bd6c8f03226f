using NUnit.Framework;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Tests.Http2.Connections;
using static WireGate.Http.Http2.ErrorCode;
using static WireGate.Http.Http2.Frames.FrameFlags;
using static WireGate.Http.Http2.Frames.FrameType;
using static WireGate.Http.Tests.Http2.Conformance.ConformanceCase;
using static WireGate.Http.Tests.Http2.Connections.Serving;

namespace WireGate.Http.Tests.Http2.Conformance;

/// <summary>h2spec's group "http2", sections 6 and 7: each frame's definition, and codes.</summary>
internal sealed class DefinitionTests
{
    private const string Request = "82878441" + "09" + "612e6578616d706c65";

    internal static readonly ConformanceCase[] Cases =
    [
        new("http2/6.1/1 DATA of no stream", p => p.DataAsync(0, "test"), EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/6.1/2 DATA of a stream that is neither open nor half closed",
            p => All(p, Head(p, 1), Bytes(DATA, END_STREAM, 1, "74")),
            EndsStream(1, STREAM_CLOSED),
            NoWindow),
        new(
            "http2/6.1/3 DATA with more padding than there is room for",
            p => All(p, Head(p, 1, Post, 0), Bytes(DATA, END_STREAM | PADDED, 1, "0674657374")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "6.1 DATA without its padding's length",
            p => All(p, Head(p, 1, Post, 0), Bytes(DATA, END_STREAM | PADDED, 1, "")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/6.2/1 HEADERS without END_HEADERS, then PRIORITY",
            p => All(p, Bytes(HEADERS, END_STREAM, 1, Request), Bytes(FrameType.PRIORITY, 0, 1, "0000000010")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/6.2/2 HEADERS of another stream within HEADERS",
            p => All(p, Bytes(HEADERS, END_STREAM, 1, Request), Bytes(HEADERS, END_STREAM | END_HEADERS, 3, Request)),
            EndsConnection(PROTOCOL_ERROR)),
        new("http2/6.2/3 HEADERS of no stream", p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS, 0, Request), EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/6.2/4 HEADERS with more padding than there is room for",
            p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, "40" + Request),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "6.2 HEADERS without its padding's length",
            p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, ""),
            EndsConnection(FRAME_SIZE_ERROR)),
        new(
            "6.2 HEADERS without its priority",
            p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS | FrameFlags.PRIORITY, 1, "00000000"),
            EndsConnection(FRAME_SIZE_ERROR)),
        new("http2/6.3/1 PRIORITY of no stream", p => p.SendAsync(FrameType.PRIORITY, 0, 0, "0000000010"), EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/6.3/2 PRIORITY of another length",
            p => All(p, Head(p, 1), Bytes(FrameType.PRIORITY, 0, 1, "80000001")),
            EndsStream(1, FRAME_SIZE_ERROR),
            NoWindow),
        new("http2/6.4/1 RST_STREAM of no stream", p => p.ResetAsync(0), EndsConnection(PROTOCOL_ERROR)),
        new("http2/6.4/2 RST_STREAM of an idle stream", p => p.ResetAsync(1), EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/6.4/3 RST_STREAM of another length",
            p => All(p, Head(p, 1), Bytes(RST_STREAM, 0, 1, "000000")),
            EndsConnection(FRAME_SIZE_ERROR),
            NoWindow),
        new("http2/6.5/1 An acknowledgement with settings", p => p.SendAsync(SETTINGS, ACK, 0, "000100000000"), EndsConnection(FRAME_SIZE_ERROR)),
        new("http2/6.5/2 SETTINGS of a stream", p => p.SendAsync(SETTINGS, 0, 1, "000300000064"), EndsConnection(PROTOCOL_ERROR)),
        new("http2/6.5/3 SETTINGS of another length", p => p.SendAsync(SETTINGS, 0, 0, "000300"), EndsConnection(FRAME_SIZE_ERROR)),
        new("http2/6.5.2/1 ENABLE_PUSH of 2", p => p.SendAsync(SETTINGS, 0, 0, "000200000002"), EndsConnection(PROTOCOL_ERROR)),
        new("http2/6.5.2/2 INITIAL_WINDOW_SIZE of 2^31", p => p.SendAsync(SETTINGS, 0, 0, "000480000000"), EndsConnection(FLOW_CONTROL_ERROR)),
        new("http2/6.5.2/3 MAX_FRAME_SIZE of 2^14-1", p => p.SendAsync(SETTINGS, 0, 0, "000500003fff"), EndsConnection(PROTOCOL_ERROR)),
        new("http2/6.5.2/4 MAX_FRAME_SIZE of 2^24", p => p.SendAsync(SETTINGS, 0, 0, "000501000000"), EndsConnection(PROTOCOL_ERROR)),
        new("http2/6.5.2/5 An unknown setting", p => p.SendAsync(SETTINGS, 0, 0, "00ff00000001"), GoesOn),
        new(
            "http2/6.5.3/1 The last of several values counts",
            p => All(p, Bytes(SETTINGS, 0, 0, "000400000064" + "000400000001"), Head(p, 1)),
            p => Until(p, "DATA 1 h")),
        new(
            "http2/6.5.3/2 SETTINGS are acknowledged",
            p => p.SendAsync(SETTINGS, 0, 0, "000300000064"),
            async p => Assert.That(await CountAcks(p), Is.EqualTo(2))),
        new(
            "http2/6.7/1 PING is answered with the same octets",
            p => p.SendAsync(PING, 0, 0, "6832737065630000"),
            async p => Assert.That(await p.NextAsync(), Is.EqualTo("PING ACK 6832737065630000"))),
        new("http2/6.7/2 PING with ACK is not", p => p.SendAsync(PING, ACK, 0, "6832737065630000"), async p => Assert.That(await p.SettleAsync(), Is.Empty)),
        new("http2/6.7/3 PING of a stream", p => p.SendAsync(PING, 0, 1, "0000000000000000"), EndsConnection(PROTOCOL_ERROR)),
        new("http2/6.7/4 PING of another length", p => p.SendAsync(PING, 0, 0, "000000000000"), EndsConnection(FRAME_SIZE_ERROR)),
        new("http2/6.8/1 GOAWAY of a stream", p => p.SendAsync(GOAWAY, 0, 1, "0000000000000000"), EndsConnection(PROTOCOL_ERROR)),
        new("http2/6.9/1 WINDOW_UPDATE of 0", p => p.WindowAsync(0, 0), EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/6.9/2 WINDOW_UPDATE of 0 on a stream",
            p => All(p, Head(p, 1), Bytes(WINDOW_UPDATE, 0, 1, "00000000")),
            EndsStream(1, PROTOCOL_ERROR),
            NoWindow),
        new("http2/6.9/3 WINDOW_UPDATE of another length", p => p.SendAsync(WINDOW_UPDATE, 0, 0, "000001"), EndsConnection(FRAME_SIZE_ERROR)),
        new(
            "http2/6.9.1/1 A window of 1",
            p => p.HeadersAsync(1, Get),
            async p => { await Until(p, "DATA 1 h"); Assert.That(await p.SettleAsync(), Is.Empty); },
            "000400000001"),
        new(
            "http2/6.9.1/2 A window above 2^31-1",
            p => All(p, Bytes(WINDOW_UPDATE, 0, 0, "7fffffff"), Bytes(WINDOW_UPDATE, 0, 0, "7fffffff")),
            EndsConnection(FLOW_CONTROL_ERROR)),
        new(
            "http2/6.9.1/3 A window of a stream above 2^31-1",
            p => All(p, Head(p, 1, Post, 0), Bytes(WINDOW_UPDATE, 0, 1, "7fffffff"), Bytes(WINDOW_UPDATE, 0, 1, "7fffffff")),
            EndsStream(1, FLOW_CONTROL_ERROR)),
        new(
            "http2/6.9.2/1 The windows of open streams change",
            p => All(p, Head(p, 1), Bytes(SETTINGS, 0, 0, "000400000001")),
            p => Until(p, "DATA 1 h"),
            NoWindow),
        new(
            "http2/6.9.2/2 A window below zero",
            SendWindowBelowZero,
            async p => { Assert.That(await p.NextAsync(), Is.EqualTo("DATA 1 l")); Assert.That(await p.SettleAsync(), Is.Empty); },
            "000400000003"),
        new("http2/6.9.2/3 INITIAL_WINDOW_SIZE above 2^31-1", p => p.SendAsync(SETTINGS, 0, 0, "0004ffffffff"), EndsConnection(FLOW_CONTROL_ERROR)),
        new(
            "6.9.2 A change that has a window exceed 2^31-1",
            p => All(p, Head(p, 1, Post, 0), Bytes(WINDOW_UPDATE, 0, 1, "7fff0000"), Bytes(SETTINGS, 0, 0, "00047fffffff")),
            EndsConnection(FLOW_CONTROL_ERROR)),
        new(
            "http2/6.10/1 CONTINUATION twice",
            p => All(
                p, Bytes(HEADERS, END_STREAM, 1, Request[..2]), Bytes(CONTINUATION, 0, 1, Request[2..6]), Bytes(CONTINUATION, END_HEADERS, 1, Request[6..])),
            Answers()),
        new(
            "http2/6.10/2 CONTINUATION, then another frame",
            p => All(p, Bytes(HEADERS, END_STREAM, 1, Request), Bytes(CONTINUATION, 0, 1, "82"), Bytes(DATA, END_STREAM, 1, "74")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/6.10/3 CONTINUATION of no stream",
            p => All(p, Bytes(HEADERS, END_STREAM, 1, Request), Bytes(CONTINUATION, END_HEADERS, 0, "82")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/6.10/4 CONTINUATION behind END_HEADERS",
            p => All(p, Head(p, 1, Post, 0), Bytes(CONTINUATION, END_HEADERS, 1, "82")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/6.10/5 CONTINUATION behind the last CONTINUATION",
            p => All(p, Bytes(HEADERS, 0, 1, Request), Bytes(CONTINUATION, END_HEADERS, 1, ""), Bytes(CONTINUATION, END_HEADERS, 1, "82")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "http2/6.10/6 CONTINUATION behind DATA",
            p => All(p, Head(p, 1, Post, 0), Bytes(DATA, 0, 1, "74"), Bytes(CONTINUATION, END_HEADERS, 1, "82")),
            EndsConnection(PROTOCOL_ERROR)),
        new("http2/7/1 GOAWAY of an unknown code", p => p.SendAsync(GOAWAY, 0, 0, "00000000000000ff"), GoesOn),
        new("http2/7/2 RST_STREAM of an unknown code", p => All(p, Head(p, 1, Post, 0), Bytes(RST_STREAM, 0, 1, "000000ff")), GoesOn),
    ];

    private static IEnumerable<TestCaseData> All_cases => Named(Cases);

    [TestCaseSource(nameof(All_cases))]
    public Task Sections_6_and_7(object rule) => ((ConformanceCase)rule).RunAsync();

    // "hel" is sent of a window of three; then it is two, one below zero, and lets one octet pass with two more.
    private static async Task SendWindowBelowZero(ScriptedHttp2 peer)
    {
        await peer.HeadersAsync(1, Get);
        await Until(peer, "DATA 1 hel");
        await peer.SendAsync(SETTINGS, 0, 0, "000400000002");
        Assert.That(await peer.SettleAsync(), Is.Empty);
        await peer.WindowAsync(1, 1);
        Assert.That(await peer.SettleAsync(), Is.Empty);
        await peer.WindowAsync(1, 1);
    }

    private static async Task<int> CountAcks(ScriptedHttp2 peer)
    {
        await peer.SendAsync(PING, 0, 0, "0000000000000001");
        int acks = 0;
        for (string frame; !(frame = await peer.NextOfAllAsync()).StartsWith("PING", StringComparison.Ordinal);)
        {
            acks += frame == "SETTINGS ACK" ? 1 : 0;
        }

        return acks;
    }
}
