using System.Buffers.Binary;
using WireGate.Http.Http2.Frames;

namespace WireGate.Http.Http2;

/// <content>HEADERS and what continues it.</content>
internal sealed partial class Http2Connection
{
    private PooledBuffer _block;
    private int _blockStream;
    private bool _blockEnds;
    private bool _blockDependsOnItself;
    private int _continuations;

    // +---------------+
    // |Pad Length? (8)|
    // +-+-------------+-----------------------------------------------+
    // |E|                 Stream Dependency? (31)                     |
    // +-+-------------+-----------------------------------------------+
    // |  Weight? (8)  |
    // +-+-------------+-----------------------------------------------+
    // |                   Field Block Fragment (*)                  ...
    // +---------------------------------------------------------------+
    // |                           Padding (*)                       ...
    // +---------------------------------------------------------------+
    private void OnHeaders(in FrameHead head, ReadOnlySpan<byte> payload)
    {
        int padding = 0;
        if (head.Has(FrameFlags.PADDED))
        {
            if (payload.IsEmpty)
            {
                Http2Exception.Throw(_peer, ErrorCode.FRAME_SIZE_ERROR, "a frame that is too short for what it says that it has");
            }

            padding = payload[0];
            payload = payload[1..];
        }

        _blockDependsOnItself = false;
        if (head.Has(FrameFlags.PRIORITY))
        {
            const int PriorityLength = 5;
            if (payload.Length < PriorityLength)
            {
                Http2Exception.Throw(_peer, ErrorCode.FRAME_SIZE_ERROR, "a frame that is too short for what it says that it has");
            }

            _blockDependsOnItself = (BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue) == head.StreamId;
            payload = payload[PriorityLength..];
        }

        if (padding > payload.Length)
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, "more padding than there is room for");
        }

        payload = payload[..^padding];
        bool endStream = head.Has(FrameFlags.END_STREAM);
        if (head.Has(FrameFlags.END_HEADERS))
        {
            OnBlock(head.StreamId, payload, endStream);
            return;
        }

        (_blockStream, _blockEnds, _continuations) = (head.StreamId, endStream, 0);
        _block.Write(payload);
    }

    // CVE-2024-27316 and its kind: before anything is decoded, it is known how much that is.
    private void OnContinuation(in FrameHead head, ReadOnlySpan<byte> payload)
    {
        if (_blockStream == 0)
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, "a frame that continues nothing");
        }

        bool isLast = head.Has(FrameFlags.END_HEADERS);
        if (++_continuations > Http2Limits.MostContinuations || _block.Length + payload.Length > Http2Limits.MostBlock || (payload.IsEmpty && !isLast))
        {
            Http2Exception.Throw(_peer, ErrorCode.ENHANCE_YOUR_CALM, "a field block in too many pieces");
        }

        _block.Write(payload);
        if (isLast)
        {
            int streamId = _blockStream;
            _blockStream = 0;
            try
            {
                OnBlock(streamId, _block.Bytes, _blockEnds);
            }
            finally
            {
                _block.Clear();
            }
        }
    }

    // What its stream is in matters only behind the decoder: the table must be the same as the peer's, whatever becomes of the stream.
    private void OnBlock(int streamId, ReadOnlySpan<byte> block, bool endStream)
    {
        var section = new FieldSection();
        try
        {
            _decoder.Decode(block, section);
            if (_streams.TryGetValue(streamId, out Http2Stream? stream) && !stream.IsRemoteDone)
            {
                CheckDependency(streamId);
                if (OnSection(stream, section, endStream))
                {
                    section = null;
                }
            }
            else if (stream is not null)
            {
                Http2Exception.Throw(_peer, ErrorCode.STREAM_CLOSED, streamId, "fields behind the end of a stream");
            }
            else if (_role == Http2Role.Server && IsOfPeer(streamId) && streamId > _last)
            {
                _last = streamId;
                CheckDependency(streamId);
                if (OnRequest(streamId, section, endStream))
                {
                    section = null;
                }
            }
            else
            {
                OnStray(streamId);
            }
        }
        finally
        {
            section?.Clear();
        }
    }

    private void CheckDependency(int streamId)
    {
        if (_blockDependsOnItself)
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, streamId, "a stream that depends on itself");
        }
    }

    private void OnStray(int streamId)
    {
        switch (_closed.Find(streamId))
        {
            case StreamClosing.ResetHere when _role == Http2Role.Client:
            case StreamClosing.Unknown when IsForgotten(streamId):
                // An answer to what was cancelled here.
                break;
            case StreamClosing.ResetHere:
                Spend();
                break;
            case StreamClosing.Ended:
                Http2Exception.Throw(_peer, ErrorCode.STREAM_CLOSED, "fields behind the end of a stream");
                break;
            default:
                Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, "a stream that cannot be opened");
                break;
        }
    }

    /// <returns>True: the section is the stream's.</returns>
    private bool OnRequest(int streamId, FieldSection section, bool endStream)
    {
        // It came behind what GOAWAY said: the peer will ask elsewhere.
        if (streamId > _lastServed)
        {
            _closed.Add(streamId, StreamClosing.ResetHere);
            Spend();
            return false;
        }

        if (Active >= Limits.Streams)
        {
            SpendReset();
            WriteReset(streamId, ErrorCode.REFUSED_STREAM);
            return false;
        }

        var rules = new MessageRules(_peer, streamId);
        if (section.IsTooLarge)
        {
            RefuseFields(streamId, endStream);
            return false;
        }

        long length = rules.CheckRequest(section);
        if (endStream && length > 0)
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, streamId, "a body that is shorter than was said");
        }

        if (section.Fields.Length > FieldSection.MostFields)
        {
            RefuseFields(streamId, endStream);
            return false;
        }

        Http2Stream stream = Add(streamId, section);
        stream.HasHead = true;
        stream.Announce(length);
        if (endStream)
        {
            EndRemote(stream);
        }

        Accept!(stream);
        return true;
    }

    // 431, which RFC 9113 section 10.5.1 has for it.
    private void RefuseFields(int streamId, bool endStream)
    {
        SpendReset();
        using var answer = new FieldSection();
        answer.AddStatus(431);
        WriteBlock(streamId, answer, endStream: true);
        if (endStream)
        {
            _closed.Add(streamId, StreamClosing.Ended);
        }
        else
        {
            WriteReset(streamId, ErrorCode.NO_ERROR);
        }
    }

    /// <returns>True: the section is the stream's.</returns>
    private bool OnSection(Http2Stream stream, FieldSection section, bool endStream)
    {
        var rules = new MessageRules(_peer, stream.Id);
        if (section.IsTooLarge || section.Fields.Length > FieldSection.MostFields)
        {
            Http2Exception.Throw(_peer, ErrorCode.ENHANCE_YOUR_CALM, stream.Id, "a section of fields that is too large");
        }

        if (stream.HasHead)
        {
            rules.CheckTrailers(section);
            if (!endStream)
            {
                Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, stream.Id, "trailers that do not end the stream");
            }

            stream.SetTrailers(section);
            EndRemote(stream);
            return true;
        }

        long length = rules.CheckResponse(section);
        if (section.Code < 200)
        {
            if (endStream || ++stream.Interim > Http2Limits.MostInterim)
            {
                Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, stream.Id, "an answer before the answer, and no answer");
            }

            stream.AddHead(section);
            return true;
        }

        stream.HasHead = true;
        if (stream.IsToHead || section.Code is 204 or 304)
        {
            stream.AnnounceNone();
        }
        else
        {
            stream.Announce(length);
        }

        stream.AddHead(section);
        if (endStream)
        {
            EndRemote(stream);
        }

        return true;
    }

    private Http2Stream Add(int streamId, FieldSection section, bool isToHead = false)
    {
        var stream = new Http2Stream(this, Loop, streamId, section)
        {
            SendWindow = _settings.InitialWindowSize,
            ReceiveWindow = Limits.FirstWindow,
            IsToHead = isToHead,
        };
        _streams.Add(streamId, stream);
        Active++;
        return stream;
    }

    private void EndRemote(Http2Stream stream)
    {
        if (!stream.TryEndRemote())
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, stream.Id, "a body that is shorter than was said");
        }

        CloseIfDone(stream);
    }

    private void CloseIfDone(Http2Stream stream)
    {
        if (stream.IsRemoteDone && stream.IsLocalDone && Remove(stream.Id) is not null)
        {
            _closed.Add(stream.Id, StreamClosing.Ended);
            _resets.Earn();
            StopIfDrained();
        }
    }
}
