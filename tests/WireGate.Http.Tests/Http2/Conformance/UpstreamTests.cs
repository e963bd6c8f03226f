using NUnit.Framework;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Tests.Http2.Connections;
using WireGate.Http.Tests.Http2.Hpack;
using static WireGate.Http.Http2.ErrorCode;
using static WireGate.Http.Http2.Frames.FrameFlags;
using static WireGate.Http.Http2.Frames.FrameType;
using static WireGate.Http.Tests.Http2.Conformance.ConformanceCase;
using static WireGate.Http.Tests.Http2.Connections.Serving;

namespace WireGate.Http.Tests.Http2.Conformance;

/// <summary>The rules that h2spec checks of clients (its h2specd): the upstream, which was asked something on stream 1, breaks them.</summary>
internal sealed class UpstreamTests
{
    // :status 200
    private const string Ok = "88";

    internal static readonly ConformanceCase[] Cases =
    [
        new("client/1/1 Preface", p => Task.CompletedTask, GoesOn),
        new("client/4.1/1 Unknown type", p => p.SendAsync((FrameType)0xff, (FrameFlags)0xff, 0, "0000000000000000"), GoesOn),
        new("client/4.1/2 Undefined flags", p => p.SendAsync(PING, (FrameFlags)0xfe, 0, "0000000000000000"), GoesOn),
        new("client/4.1/3 Reserved bit", p => p.SendAsync(Convert.FromHexString("0000080600" + "80000000" + "0000000000000000")), GoesOn),
        new("client/4.2/1 DATA of 2^14", p => All(p, Answer(), Bytes(DATA, END_STREAM, 1, new string('0', 2 << 14))), GoesOn),
        new("client/4.2/2 DATA of more", p => All(p, Answer(), Bytes(DATA, END_STREAM, 1, new string('0', 2 + (2 << 14)))), EndsConnection(FRAME_SIZE_ERROR)),
        new(
            "client/4.2/3 HEADERS of more",
            p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS, 1, new string('0', 2 + (2 << 14))),
            EndsConnection(FRAME_SIZE_ERROR)),
        new("client/4.3/1 A block that is none", p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS, 1, "4001"), EndsConnection(COMPRESSION_ERROR)),
        new("client/5.1/1 idle: DATA", p => p.DataAsync(2, "test"), EndsConnection(PROTOCOL_ERROR)),
        new("client/5.1/2 idle: RST_STREAM", p => p.ResetAsync(2), EndsConnection(PROTOCOL_ERROR)),
        new("client/5.1/3 idle: WINDOW_UPDATE", p => p.WindowAsync(2, 100), EndsConnection(PROTOCOL_ERROR)),
        new("client/5.1/4 idle: CONTINUATION", p => p.SendAsync(CONTINUATION, END_HEADERS, 2, Ok), EndsConnection(PROTOCOL_ERROR)),
        new("client/5.1/5 reset: DATA", p => All(p, Answer(), Reset, Bytes(DATA, END_STREAM, 1, "74")), EndsStream(1, STREAM_CLOSED)),
        new("client/5.1/6 reset: HEADERS", p => All(p, Answer(), Reset, Answer(END_STREAM)), EndsConnection(STREAM_CLOSED)),
        new(
            "client/5.1/7 reset: CONTINUATION",
            p => All(p, Answer(), Reset, Bytes(CONTINUATION, END_HEADERS, 1, Ok)),
            EndsConnection(PROTOCOL_ERROR)),

        // h2specd has the connection end of what is a stream's error to its 6.1/2, and to RFC 9113 section 6.1: what others wait for on it goes on here.
        new("client/5.1/8 closed: DATA", p => All(p, Answer(END_STREAM), Bytes(DATA, END_STREAM, 1, "74")), EndsStream(1, STREAM_CLOSED)),
        new("client/5.1/9 closed: HEADERS", p => All(p, Answer(END_STREAM), Answer(END_STREAM)), EndsConnection(STREAM_CLOSED)),
        new(
            "client/5.1/10 closed: CONTINUATION",
            p => All(p, Answer(END_STREAM), Bytes(CONTINUATION, END_HEADERS, 1, Ok)),
            EndsConnection(PROTOCOL_ERROR)),
        new("client/5.1.1/1 A stream that nobody opened", p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS, 101, Ok), EndsConnection(PROTOCOL_ERROR)),
        new("client/5.4.1/1 A wrong PING", p => p.SendAsync(PING, 0, 0, "00"), EndsConnection(FRAME_SIZE_ERROR)),
        new("client/5.4.1/2 A PING of a stream", p => p.SendAsync(PING, 0, 3, "0000000000000000"), EndsConnection(PROTOCOL_ERROR)),
        new("client/5.5/1 Unknown frame", p => p.SendAsync((FrameType)0x16, 0, 0, "00"), GoesOn),
        new("client/6.1/1 DATA of no stream", p => p.DataAsync(0, "test"), EndsConnection(PROTOCOL_ERROR)),
        new(
            "client/6.1/2 DATA of a stream that is neither open nor half closed",
            p => All(p, Answer(END_STREAM), Bytes(DATA, END_STREAM, 1, "74657374")),
            EndsStream(1, STREAM_CLOSED)),
        new(
            "client/6.1/3 DATA with more padding than there is room for",
            p => All(p, Answer(), Bytes(DATA, END_STREAM | PADDED, 1, "0674657374")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "client/6.2/1 HEADERS without END_HEADERS, then PRIORITY",
            p => All(p, Bytes(HEADERS, 0, 1, Ok), Bytes(FrameType.PRIORITY, 0, 1, "0000000010")),
            EndsConnection(PROTOCOL_ERROR)),
        new("client/6.2/2 HEADERS of no stream", p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS, 0, Ok), EndsConnection(PROTOCOL_ERROR)),
        new(
            "client/6.2/3 HEADERS with more padding than there is room for",
            p => p.SendAsync(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, "40" + Ok),
            EndsConnection(PROTOCOL_ERROR)),
        new("client/6.3/1 PRIORITY of no stream", p => p.SendAsync(FrameType.PRIORITY, 0, 0, "0000000010"), EndsConnection(PROTOCOL_ERROR)),
        new(
            "client/6.3/2 PRIORITY of another length",
            p => All(p, Answer(), Bytes(FrameType.PRIORITY, 0, 1, "80000001")),
            EndsStream(1, FRAME_SIZE_ERROR)),
        new("client/6.4/1 RST_STREAM of no stream", p => p.ResetAsync(0), EndsConnection(PROTOCOL_ERROR)),
        new("client/6.4/2 RST_STREAM of an idle stream", p => p.ResetAsync(2), EndsConnection(PROTOCOL_ERROR)),
        new("client/6.4/3 RST_STREAM of another length", p => All(p, Answer(), Bytes(RST_STREAM, 0, 1, "000000")), EndsConnection(FRAME_SIZE_ERROR)),
        new("client/6.5/1 An acknowledgement with settings", p => p.SendAsync(SETTINGS, ACK, 0, "000100000000"), EndsConnection(FRAME_SIZE_ERROR)),
        new("client/6.5/2 SETTINGS of a stream", p => p.SendAsync(SETTINGS, 0, 1, "000300000064"), EndsConnection(PROTOCOL_ERROR)),
        new("client/6.5/3 SETTINGS of another length", p => p.SendAsync(SETTINGS, 0, 0, "000300"), EndsConnection(FRAME_SIZE_ERROR)),
        new("client/6.5.2/1 INITIAL_WINDOW_SIZE of 2^31", p => p.SendAsync(SETTINGS, 0, 0, "000480000000"), EndsConnection(FLOW_CONTROL_ERROR)),
        new("client/6.5.2/2 MAX_FRAME_SIZE of 2^14-1", p => p.SendAsync(SETTINGS, 0, 0, "000500003fff"), EndsConnection(PROTOCOL_ERROR)),
        new("client/6.5.2/3 MAX_FRAME_SIZE of 2^24", p => p.SendAsync(SETTINGS, 0, 0, "000501000000"), EndsConnection(PROTOCOL_ERROR)),
        new("client/6.5.2/4 An unknown setting", p => p.SendAsync(SETTINGS, 0, 0, "00ff00000001"), GoesOn),
        new("client/6.5.3/1 SETTINGS are acknowledged", p => p.SendAsync(SETTINGS, 0, 0, "000300000064"), Acknowledges),
        new(
            "client/6.7/1 PING is answered with the same octets",
            p => p.SendAsync(PING, 0, 0, "6832737065630000"),
            async p => Assert.That(await p.NextAsync(), Is.EqualTo("PING ACK 6832737065630000"))),
        new("client/6.7/2 PING with ACK is not", p => p.SendAsync(PING, ACK, 0, "6832737065630000"), async p => Assert.That(await p.SettleAsync(), Is.Empty)),
        new("client/6.7/3 PING of a stream", p => p.SendAsync(PING, 0, 1, "0000000000000000"), EndsConnection(PROTOCOL_ERROR)),
        new("client/6.7/4 PING of another length", p => p.SendAsync(PING, 0, 0, "000000000000"), EndsConnection(FRAME_SIZE_ERROR)),
        new("client/6.8/1 GOAWAY of a stream", p => p.SendAsync(GOAWAY, 0, 1, "0000000000000000"), EndsConnection(PROTOCOL_ERROR)),
        new("client/6.9/1 WINDOW_UPDATE of 0", p => p.WindowAsync(0, 0), EndsConnection(PROTOCOL_ERROR)),
        new("client/6.9/2 WINDOW_UPDATE of 0 on a stream", p => All(p, Answer(), Bytes(WINDOW_UPDATE, 0, 1, "00000000")), EndsStream(1, PROTOCOL_ERROR)),
        new("client/6.9/3 WINDOW_UPDATE of another length", p => p.SendAsync(WINDOW_UPDATE, 0, 0, "000001"), EndsConnection(FRAME_SIZE_ERROR)),
        new(
            "client/6.9.1/1 A window above 2^31-1",
            p => All(p, Bytes(WINDOW_UPDATE, 0, 0, "7fffffff"), Bytes(WINDOW_UPDATE, 0, 0, "7fffffff")),
            EndsConnection(FLOW_CONTROL_ERROR)),
        new(
            "client/6.9.1/2 A window of a stream above 2^31-1",
            p => All(p, Answer(), Bytes(WINDOW_UPDATE, 0, 1, "7fffffff"), Bytes(WINDOW_UPDATE, 0, 1, "7fffffff")),
            EndsStream(1, FLOW_CONTROL_ERROR)),
        new(
            "client/6.10/1 CONTINUATION twice",
            p => All(p, Bytes(HEADERS, END_STREAM, 1, Ok), Bytes(CONTINUATION, 0, 1, "0001610162"), Bytes(CONTINUATION, END_HEADERS, 1, "0001610162")),
            GoesOn),
        new(
            "client/6.10/2 CONTINUATION, then another frame",
            p => All(p, Bytes(HEADERS, 0, 1, Ok), Bytes(CONTINUATION, 0, 1, "0001610162"), Bytes(DATA, END_STREAM, 1, "74")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "client/6.10/3 CONTINUATION of no stream",
            p => All(p, Bytes(HEADERS, 0, 1, Ok), Bytes(CONTINUATION, END_HEADERS, 0, "0001610162")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "client/6.10/4 CONTINUATION behind END_HEADERS",
            p => All(p, Answer(), Bytes(CONTINUATION, END_HEADERS, 1, "0001610162")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "client/6.10/5 CONTINUATION behind the last CONTINUATION",
            p => All(p, Bytes(HEADERS, 0, 1, Ok), Bytes(CONTINUATION, END_HEADERS, 1, ""), Bytes(CONTINUATION, END_HEADERS, 1, "0001610162")),
            EndsConnection(PROTOCOL_ERROR)),
        new(
            "client/6.10/6 CONTINUATION behind DATA",
            p => All(p, Answer(), Bytes(DATA, 0, 1, "74"), Bytes(CONTINUATION, 0, 1, "0001610162")),
            EndsConnection(PROTOCOL_ERROR)),
    ];

    private static byte[] Reset => Bytes(RST_STREAM, 0, 1, "00000008");

    private static IEnumerable<TestCaseData> All_cases => Named(Cases);

    [TestCaseSource(nameof(All_cases))]
    public async Task Upstream(object rule)
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync();
        Http2Stream? stream = null;
        await peer.OnLoopAsync(() =>
        {
            using FieldSection head = Sections.Of(Get);
            stream = peer.Connection.OpenStream(head, endStream: true)!;
        });
        Assert.That(await peer.NextAsync(), Does.StartWith("HEADERS 1 END_STREAM"));
        var conformance = (ConformanceCase)rule;
        await conformance.Send(peer);
        await conformance.Expect(peer);
        await peer.OnLoopAsync(() => stream!.Dispose());
    }

    private static byte[] Answer(FrameFlags flags = 0) => Bytes(HEADERS, END_HEADERS | flags, 1, Ok);

    // Those that came first, and these.
    private static async Task Acknowledges(ScriptedHttp2 peer)
    {
        for (int acks = 0; acks < 2;)
        {
            string frame = await peer.NextOfAllAsync();
            Assert.That(frame, Is.Not.EqualTo("closed"));
            acks += frame == "SETTINGS ACK" ? 1 : 0;
        }
    }
}
