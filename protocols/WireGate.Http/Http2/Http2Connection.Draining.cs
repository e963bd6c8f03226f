using WireGate.Http.Http2.Frames;

namespace WireGate.Http.Http2;

/// <content>
/// How it ends without a loss: what was begun is made, and the peer has read it. What was handed to the transport is not there yet: a connection that is
/// closed under frames that the peer still sends is reset, and a reset takes what lies on the way.
/// </content>
internal sealed partial class Http2Connection
{
    private const ulong DrainPing = 0x5769_7265_4761_7465;
    private const ulong LastPing = DrainPing + 1;

    // Within a round trip the peer knows, or it does not answer.
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(2);

    // A peer that takes nothing for that long, and is waited for alone, gets no more. One that reads slowly is let read.
    private static readonly TimeSpan LongestUnread = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan DrainLook = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LingerLook = TimeSpan.FromSeconds(5);

    private long _drainSince;
    private long _takenSince;
    private long _taken;
    private long _moved;
    private long _sent;
    private int _lingering;
    private bool _isDraining;
    private bool _isLeaving;
    private int _lastServed = int.MaxValue;

    /// <summary>The peer did not take in time what there was for it: what is left of that is for nobody, and its transport is to be aborted.</summary>
    public bool IsUnread { get; private set; }

    /// <summary>Answers whose making is over wait for a peer that has not taken all of them.</summary>
    public bool HasUnread => _lingering > 0 || _isFlushing;

    /// <summary>Grows whenever the peer takes something.</summary>
    public long Taken => _moved - (_output.CanGetUnflushedBytes ? _output.UnflushedBytes : 0) + (TakenBelow?.Invoke() ?? 0);

    /// <summary>Grows by what the peer's system takes of what was flushed; null: nobody knows.</summary>
    public Func<long>? TakenBelow { get; init; }

    // Whoever shuts the window of the connection, and asks for what needs none, takes nothing.
    internal long TakenOfAll => _sendWindow > 0 ? Taken : _sent;

    /// <summary>Opens no stream any more, and lets those end that are open; then <see cref="RunAsync"/> ends.</summary>
    public void Drain()
    {
        if (_isDraining || _isOver)
        {
            return;
        }

        _isDraining = true;
        if (_role == Http2Role.Server)
        {
            // RFC 9113 section 6.8: first that it will end, and when the peer knows, where: what it asked meanwhile is served.
            FrameWriter.WriteGoAway(Pending, int.MaxValue, ErrorCode.NO_ERROR);
            FrameWriter.WritePing(Pending, DrainPing, isAck: false);
            _drainSince = _takenSince = _time.GetTimestamp();
            Arm(DrainLook);
        }
        else
        {
            _lastServed = 0;
            StopIfDrained();
        }
    }

    /// <returns>False: it is none that a drain asked.</returns>
    private bool TryTakeAnswer(ulong opaque)
    {
        if (_isLeaving && opaque == LastPing)
        {
            // It has read all that was sent before.
            Stop(null);
            return true;
        }

        if (_isDraining && opaque == DrainPing)
        {
            EndDrain();
            return true;
        }

        return false;
    }

    private void EndDrain()
    {
        if (_lastServed == int.MaxValue && _role == Http2Role.Server)
        {
            _lastServed = _last;
            FrameWriter.WriteGoAway(Pending, _last, ErrorCode.NO_ERROR);
            StopIfDrained();
        }
    }

    private void StopIfDrained()
    {
        if (_role == Http2Role.Client)
        {
            if ((_isDraining || IsPeerLeaving) && _streams.Count == 0 && Active == 0)
            {
                Stop(null);
            }
        }
        else if (_isDraining && _lastServed != int.MaxValue && !_isLeaving && !_isOver && _streams.Count == 0 && Active == 0)
        {
            _isLeaving = true;
            FrameWriter.WritePing(Pending, LastPing, isAck: false);
            _takenSince = _time.GetTimestamp();
        }
    }

    // What is whole and waits for its window counts as one of the streams that the peer may have, and nobody else looks after it.
    private void LookAtLingering()
    {
        foreach (Http2Stream stream in _streams.Values.Where(s => s.IsLingering && s.Unread.IsUnread(_time, isFull: true, s.Taken, Limits.LeastRate)).ToArray())
        {
            Reset(stream, ErrorCode.CANCEL);
        }

        if (_lingering > 0 && !_isOver)
        {
            Arm(LingerLook);
        }
    }

    private void LookAtDrain()
    {
        if (_time.GetElapsedTime(_drainSince) >= DrainTime)
        {
            EndDrain();
        }

        long taken = Taken;
        if (Active > _lingering || taken != _taken)
        {
            (_taken, _takenSince) = (taken, _time.GetTimestamp());
        }
        else if (_time.GetElapsedTime(_takenSince) >= LongestUnread)
        {
            IsUnread = true;
            Stop(null);
            return;
        }

        Arm(DrainLook);
    }
}
