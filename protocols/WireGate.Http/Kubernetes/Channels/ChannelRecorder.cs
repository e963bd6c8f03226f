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

    private readonly SortedDictionary<int, (long In, long Out)> _ports = [];
    private readonly byte[] _size = new byte[LongestSize];
    private int _have;

    /// <summary>Bytes of each port, from the client and to it, for the audit log; null: there are no ports.</summary>
    public string? Ports => _ports.Count == 0 ? null
        : string.Join("; ", _ports.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Key}: {p.Value.In} in, {p.Value.Out} out")));

    /// <inheritdoc/>
    public void Take(Peer from, Channel channel, ReadOnlySpan<byte> data)
    {
        switch (channel.Kind)
        {
            case ChannelKind.Port:
                (long into, long outOf) = _ports.GetValueOrDefault(channel.Port);
                _ports[channel.Port] = from == Peer.Client ? (into + data.Length, outOf) : (into, outOf + data.Length);
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
