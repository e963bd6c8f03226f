using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Http.Kubernetes.Channels;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Http;

/// <summary>What follows the upgrade of an exec or a port-forward may be anything: however it comes, the same of it is told.</summary>
internal sealed class ChannelFuzz
{
    // Streams of SPDY that a client of zlib opened: stdout, stderr, resize, and data of a port.
    private static readonly byte[][] Spdy =
    [
        Convert.FromHexString("80030001000000280000000100000000000078F9E3C6A7C202A62346703A2B294A4DCC851625ACA9A08006000000FFFF" + "000000010000000548656C6C6F" + "0000000101000000"),
        Convert.FromHexString("800300010000003D0000000100000000000078F9E3C6A7C202253A48F95B044EEA16061606409AB308125F99A074CC68004E892545A989B9D0C2863515141500000000FFFF"
            + "800300010000001600000003000000000000225333A8A44A04000000FFFF" + "0000000300000003474554" + "80030003000000080000000300000005"),
    ];

    // A message of stdout in two frames with a ping between them; one of base64; one that is long.
    private static readonly byte[][] WebSocket =
    [
        Convert.FromHexString("020201418900800142"),
        Convert.FromHexString("81053161574A6A"),
        [0x82, 126, 0, 130, 2, .. new byte[129]],
    ];

    private static readonly byte[][] Masked =
    [
        Convert.FromHexString("8283010203040144418984010203040102030482820102030404") ,
        Convert.FromHexString("82811122334411"),
    ];

    [Test]
    public void Of_a_client_over_SPDY() => Vary(71, Spdy, bytes => Same(sink => new SpdyChannels(sink), Peer.Client, bytes));

    [Test]
    public void Of_an_upstream_over_SPDY() => Vary(72, [[0x80, 3, 0, 2, 0, 0, 0, 4, 0, 0, 0, 1], .. Spdy], bytes => Same(sink => new SpdyChannels(sink), Peer.Upstream, bytes));

    [Test]
    public void Of_an_upstream_over_WebSocket() => Vary(73, WebSocket, bytes => Same(sink => new WebSocketChannels([], isBase64: false, sink), Peer.Upstream, bytes));

    [Test]
    public void Of_ports_over_WebSocket() => Vary(74, [[0x82, 4, 0, 1, 2, 3], .. WebSocket], bytes => Same(sink => new WebSocketChannels([1, 2], isBase64: false, sink), Peer.Upstream, bytes));

    [Test]
    public void Of_base64_over_WebSocket() => Vary(75, [WebSocket[1], .. WebSocket], bytes => Same(sink => new WebSocketChannels([], isBase64: true, sink), Peer.Upstream, bytes));

    [Test]
    public void Of_a_client_over_WebSocket() => Vary(76, [Masked[1], .. Masked], bytes => Either(() =>
    {
        Same(sink => new TunnelledChannels(sink), Peer.Client, bytes);
        Same(sink => new WebSocketChannels([], isBase64: false, sink), Peer.Client, bytes);
    }));

    private static void Same(Func<IChannelSink, IChannelReader> make, Peer from, byte[] bytes)
    {
        (string whole, string? problem) = Read(make, from, bytes, Math.Max(1, bytes.Length));
        (string pieces, string? again) = Read(make, from, bytes, 3);
        if (pieces != whole || problem != again)
        {
            Assert.Fail($"{Convert.ToHexString(bytes)}: {whole} {problem}, in pieces {pieces} {again}");
        }

        if (problem is not null)
        {
            throw new ProtocolException(from, problem);
        }
    }

    private static (string Told, string? Problem) Read(Func<IChannelSink, IChannelReader> make, Peer from, byte[] bytes, int step)
    {
        var told = new Told();
        using IChannelReader reader = make(told);
        try
        {
            for (int at = 0; at < bytes.Length; at += step)
            {
                reader.Read(from, bytes.AsSpan(at, Math.Min(step, bytes.Length - at)));
            }
        }
        catch (ProtocolException e)
        {
            return (told.Text.ToString(), e.Message);
        }

        return (told.Text.ToString(), null);
    }

    private sealed class Told : IChannelSink
    {
        public StringBuilder Text { get; } = new();

        public void Take(Peer from, Channel channel, ReadOnlySpan<byte> data)
        {
            foreach (byte one in data)
            {
                Text.Append((char)('0' + (int)channel.Kind)).Append((char)one);
            }
        }
    }
}
