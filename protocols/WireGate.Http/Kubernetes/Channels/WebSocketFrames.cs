using System.Buffers.Binary;
using WireGate.Core.Framing;

namespace WireGate.Http.Kubernetes.Channels;

/// <summary>Takes a piece of a message.</summary>
/// <param name="data">Borrowed for the call; may be empty.</param>
/// <param name="isFirst">It begins the message.</param>
internal delegate void MessagePiece(ReadOnlySpan<byte> data, bool isFirst);

/// <summary>The messages of one direction of a WebSocket (RFC 6455 section 5), of any length, in pieces. Control frames are passed over.</summary>
/// <param name="from">Whose they are: a client masks them, and nobody else.</param>
/// <param name="take">Told what messages hold.</param>
/// <param name="isWhole">Each is one frame: who reads them does not know fragments.</param>
internal sealed class WebSocketFrames(Peer from, MessagePiece take, bool isWhole = false)
{
    // FIN RSV opcode, MASK length, extended length, masking key
    private readonly byte[] _head = new byte[2 + 8 + 4];
    private int _have;
    private long _left;
    private int _unmasked;
    private bool _isControl;
    private bool _isLast;
    private bool _isWithin;
    private bool _isFirst;

    /// <summary>Reads the next bytes.</summary>
    /// <exception cref="ProtocolException">They can never be valid, or are compressed.</exception>
    public void Read(ReadOnlySpan<byte> input)
    {
        Span<byte> clear = stackalloc byte[1024];
        while (!input.IsEmpty)
        {
            if (_left == 0)
            {
                _head[_have++] = input[0];
                input = input[1..];
                if (_have >= 2 && _have == HeadLength)
                {
                    Begin();
                }

                continue;
            }

            ReadOnlySpan<byte> data = input[..(int)Math.Min(Math.Min(_left, input.Length), clear.Length)];
            input = input[data.Length..];
            _left -= data.Length;
            if (!_isControl)
            {
                take(from == Peer.Client ? Unmask(data, clear) : data, _isFirst);
                _isFirst = false;
            }

            if (_left == 0)
            {
                End();
            }
        }
    }

    private int HeadLength => 2 + ((_head[1] & 0x7f) switch { 126 => 2, 127 => 8, _ => 0 }) + ((_head[1] & 0x80) != 0 ? 4 : 0);

    private void Begin()
    {
        int opcode = _head[0] & 0x0f;
        bool isMasked = (_head[1] & 0x80) != 0;
        _isLast = (_head[0] & 0x80) != 0;
        ulong length = (_head[1] & 0x7f) switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(_head.AsSpan(2)),
            127 => BinaryPrimitives.ReadUInt64BigEndian(_head.AsSpan(2)),
            var few => (ulong)few,
        };
        if ((_head[0] & 0x70) != 0)
        {
            throw new ProtocolException(from, "a frame of WebSocket that is compressed, or of an extension");
        }

        if (isMasked != (from == Peer.Client))
        {
            throw new ProtocolException(from, "a frame of WebSocket that is masked and should not be, or the other way round");
        }

        _isControl = opcode >= 8;
        bool isFit = _isControl ? opcode <= 10 && _isLast && length <= 125
            : opcode == 0 ? _isWithin
            : opcode <= 2 && !_isWithin;

        // What API servers read these with takes each frame for a message.
        isFit &= _isControl || !isWhole || (opcode != 0 && _isLast);
        if (!isFit || length > long.MaxValue)
        {
            throw new ProtocolException(from, "a frame of WebSocket that is none, or not in its place");
        }

        if (!_isControl)
        {
            _isFirst = opcode != 0 || _isFirst;
            _isWithin = true;
        }

        (_have, _unmasked, _left) = (0, 0, (long)length);
        if (isMasked)
        {
            _head.AsSpan(HeadLength - 4, 4).CopyTo(_head.AsSpan(10));
        }

        if (_left == 0)
        {
            End();
        }
    }

    private void End() => _isWithin &= _isControl || !_isLast;

    // The key is at the end of the head by now.
    private ReadOnlySpan<byte> Unmask(ReadOnlySpan<byte> data, Span<byte> clear)
    {
        for (int i = 0; i < data.Length; i++)
        {
            clear[i] = (byte)(data[i] ^ _head[10 + (_unmasked++ & 3)]);
        }

        return clear[..data.Length];
    }
}
