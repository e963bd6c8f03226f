using System.Buffers.Text;
using WireGate.Core.Framing;

namespace WireGate.Http.Kubernetes.Channels;

/// <summary>
/// The channels that API servers carry over WebSocket: the first byte of a message names one (v4 and v5.channel.k8s.io), or its first digit, and the
/// rest is base64 (base64.channel.k8s.io).
/// </summary>
internal sealed class WebSocketChannels : IChannelReader
{
    // v5: what is behind it names a channel that is closed.
    private const byte Close = 255;

    private const byte Error = 3;

    private readonly Direction _client;
    private readonly Direction _upstream;

    /// <param name="ports">Of port-forward, in the order in which they were asked for; empty: exec or attach.</param>
    /// <param name="isBase64">Channels are in base64.</param>
    /// <param name="sink">Told what goes over them.</param>
    public WebSocketChannels(int[] ports, bool isBase64, IChannelSink sink)
    {
        _client = new Direction(Peer.Client, ports, isBase64, sink);
        _upstream = new Direction(Peer.Upstream, ports, isBase64, sink);
    }

    /// <inheritdoc/>
    public void Read(Peer from, ReadOnlySpan<byte> bytes) => (from == Peer.Client ? _client : _upstream).Read(bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class Direction
    {
        private readonly WebSocketFrames _frames;
        private readonly Peer _from;
        private readonly int[] _ports;
        private readonly bool _isBase64;
        private readonly IChannelSink _sink;

        // An API server says the number of the port first, on each of its channels.
        private readonly int[] _said;
        private readonly byte[] _four = new byte[4];
        private int _carried;
        private bool _isNamed;
        private int _number;
        private Channel _channel;

        public Direction(Peer from, int[] ports, bool isBase64, IChannelSink sink)
        {
            (_from, _ports, _isBase64, _sink) = (from, ports, isBase64, sink);
            _said = new int[2 * ports.Length];
            _frames = new WebSocketFrames(from, Take, isWhole: from == Peer.Client);
        }

        public void Read(ReadOnlySpan<byte> bytes) => _frames.Read(bytes);

        private void Take(ReadOnlySpan<byte> data, bool isFirst)
        {
            if (isFirst)
            {
                if (_carried > 0)
                {
                    throw new ProtocolException(_from, "a message of a channel that is no base64");
                }

                _isNamed = false;
            }

            if (!_isNamed && !data.IsEmpty)
            {
                _number = _isBase64 ? data[0] - '0' : data[0];
                _channel = ChannelOf(_number);
                _isNamed = true;
                data = data[1..];
            }

            if (_isBase64)
            {
                Decode(data);
            }
            else
            {
                Tell(data);
            }
        }

        private Channel ChannelOf(int number) => _ports.Length > 0
            ? number >= 0 && number < _said.Length ? new Channel(number % 2 == 0 ? ChannelKind.Port : ChannelKind.Other, _ports[number / 2])
                : number == Close ? default : throw Unknown()
            : number switch
            {
                0 => new Channel(ChannelKind.Stdin),
                1 => new Channel(ChannelKind.Stdout),
                2 => new Channel(ChannelKind.Stderr),
                Error or Close => default,
                4 => new Channel(ChannelKind.Resize),
                _ => throw Unknown(),
            };

        private ProtocolException Unknown() => new(_from, "a message of a channel that nobody knows");

        private void Tell(ReadOnlySpan<byte> data)
        {
            if (_from == Peer.Upstream && _ports.Length > 0 && _number < _said.Length)
            {
                int number = Math.Min(2 - _said[_number], data.Length);
                _said[_number] += number;
                data = data[number..];
            }

            if (!data.IsEmpty)
            {
                _sink.Take(_from, _channel, data);
            }
        }

        private void Decode(ReadOnlySpan<byte> text)
        {
            Span<byte> three = stackalloc byte[3];
            foreach (byte one in text)
            {
                _four[_carried++] = one;
                if (_carried == _four.Length)
                {
                    _carried = 0;
                    if (Base64.DecodeFromUtf8(_four, three, out _, out int count) != System.Buffers.OperationStatus.Done)
                    {
                        throw new ProtocolException(_from, "a message of a channel that is no base64");
                    }

                    Tell(three[..count]);
                }
            }
        }
    }
}
