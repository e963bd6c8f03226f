using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Http.Kubernetes.Channels;
using static WireGate.Http.Tests.Kubernetes.Channels;

namespace WireGate.Http.Tests.Kubernetes;

/// <summary>The channels of exec, attach and port-forward are read out of what carries them, wherever that is cut.</summary>
internal sealed class ChannelTests
{
    private const string ExecTold = "Client Stdin in | Client Resize {\"Width\":80,\"Height\":24} | Upstream Stdout FROM HERE\n | Upstream Stderr oops\n";

    [Test]
    public void An_exec_over_SPDY([Range(1, 9)] int step)
    {
        byte[] client = [.. ExecStreams, .. Data(3, "in", isFin: true), .. Data(9, """{"Width":80,"Height":24}""")];

        Assert.That(Read(sink => new SpdyChannels(sink), step, (Peer.Client, client), (Peer.Upstream, ExecAnswer)), Is.EqualTo(ExecTold));
    }

    [Test]
    public void A_connection_to_a_port_over_SPDY([Range(1, 9)] int step) => Assert.That(
        Read(sink => new SpdyChannels(sink), step, (Peer.Client, [.. PortStreams, .. Data(1, "", isFin: true), .. Data(3, "GET /")]), (Peer.Upstream, [.. Data(3, "200"), .. Data(1, "no")])),
        Is.EqualTo("Client Port:8080 GET / | Upstream Port:8080 200"));

    [Test]
    public void A_connection_to_a_port_over_SPDY_within_WebSocket([Range(1, 9)] int step)
    {
        byte[] spdy = [.. PortStreams, .. Data(3, "GET /")];
        byte[] client = [.. Message(Peer.Client, spdy[..11]), .. Message(Peer.Client, [], opcode: 9), .. Message(Peer.Client, spdy[11..])];

        Assert.That(
            Read(sink => new TunnelledChannels(sink), step, (Peer.Client, client), (Peer.Upstream, Message(Peer.Upstream, Data(3, "200")))),
            Is.EqualTo("Client Port:8080 GET / | Upstream Port:8080 200"));
    }

    [Test]
    public void An_exec_over_WebSocket([Range(1, 9)] int step)
    {
        byte[] client =
        [
            .. Message(Peer.Client, 0, ""), .. Message(Peer.Client, 0, "i"), .. Message(Peer.Client, 0, "n"), .. Message(Peer.Client, [], opcode: 9),
            .. Message(Peer.Client, 4, """{"Width":80,"Height":24}"""), .. Message(Peer.Client, [255, 0]),
        ];
        byte[] upstream =
        [
            .. Message(Peer.Upstream, [1, .. "FROM "u8], isLast: false), .. Message(Peer.Upstream, "HERE\n"u8.ToArray(), opcode: 0), .. Message(Peer.Upstream, 2, "oops\n"),
            .. Message(Peer.Upstream, 3, "{}"), .. Message(Peer.Upstream, [], opcode: 8),
        ];

        Assert.That(Read(sink => new WebSocketChannels([], isBase64: false, sink), step, (Peer.Client, client), (Peer.Upstream, upstream)), Is.EqualTo(ExecTold));
    }

    [Test]
    public void An_exec_in_base64([Range(1, 9)] int step)
    {
        byte[] client =
        [
            .. Message(Peer.Client, Encoding.ASCII.GetBytes("0aW4="), opcode: 1),
            .. Message(Peer.Client, Encoding.ASCII.GetBytes("4" + Convert.ToBase64String("""{"Width":80,"Height":24}"""u8)), opcode: 1),
        ];
        byte[] upstream =
        [
            .. Message(Peer.Upstream, Encoding.ASCII.GetBytes("1" + Convert.ToBase64String("FROM HERE\n"u8)), opcode: 1),
            .. Message(Peer.Upstream, Encoding.ASCII.GetBytes("2" + Convert.ToBase64String("oops\n"u8)), opcode: 1),
        ];

        Assert.That(Read(sink => new WebSocketChannels([], isBase64: true, sink), step, (Peer.Client, client), (Peer.Upstream, upstream)), Is.EqualTo(ExecTold));
    }

    [Test]
    public void Ports_over_WebSocket_say_their_numbers_first([Range(1, 5)] int step) => Assert.That(
        Read(
            sink => new WebSocketChannels([8080, 9090], isBase64: false, sink), step,
            (Peer.Upstream, [.. Message(Peer.Upstream, [0, 0x90, 0x1f]), .. Message(Peer.Upstream, [1, 0x90, 0x1f]), .. Message(Peer.Upstream, [2, 0x82, 0x23]), .. Message(Peer.Upstream, 2, "200")]),
            (Peer.Client, Message(Peer.Client, 2, "GET /"))),
        Is.EqualTo("Upstream Port:9090 200 | Client Port:9090 GET /"));

    [TestCase("C101", TestName = "A_compressed_message")]
    [TestCase("828100000000", TestName = "A_masked_message_of_an_upstream")]
    [TestCase("800101", TestName = "A_continuation_of_nothing")]
    [TestCase("0201018201", TestName = "A_message_within_a_message")]
    [TestCase("0900", TestName = "A_part_of_a_control_frame")]
    [TestCase("8B00", TestName = "An_unknown_control_frame")]
    [TestCase("827FFFFFFFFFFFFFFFFF", TestName = "T05_A_length_of_2_to_the_64_that_no_frame_has")]
    [TestCase("827F8000000000000000", TestName = "T05_A_length_of_2_to_the_63_that_no_frame_has")]
    [TestCase("820105", TestName = "An_unknown_channel")]
    public void Is_no_exec_over_WebSocket(string bytes) => Assert.That(
        () => Read(sink => new WebSocketChannels([], isBase64: false, sink), 1, (Peer.Upstream, Convert.FromHexString(bytes))), Throws.InstanceOf<ProtocolException>());

    [TestCase("8002000100000000", TestName = "Another_version")]
    [TestCase("800300010000000400000001", TestName = "A_stream_without_headers")]
    [TestCase("8003000100FFFFFF", TestName = "Headers_that_are_too_long")]
    [TestCase("80030001000000120000000100000000000078BB000000000000", TestName = "Another_dictionary")]
    [TestCase("0000000300000001FF", TestName = "Data_of_no_stream")]
    [TestCase("8003000600000005", TestName = "A_PING_with_something_behind_it")]
    [TestCase("8003000300000010", TestName = "A_reset_with_something_behind_it")]
    [TestCase("800300040000000C", TestName = "Settings")]
    [TestCase("8003000900000004", TestName = "A_window_that_is_none")]
    [TestCase("8003000200000004", TestName = "An_answer_of_a_client")]
    [TestCase("8003000B00000000", TestName = "An_unknown_frame")]
    public void Is_no_exec_over_SPDY(string bytes) => Assert.That(
        () => Read(sink => new SpdyChannels(sink), 1, (Peer.Client, Convert.FromHexString(bytes))), Throws.InstanceOf<ProtocolException>());

    [Test]
    public void A_client_sends_no_message_in_parts() => Assert.That(
        () => Read(sink => new WebSocketChannels([80], isBase64: false, sink), 1, (Peer.Client, Message(Peer.Client, [0, (byte)'n'], isLast: false))),
        Throws.InstanceOf<ProtocolException>());

    [Test]
    public void Counts_each_of_some_ports_and_others_together()
    {
        var counts = new ChannelRecorder(null);
        for (int port = 1; port <= 300; port++)
        {
            counts.Take(Peer.Client, new Channel(ChannelKind.Port, port), "abc"u8);
        }

        counts.Take(Peer.Upstream, new Channel(ChannelKind.Port, 1), "a"u8);
        counts.IsCut = true;
        Assert.That(counts.Ports, Does.StartWith("1: 3 in, 1 out; 2: 3 in, 0 out; ").And.EndWith("; 256: 3 in, 0 out; others: 132 in, 0 out; what came behind could not be read"));
    }

    [Test]
    public void A_stream_that_the_upstream_opens_is_none() => Assert.That(
        () => Read(sink => new SpdyChannels(sink), 64, (Peer.Upstream, ExecStreams)), Throws.InstanceOf<ProtocolException>());

    private static string Read(Func<IChannelSink, IChannelReader> make, int step, params (Peer From, byte[] Bytes)[] pieces)
    {
        var told = new Told();
        using IChannelReader reader = make(told);
        foreach ((Peer from, byte[] bytes) in pieces)
        {
            for (int at = 0; at < bytes.Length; at += step)
            {
                reader.Read(from, bytes.AsSpan(at, Math.Min(step, bytes.Length - at)));
            }
        }

        return told.Text;
    }
}
