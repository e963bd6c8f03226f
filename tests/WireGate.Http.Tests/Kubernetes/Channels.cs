using System.Buffers.Binary;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Http.Kubernetes.Channels;

namespace WireGate.Http.Tests.Kubernetes;

/// <summary>What goes over exec and port-forward: of SPDY what a client of zlib writes with the dictionary and a flush behind each block.</summary>
internal static class Channels
{
    private static readonly string[] Exec =
    [
        "80030001000000280000000100000000000078F9E3C6A7C202A62346703A2B294A4DCC851625ACA9A08006000000FFFF",
        "800300010000001700000003000000000000C22E555C02CC2E00000000FFFF",
        "800300010000001900000005000000000000C22A054CE729F9A52500000000FFFF",
        "800300010000001400000007000000000000C229073414000000FFFF",
        "800300010000001700000009000000000000C22E072C9A806901000000FFFF",
    ];

    private static readonly string[] PortForward =
    [
        "800300010000003D0000000100000000000078F9E3C6A7C202253A48F95B044EEA16061606409AB308125F99A074CC68004E892545A989B9D0C2863515141500000000FFFF",
        "800300010000001600000003000000000000225333A8A44A04000000FFFF",
    ];

    /// <summary>The streams of an exec, as kubectl opens them: error 1, stdin 3, stdout 5, stderr 7, resize 9.</summary>
    public static byte[] ExecStreams => Convert.FromHexString(string.Concat(Exec));

    /// <summary>The streams of a connection to port 8080: error 1, data 3.</summary>
    public static byte[] PortStreams => Convert.FromHexString(string.Concat(PortForward));

    /// <summary>What a real API server (1.20.2) answered to an exec: "FROM HERE" to stdout, "oops" to stderr, and how the program ended.</summary>
    public static byte[] ExecAnswer => Convert.FromHexString(
        "80030002000000140000000178F9E3C6A7C26260606000000000FFFF800300020000000C00000003026100000000FFFF800300020000000C00000005"
        + "026100000000FFFF800300020000000C00000007026100000000FFFF000000050000000A46524F4D20484552450A00000007000000056F6F70730A00"
        + "000001000000BE7B226D65746164617461223A7B7D2C22737461747573223A224661696C757265222C226D657373616765223A22636F6D6D616E6420"
        + "7465726D696E617465642077697468206E6F6E2D7A65726F206578697420636F64653A2065786974207374617475732037222C22726561736F6E223A"
        + "224E6F6E5A65726F45786974436F6465222C2264657461696C73223A7B22636175736573223A5B7B22726561736F6E223A2245786974436F6465222C"
        + "226D657373616765223A2237227D5D7D7D80030003000000080000000100000005800300030000000800000003000000058003000300000008000000"
        + "05000000058003000300000008000000070000000580030007000000080000000700000000");

    /// <summary>A frame of data of SPDY.</summary>
    public static byte[] Data(int stream, string text, bool isFin = false) => [.. Number(stream), isFin ? (byte)1 : (byte)0, .. Number(text.Length)[1..], .. Encoding.Latin1.GetBytes(text)];

    /// <summary>A frame of WebSocket.</summary>
    public static byte[] Message(Peer from, byte[] payload, int opcode = 2, bool isLast = true)
    {
        byte[] key = from == Peer.Client ? [1, 2, 3, 4] : [];
        byte mask = (byte)(from == Peer.Client ? 0x80 : 0);
        byte[] length = payload.Length < 126 ? [(byte)(mask | payload.Length)] : [(byte)(mask | 126), (byte)(payload.Length >> 8), (byte)payload.Length];
        return [(byte)((isLast ? 0x80 : 0) | opcode), .. length, .. key, .. payload.Select((b, i) => key.Length == 0 ? b : (byte)(b ^ key[i & 3]))];
    }

    public static byte[] Message(Peer from, int channel, string text) => Message(from, [(byte)channel, .. Encoding.Latin1.GetBytes(text)]);

    private static byte[] Number(int number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    /// <summary>Joins what is told of each channel.</summary>
    internal sealed class Told : IChannelSink
    {
        private readonly List<(Peer From, Channel Channel, StringBuilder Text)> _told = [];

        public string Text => string.Join(" | ", _told.Select(t => $"{t.From} {t.Channel.Kind}{(t.Channel.Port > 0 ? $":{t.Channel.Port}" : "")} {t.Text}"));

        public void Take(Peer from, Channel channel, ReadOnlySpan<byte> data)
        {
            if (channel.Kind == ChannelKind.Other)
            {
                return;
            }

            if (_told.Count == 0 || _told[^1].From != from || _told[^1].Channel != channel)
            {
                _told.Add((from, channel, new StringBuilder()));
            }

            _told[^1].Text.Append(Encoding.Latin1.GetString(data));
        }
    }
}
