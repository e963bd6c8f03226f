using System.Buffers;
using WireGate.Http.Http2.Frames;

namespace WireGate.Http.Http2;

/// <content>DATA that comes, and the windows for it.</content>
internal sealed partial class Http2Connection
{
    private Http2Stream? _dataStream;
    private int _dataLeft;
    private int _paddingLeft;
    private bool _dataEnds;
    private int _receiveWindow;
    private int _returned;
    private int _wider;

    // +---------------+
    // |Pad Length? (8)|
    // +---------------+-----------------------------------------------+
    // |                            Data (*)                         ...
    // +---------------------------------------------------------------+
    // |                           Padding (*)                       ...
    // +---------------------------------------------------------------+
    /// <summary>A frame begins; what it carries comes later.</summary>
    private void OnData(in FrameHead head, ReadOnlySpan<byte> padLength)
    {
        bool isPadded = head.Has(FrameFlags.PADDED);
        int padding = isPadded && head.Length > 0 ? padLength[0] : 0;
        int data = head.Length - padding - (isPadded ? 1 : 0);
        if (data < 0)
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, "more padding than there is room for");
        }

        bool endStream = head.Has(FrameFlags.END_STREAM);
        if (data == 0 && !endStream)
        {
            Spend();
        }
        else if (data > 0)
        {
            _glitches.Earn();
        }

        _receiveWindow -= head.Length;
        if (_receiveWindow < 0)
        {
            Http2Exception.Throw(_peer, ErrorCode.FLOW_CONTROL_ERROR, "more data than the window of the connection lets pass");
        }

        Return(head.Length - data);
        (_dataStream, _dataLeft, _paddingLeft, _dataEnds) = (null, data, padding, endStream);
        Expect(head, data);
        if (_dataLeft + _paddingLeft == 0)
        {
            EndData();
        }
    }

    // Without a stream, what comes is passed over.
    private void Expect(in FrameHead head, int data)
    {
        if (IsIdle(head.StreamId))
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, "data of a stream that nobody opened");
        }

        if (!_streams.TryGetValue(head.StreamId, out Http2Stream? stream) || stream.IsRemoteDone)
        {
            if (stream is null && (_closed.Find(head.StreamId) == StreamClosing.ResetHere || IsForgotten(head.StreamId)))
            {
                return;
            }

            Http2Exception.Throw(_peer, ErrorCode.STREAM_CLOSED, head.StreamId, "data behind the end of a stream");
        }

        if (!stream.HasHead)
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, head.StreamId, "a body before its head");
        }

        if (!stream.TryExpect(head.Length, data))
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, head.StreamId, "a body that is longer than was said");
        }

        if (stream.ReceiveWindow < 0)
        {
            Http2Exception.Throw(_peer, ErrorCode.FLOW_CONTROL_ERROR, head.StreamId, "more data than the window of the stream lets pass");
        }

        _dataStream = stream;
    }

    /// <returns>False: more bytes are needed.</returns>
    private bool TryTakeData(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return false;
        }

        // A sequence may begin at the end of a segment.
        ReadOnlySpan<byte> first = buffer.FirstSpan;
        for (SequencePosition at = buffer.Start; first.IsEmpty && buffer.TryGet(ref at, out ReadOnlyMemory<byte> segment);)
        {
            first = segment.Span;
        }

        int count = Math.Min(first.Length, _dataLeft > 0 ? _dataLeft : _paddingLeft);
        if (_dataLeft > 0)
        {
            _dataLeft -= count;
            Http2Stream? stream = _dataStream;
            if (stream is { IsRemoteDone: false })
            {
                stream.Receive(first[..count]);
            }
            else
            {
                Return(count);
            }
        }
        else
        {
            _paddingLeft -= count;
        }

        buffer = buffer.Slice(count);
        if (_dataLeft + _paddingLeft == 0)
        {
            EndData();
        }

        return true;
    }

    private void EndData()
    {
        Http2Stream? stream = _dataStream;
        _dataStream = null;
        if (!_dataEnds || stream is null || stream.IsRemoteDone)
        {
            return;
        }

        try
        {
            EndRemote(stream);
        }
        catch (Http2Exception e) when (!e.IsOfConnection)
        {
            Provoked(e);
        }
    }

    /// <summary>So many octets of the connection's window may come again.</summary>
    internal void Return(int count)
    {
        // So that what is not given back yet and what lies here never are all of it.
        _returned += count;
        if (_returned >= Limits.ConnectionWindow / 8 && !_isOver)
        {
            _receiveWindow += _returned;
            WriteWindow(0, _returned);
            _returned = 0;
        }
    }

    /// <summary>A stream that is read may have more lie here than those that nobody reads.</summary>
    /// <returns>False: there is no room, and it goes on with what it has.</returns>
    internal bool TryWiden(int count)
    {
        if (count > Limits.MostWider - _wider)
        {
            return false;
        }

        _wider += count;
        return true;
    }

    /// <summary>Its room is for others again.</summary>
    internal void Narrow(int count) => _wider -= count;
}
