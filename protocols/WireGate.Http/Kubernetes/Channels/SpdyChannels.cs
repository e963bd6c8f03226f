using System.Buffers.Binary;
using System.Globalization;
using WireGate.Core.Framing;

namespace WireGate.Http.Kubernetes.Channels;

/// <summary>The channels that API servers carry over SPDY/3.1: a stream each, which the client opens and whose headers name it.</summary>
/// <param name="sink">Told what goes over them.</param>
internal sealed class SpdyChannels(IChannelSink sink) : IChannelReader
{
    private const int SynStream = 1;
    private const int SynReply = 2;
    private const int RstStream = 3;
    private const int Settings = 4;
    private const int Ping = 6;
    private const int GoAway = 7;
    private const int Headers = 8;
    private const int WindowUpdate = 9;
    private const int RstLength = 8;
    private const byte Fin = 1;

    // exec has five, and port-forward two for each connection at a time.
    private const int MostStreams = 4096;

    private readonly SpdyHeaders _headers = new();
    private readonly Dictionary<int, Stream> _streams = [];
    private readonly Direction _client = new(SpdyHeaders.Most);
    private readonly Direction _upstream = new(RstLength);
    private int _last;

    /// <inheritdoc/>
    public void Read(Peer from, ReadOnlySpan<byte> bytes)
    {
        Direction direction = from == Peer.Client ? _client : _upstream;
        while (!bytes.IsEmpty)
        {
            if (direction.Have < Direction.HeadLength)
            {
                direction.Head[direction.Have++] = bytes[0];
                bytes = bytes[1..];
                if (direction.Have == Direction.HeadLength)
                {
                    Begin(from, direction);
                }

                continue;
            }

            ReadOnlySpan<byte> data = bytes[..Math.Min(direction.Left, bytes.Length)];
            bytes = bytes[data.Length..];
            direction.Left -= data.Length;
            if (direction.IsCollected)
            {
                data.CopyTo(direction.Control.AsSpan(direction.Collected));
                direction.Collected += data.Length;
            }
            else if (direction.Stream is { Channel.Kind: not ChannelKind.Other } stream)
            {
                sink.Take(from, stream.Channel, data);
            }

            if (direction.Left == 0)
            {
                End(from, direction);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _headers.Dispose();

    // C=1 version:15 type:16 flags:8 length:24, or C=0 stream:31 flags:8 length:24
    private void Begin(Peer from, Direction direction)
    {
        uint first = BinaryPrimitives.ReadUInt32BigEndian(direction.Head);
        uint second = BinaryPrimitives.ReadUInt32BigEndian(direction.Head.AsSpan(4));
        direction.Left = (int)(second & 0xffffff);
        direction.Collected = 0;
        direction.Stream = null;
        if ((first & 0x80000000) == 0)
        {
            direction.IsCollected = false;
            if (!_streams.TryGetValue((int)first, out direction.Stream) && first > _last)
            {
                throw new ProtocolException(from, "data of a stream of SPDY that nobody opened");
            }
        }
        else
        {
            int type = (int)(first & 0xffff);
            if ((first & 0x7fff0000) != 0x30000 || (type == (from == Peer.Upstream ? SynStream : SynReply)))
            {
                throw new ProtocolException(from, "a frame of SPDY of another version, or a stream that the upstream opens");
            }

            if (!IsLength(type, direction.Left))
            {
                throw new ProtocolException(from, "a frame of SPDY that is longer or shorter than its kind, of which nobody knows where it ends");
            }

            direction.IsCollected = type == RstStream || (from == Peer.Client && type is SynStream or Headers);
            if (direction.IsCollected && direction.Left > direction.Control.Length)
            {
                throw new ProtocolException(from, "a frame of SPDY that is longer than it may be");
            }
        }

        if (direction.Left == 0)
        {
            End(from, direction);
        }
    }

    // Who reads them knows how long they are, and does not look at what they say.
    private static bool IsLength(int type, int length) => type switch
    {
        SynStream => length >= 10,
        SynReply or Headers => length >= 4,
        RstStream or GoAway or WindowUpdate => length == 8,
        Ping => length == 4,

        // Number of entries:32, and that many of eight bytes: none is sent here, and how many there are is not looked at.
        Settings => length == 4,
        _ => false,
    };

    private void End(Peer from, Direction direction)
    {
        uint first = BinaryPrimitives.ReadUInt32BigEndian(direction.Head);
        bool isFin = (direction.Head[4] & Fin) != 0;
        direction.Have = 0;
        ReadOnlySpan<byte> control = direction.Control.AsSpan(0, direction.Collected);
        if (direction.Stream is { } stream && isFin)
        {
            Close(from, (int)first, stream);
        }
        else if (direction.IsCollected)
        {
            int head = (first & 0xffff) switch { SynStream => 10, Headers => 4, _ => RstLength };
            if (control.Length < head)
            {
                throw new ProtocolException(from, "a frame of SPDY that is too short");
            }

            int id = (int)(BinaryPrimitives.ReadUInt32BigEndian(control) & 0x7fffffff);
            switch (first & 0xffff)
            {
                case SynStream:
                    Open(id, control[head..], isFin);
                    break;
                case RstStream:
                    _streams.Remove(id);
                    break;
                default:
                    _headers.Read(control[head..], static (_, _) => { });
                    break;
            }
        }
    }

    private void Open(int id, ReadOnlySpan<byte> block, bool isFin)
    {
        string type = "", port = "";
        int types = 0, ports = 0;
        _headers.Read(block, (name, value) =>
        {
            // Several values of one name have NUL between them.
            types += name == "streamtype" ? 1 + value.Count(c => c == '\0') : 0;
            ports += name == "port" ? 1 + value.Count(c => c == '\0') : 0;
            (type, port) = name switch { "streamtype" => (value, port), "port" => (type, value), _ => (type, port) };
        });
        if (types != 1 || ports > 1)
        {
            throw new ProtocolException(Peer.Client, "a stream of SPDY of several types or ports");
        }

        ChannelKind kind = type switch
        {
            "stdin" => ChannelKind.Stdin,
            "stdout" => ChannelKind.Stdout,
            "stderr" => ChannelKind.Stderr,
            "resize" => ChannelKind.Resize,
            "data" => ChannelKind.Port,
            "error" => ChannelKind.Other,
            _ => throw new ProtocolException(Peer.Client, "a stream of SPDY of a type that nobody knows"),
        };
        if (id <= _last || _streams.Count >= MostStreams)
        {
            throw new ProtocolException(Peer.Client, "a stream of SPDY twice, or too many");
        }

        _last = id;
        ushort number = 0;
        if (ports > 0 && !(ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0))
        {
            throw new ProtocolException(Peer.Client, "a stream of SPDY for a port that is none");
        }

        var stream = new Stream(new Channel(kind, number));
        _streams.Add(id, stream);
        if (isFin)
        {
            Close(Peer.Client, id, stream);
        }
    }

    private void Close(Peer from, int id, Stream stream)
    {
        stream.IsClosedByClient |= from == Peer.Client;
        stream.IsClosedByUpstream |= from == Peer.Upstream;
        if (stream is { IsClosedByClient: true, IsClosedByUpstream: true })
        {
            _streams.Remove(id);
        }
    }

    private sealed class Stream(Channel channel)
    {
        public Channel Channel => channel;

        public bool IsClosedByClient { get; set; }

        public bool IsClosedByUpstream { get; set; }
    }

    /// <param name="most">Bytes of a control frame that is read.</param>
    private sealed class Direction(int most)
    {
        public const int HeadLength = 8;

        public int Have;
        public int Left;
        public int Collected;
        public bool IsCollected;
        public Stream? Stream;

        public byte[] Head { get; } = new byte[HeadLength];

        public byte[] Control { get; } = new byte[most];
    }
}
