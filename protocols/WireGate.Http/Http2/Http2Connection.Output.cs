using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Transport;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Http2.Hpack;

namespace WireGate.Http.Http2;

/// <content>
/// What goes out. Heads and frames of the connection wait in one buffer, in the order in which they were written; data waits at its stream. One pump
/// takes of both and writes to the transport, so that whatever is written while it is woken goes with one send.
/// </content>
internal sealed partial class Http2Connection : IBufferWriter<byte>
{
    // Octets between two flushes: what the transport takes at once, and the longest that a stream waits for its turn.
    private const int MostTurn = 64 * 1024;

    private readonly Queue<Http2Stream> _ready = new();
    private readonly LoopSignal _wake;
    private readonly LoopSignal _drained;
    private PooledBuffer _pending;

    // Streams whose answers are whole and whose requests are not: they are reset by what is sent next, and by what is sent behind that.
    private List<int> _resetNext = [];
    private List<int> _resetLater = [];
    private int _controlFrames;
    private bool _isFlushing;
    private bool _isGone;

    private Http2Connection Pending => this;

    // Answers without a body are bounded by no window: whoever does not read them is not read from.
    private bool IsFull => _pending.Length >= Http2Limits.MostPending;

    /// <inheritdoc/>
    void IBufferWriter<byte>.Advance(int count)
    {
        _pending.Advance(count);
        _wake.Set();
    }

    /// <inheritdoc/>
    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint) => _pending.GetMemory(sizeHint);

    /// <inheritdoc/>
    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint) => _pending.GetMemory(sizeHint).Span;

    /// <summary>A stream has something to send, or may send again.</summary>
    internal void Ready(Http2Stream stream)
    {
        if (!stream.IsQueued && !stream.IsLocalDone && HasOutput(stream))
        {
            stream.IsQueued = true;
            _ready.Enqueue(stream);
            _wake.Set();
        }
    }

    /// <summary>Writes a header section of a stream.</summary>
    internal void WriteFields(Http2Stream stream, FieldSection section, bool endStream)
    {
        WriteBlock(stream.Id, section, endStream);
        if (endStream)
        {
            EndLocal(stream);
        }
    }

    /// <summary>Says that so much more may be sent.</summary>
    internal void WriteWindow(int streamId, int increment)
    {
        if (!_isOver)
        {
            FrameWriter.WriteWindowUpdate(Pending, streamId, increment);
        }
    }

    private static bool HasOutput(Http2Stream stream) =>
        stream.DataOut.Available > 0 ? stream.SendWindow > 0 : stream.DataOut.IsCompleted;

    private void WriteBlock(int streamId, FieldSection section, bool endStream)
    {
        if (_isOver)
        {
            return;
        }

        byte[] block = LoopArrays.Rent<byte>(HpackEncoder.MostLength(section));
        int length = _encoder.Encode(section, block);
        FrameWriter.WriteFields(Pending, streamId, block.AsSpan(0, length), endStream, FrameHead.UsualPayload);
        LoopArrays.Return(block, clear: true);
    }

    private void WriteReset(int streamId, ErrorCode code)
    {
        _closed.Add(streamId, StreamClosing.ResetHere);
        Control();
        if (code == ErrorCode.NO_ERROR)
        {
            // Not in one record with the end of the answer: curl 7.88 reads the reset first then, and shows no answer.
            _resetLater.Add(streamId);
            _wake.Set();
        }
        else
        {
            FrameWriter.WriteReset(Pending, streamId, code);
        }
    }

    /// <summary>A frame is written that the peer brought about: a peer that reads none of them gets no more of them.</summary>
    private void Control()
    {
        if (++_controlFrames > Http2Limits.MostControlFrames)
        {
            _controlFrames = 0;
            Http2Exception.Throw(_peer, ErrorCode.ENHANCE_YOUR_CALM, "a peer that asks and does not read");
        }
    }

    private async Task PumpAsync()
    {
        try
        {
            while (!_isGone)
            {
                if (!Fill())
                {
                    if (_overSince != 0)
                    {
                        return;
                    }

                    await _wake.WaitAsync();
                    continue;
                }

                _isFlushing = true;
                FlushResult flushed = await _output.FlushAsync(CancellationToken.None);
                _isFlushing = false;
                _isGone = flushed.IsCompleted || flushed.IsCanceled;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _isGone = true;
        }
        finally
        {
            await Loop.Switch();
            Stop(null);
        }
    }

    /// <returns>False: there is nothing to send.</returns>
    private bool Fill()
    {
        int written = MoveResets() + MovePending();
        while (!_isOver && written < MostTurn && _sendWindow > 0 && _ready.TryDequeue(out Http2Stream? stream))
        {
            stream.IsQueued = false;
            written += WriteData(stream);
            written += MovePending();
        }

        // Of those that have only their end to say, no window is needed.
        for (int left = _sendWindow <= 0 && !_isOver ? _ready.Count : 0; left > 0; left--)
        {
            Http2Stream stream = _ready.Dequeue();
            stream.IsQueued = false;
            if (stream.DataOut.Available == 0)
            {
                written += WriteData(stream);
                written += MovePending();
            }
            else if (!stream.IsLocalDone)
            {
                stream.IsQueued = true;
                _ready.Enqueue(stream);
            }
        }

        (_resetNext, _resetLater) = (_resetLater, _resetNext);
        written += written == 0 ? MoveResets() : 0;
        _moved += written;
        return written > 0;
    }

    private int MoveResets()
    {
        int count = _resetNext.Count;
        foreach (int id in _resetNext)
        {
            FrameWriter.WriteReset(_output, id, ErrorCode.NO_ERROR);
        }

        _resetNext.Clear();
        return count;
    }

    private int MovePending()
    {
        int length = _pending.Length;
        if (length > 0)
        {
            _output.Write(_pending.Bytes);
            _pending.Consume(length);
            _controlFrames = 0;
            _drained.Set();
        }

        return length;
    }

    private int WriteData(Http2Stream stream)
    {
        if (stream.IsLocalDone)
        {
            return 0;
        }

        int available = stream.DataOut.Available;
        int count = (int)Math.Min(Math.Min(available, FrameHead.UsualPayload), Math.Max(0, Math.Min(stream.SendWindow, _sendWindow)));
        bool isLast = stream.DataOut.IsCompleted && count == available;
        bool endsHere = isLast && !stream.HasTrailers;
        int written = 0;
        if (count > 0 || endsHere)
        {
            FrameWriter.WriteDataHead(_output, stream.Id, count, endsHere);
            stream.DataOut.MoveTo(_output, count);
            stream.SendWindow -= count;
            stream.Sent += count;
            _sendWindow -= count;
            _sent += count;
            written = FrameHead.Size + count;
            if (count > 0)
            {
                _glitches.Earn();
            }
        }

        if (isLast)
        {
            using FieldSection? trailers = stream.TakeTrailers();
            if (trailers is not null)
            {
                WriteBlock(stream.Id, trailers, endStream: true);
            }

            EndLocal(stream);
        }
        else
        {
            Ready(stream);
        }

        return written;
    }

    private void EndLocal(Http2Stream stream)
    {
        stream.EndLocal();
        if (stream.IsLingering && !stream.IsRemoteDone)
        {
            Abandon(stream);
        }

        CloseIfDone(stream);
    }
}
