using System.Buffers.Binary;
using WireGate.Http.Http2.Frames;

namespace WireGate.Http.Http2;

/// <content>Frames that carry nothing of a message.</content>
internal sealed partial class Http2Connection
{
    private long _sendWindow = PeerSettings.UsualWindow;
    private bool _isAcknowledged;

    // Read and forgotten: what it says RFC 9113 section 5.3.2 deprecates.
    private void OnPriority(in FrameHead head, ReadOnlySpan<byte> payload)
    {
        const int Length = 5;
        Spend();
        if (payload.Length != Length)
        {
            Http2Exception.Throw(_peer, ErrorCode.FRAME_SIZE_ERROR, head.StreamId, "a frame of another length than its type has");
        }

        if ((BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue) == head.StreamId)
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, head.StreamId, "a stream that depends on itself");
        }
    }

    // +---------------------------------------------------------------+
    // |                        Error Code (32)                        |
    // +---------------------------------------------------------------+
    private void OnReset(in FrameHead head, ReadOnlySpan<byte> payload)
    {
        if (IsIdle(head.StreamId))
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, "a reset of a stream that nobody opened");
        }

        if (Remove(head.StreamId) is not { } stream)
        {
            Spend();
            return;
        }

        _closed.Add(head.StreamId, StreamClosing.Ended);
        var code = (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload);
        stream.End(new StreamException(code, isByPeer: true, isUnprocessed: code == ErrorCode.REFUSED_STREAM));
        StopIfDrained();
        if (_role == Http2Role.Server && stream.Sent == 0)
        {
            // Who has begun to take the answer pays for it as those do who take all of it: downloads, watches and calls are ended so.
            SpendReset();
        }
    }

    private void OnSettings(in FrameHead head, ReadOnlySpan<byte> payload)
    {
        if (head.Has(FrameFlags.ACK))
        {
            if (_isAcknowledged)
            {
                Spend();
            }

            _isAcknowledged = true;
            return;
        }

        if (_hasSettings)
        {
            Spend();
        }

        int before = _settings.InitialWindowSize;
        _settings.Read(payload);
        _encoder.SetTableSize(_settings.HeaderTableSize);
        _hasSettings = true;
        int change = _settings.InitialWindowSize - before;
        foreach (Http2Stream stream in _streams.Values)
        {
            // RFC 9113 section 6.9.2: of those that are open too; below zero nothing is sent until it is above.
            stream.SendWindow += change;
            if (stream.SendWindow > int.MaxValue)
            {
                Http2Exception.Throw(_peer, ErrorCode.FLOW_CONTROL_ERROR, "a window that is larger than any may be");
            }

            if (change > 0)
            {
                Ready(stream);
            }
        }

        Control();
        FrameWriter.WriteSettingsAck(Pending);
        RoomChanged?.Invoke();
    }

    private void OnPing(in FrameHead head, ReadOnlySpan<byte> payload)
    {
        ulong opaque = BinaryPrimitives.ReadUInt64BigEndian(payload);
        if (head.Has(FrameFlags.ACK))
        {
            if (_isPinged && opaque == AlivePing)
            {
                _isPinged = false;
            }
            else if (!TryTakeAnswer(opaque))
            {
                Spend();
            }

            return;
        }

        Spend();
        Control();
        FrameWriter.WritePing(Pending, opaque, isAck: true);
    }

    // +-+-------------------------------------------------------------+
    // |R|                  Last-Stream-ID (31)                        |
    // +-+-------------------------------------------------------------+
    // |                      Error Code (32)                          |
    // +---------------------------------------------------------------+
    // |                  Additional Debug Data (*)                    |
    // +---------------------------------------------------------------+
    private void OnGoAway(ReadOnlySpan<byte> payload)
    {
        Spend();
        int last = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
        var code = (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        IsPeerLeaving = true;
        if (_role == Http2Role.Client)
        {
            EndAbove(last, code);
            StopIfDrained();
        }

        RoomChanged?.Invoke();
    }

    private void OnWindowUpdate(in FrameHead head, ReadOnlySpan<byte> payload)
    {
        int increment = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
        if (head.StreamId == 0)
        {
            _sendWindow += increment;
            _moved++;
            if (increment == 0 || _sendWindow > int.MaxValue)
            {
                Http2Exception.Throw(
                    _peer, increment == 0 ? ErrorCode.PROTOCOL_ERROR : ErrorCode.FLOW_CONTROL_ERROR, "a window that grows by nothing, or beyond what any may be");
            }

            _wake.Set();
            return;
        }

        if (IsIdle(head.StreamId))
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, "a window of a stream that nobody opened");
        }

        if (!_streams.TryGetValue(head.StreamId, out Http2Stream? stream))
        {
            // Sent before the peer knew that the stream is at its end.
            Spend();
            return;
        }

        stream.SendWindow += increment;
        if (increment == 0 || stream.SendWindow > int.MaxValue)
        {
            Http2Exception.Throw(
                _peer, increment == 0 ? ErrorCode.PROTOCOL_ERROR : ErrorCode.FLOW_CONTROL_ERROR, head.StreamId,
                "a window that grows by nothing, or beyond what any may be");
        }

        Ready(stream);
    }
}
