using System.Globalization;
using System.Text;
using System.Text.Json;
using WireGate.Core.Framing;
using WireGate.Core.Recording;

namespace WireGate.Http.Kubernetes.Channels;

/// <summary>Tells a recording what the client was shown, and counts the bytes of each port.</summary>
/// <param name="recording">Not owned; null: only ports are counted.</param>
internal sealed class ChannelRecorder(IRecording? recording) : IChannelSink
{
    // {"Width":80,"Height":24}
    private const int LongestSize = 256;

    // Of which bytes are counted by themselves: a person names a few.
    private const int MostPorts = 256;

    private readonly SortedDictionary<int, (long In, long Out)> _ports = [];
    private readonly byte[] _size = new byte[LongestSize];
    private int _have;

    private (long In, long Out) _others;

    /// <summary>What came behind could not be read.</summary>
    public bool IsCut { get; set; }

    /// <summary>Bytes of each port, from the client and to it, for the audit log; null: there are no ports.</summary>
    public string? Ports
    {
        get
        {
            IEnumerable<string> said = _ports.Select(p => Said(p.Key.ToString(CultureInfo.InvariantCulture), p.Value));
            said = _others == default ? said : said.Append(Said("others", _others));
            return _ports.Count == 0 ? null : string.Join("; ", IsCut ? said.Append("what came behind could not be read") : said);
        }
    }

    /// <inheritdoc/>
    public void Take(Peer from, Channel channel, ReadOnlySpan<byte> data)
    {
        switch (channel.Kind)
        {
            case ChannelKind.Port:
                Count(from, channel.Port, data.Length);
                break;
            case ChannelKind.Stdout or ChannelKind.Stderr when from == Peer.Upstream:
                recording?.Output(data, channel.Kind == ChannelKind.Stderr);
                break;
            case ChannelKind.Resize when from == Peer.Client && recording is not null:
                Resize(data);
                break;
            default:
                break;
        }
    }

    private static string Said(string port, (long In, long Out) bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{port}: {bytes.In} in, {bytes.Out} out");

    private void Count(Peer from, int port, int bytes)
    {
        bool isKnown = _ports.TryGetValue(port, out (long In, long Out) sum) || _ports.Count < MostPorts;
        sum = isKnown ? sum : _others;
        sum = from == Peer.Client ? (sum.In + bytes, sum.Out) : (sum.In, sum.Out + bytes);
        if (isKnown)
        {
            _ports[port] = sum;
        }
        else
        {
            _others = sum;
        }
    }

    private void Resize(ReadOnlySpan<byte> data)
    {
        foreach (byte one in data)
        {
            if (_have == _size.Length)
            {
                throw new ProtocolException(Peer.Client, "a size of a terminal that is none");
            }

            _size[_have++] = one;
            if (one == '}')
            {
                recording!.Resized(SizeOf(_size.AsSpan(0, _have)));
                _have = 0;
            }
        }
    }

    private static TerminalSize SizeOf(ReadOnlySpan<byte> text)
    {
        try
        {
            using JsonDocument size = JsonDocument.Parse(Encoding.UTF8.GetString(text));
            return new TerminalSize(size.RootElement.GetProperty("Width").GetUInt32(), size.RootElement.GetProperty("Height").GetUInt32());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new ProtocolException(Peer.Client, "a size of a terminal that is none");
        }
    }
}
