using WireGate.Http.Http2.Frames;

namespace WireGate.Http.Http2;

/// <content>How it begins and ends, streams and the connection.</content>
internal sealed partial class Http2Connection
{
    // What was said last is sent within that, or it is not.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private ITimer? _timer;
    private long _opened;
    private long _partialSince;
    private long _overSince;
    private long _due;
    private bool _isPartial;
    private bool _isBlock;
    private bool _isTimed;

    /// <summary>Ends it, and all of its streams, now.</summary>
    public void Close() => Stop(null);

    /// <summary>Ends a stream both ways.</summary>
    internal void Reset(Http2Stream stream, ErrorCode code)
    {
        if (Remove(stream.Id) is not null)
        {
            if (!_isOver)
            {
                WriteResetOrStop(stream.Id, code);
            }

            stream.End(new StreamException(code, isByPeer: false, isUnprocessed: false));
            StopIfDrained();
        }
    }

    /// <summary>The work for a stream is over.</summary>
    internal void Release(Http2Stream stream)
    {
        bool isOpen = _streams.ContainsKey(stream.Id);
        if (isOpen && stream.DataOut.IsCompleted && !stream.IsLocalDone)
        {
            // What was written goes out yet; until then it counts.
            stream.IsLingering = true;
            _lingering++;
            Arm(LingerLook);
            return;
        }

        Active--;
        if (isOpen)
        {
            Abandon(stream);
        }

        StopIfDrained();
        RoomChanged?.Invoke();
    }

    // A whole answer to a request whose rest nobody wants (RFC 9113 section 8.1) is none that failed.
    private void Abandon(Http2Stream stream) =>
        Reset(stream, stream.IsLocalDone && _role == Http2Role.Server ? ErrorCode.NO_ERROR : ErrorCode.CANCEL);

    /// <summary>Takes a stream that is at its end out of those that are open.</summary>
    private Http2Stream? Remove(int streamId)
    {
        if (_streams.Remove(streamId, out Http2Stream? stream) && stream.IsLingering)
        {
            stream.IsLingering = false;
            _lingering--;
            Active--;
            RoomChanged?.Invoke();
        }

        return stream;
    }

    private void Open()
    {
        if (_role == Http2Role.Client)
        {
            _pending.Write(FrameWriter.Preface);
        }

        FrameWriter.WriteSettings(
            Pending,
            _role == Http2Role.Server
                ?
                [
                    (SettingId.MAX_CONCURRENT_STREAMS, (uint)Limits.Streams),
                    (SettingId.INITIAL_WINDOW_SIZE, (uint)Limits.FirstWindow),
                    (SettingId.MAX_HEADER_LIST_SIZE, FieldSection.MostBytes),
                ]
                :
                [
                    (SettingId.ENABLE_PUSH, 0),
                    (SettingId.INITIAL_WINDOW_SIZE, (uint)Limits.FirstWindow),
                    (SettingId.MAX_HEADER_LIST_SIZE, FieldSection.MostBytes),
                ]);
        FrameWriter.WriteWindowUpdate(Pending, 0, Limits.ConnectionWindow - PeerSettings.UsualWindow);
        _receiveWindow = Limits.ConnectionWindow;
        _opened = _time.GetTimestamp();
        Arm(Limits.AckTime);
    }

    /// <summary>A stream broke a rule that ends only it.</summary>
    private void Provoked(Http2Exception e)
    {
        if (IsIdle(e.StreamId))
        {
            Http2Exception.Throw(_peer, e.Code, e.Message);
        }

        if (_role == Http2Role.Server)
        {
            // What an upstream does wrong costs its own answer, and none of those that others wait for on the connection.
            SpendReset();
        }

        Http2Stream? stream = Remove(e.StreamId);
        stream?.End(new StreamException(e.Code, isByPeer: true, isUnprocessed: false) { Broken = e.Message });
        WriteReset(e.StreamId, e.Code);
        StopIfDrained();
    }

    private void SpendReset()
    {
        if (!_resets.TrySpend())
        {
            Http2Exception.Throw(_peer, ErrorCode.ENHANCE_YOUR_CALM, "too many streams that come to nothing");
        }
    }

    private void WriteResetOrStop(int streamId, ErrorCode code)
    {
        try
        {
            WriteReset(streamId, code);
        }
        catch (Http2Exception e)
        {
            Stop(e);
        }
    }

    private void EndAbove(int last, ErrorCode code)
    {
        foreach (int id in _streams.Keys.Where(id => id > last).ToArray())
        {
            Remove(id)?.End(new StreamException(code == ErrorCode.NO_ERROR ? ErrorCode.REFUSED_STREAM : code, isByPeer: true, isUnprocessed: true));
        }
    }

    /// <summary>Nothing more is read. The first reason counts.</summary>
    private void Stop(Http2Exception? broken)
    {
        if (_isOver)
        {
            return;
        }

        (_isOver, _broken) = (true, broken);
        _input.CancelPendingRead();
        _wake.Set();
        _drained.Set();
    }

    private void End()
    {
        Stop(null);
        _overSince = _time.GetTimestamp();
        foreach (int id in _streams.Keys.ToArray())
        {
            Remove(id)!.End(new StreamException(_broken?.Code ?? ErrorCode.CANCEL, isByPeer: _broken is not null, isUnprocessed: false) { Broken = _broken?.Message });
        }

        // What came behind the end that was told already was not looked at.
        FrameWriter.WriteGoAway(Pending, _role == Http2Role.Server ? Math.Min(_last, _lastServed) : 0, _broken?.Code ?? ErrorCode.NO_ERROR);
        _wake.Set();
        Arm(LastWords);
        RoomChanged?.Invoke();
    }

    // A field block has one time for all of its frames.
    private void Watch(bool isPartial, bool hasMoved)
    {
        bool isSame = _isPartial && (_isBlock ? _blockStream != 0 : !hasMoved);
        (_isPartial, _isBlock) = (isPartial || _blockStream != 0, _blockStream != 0);
        if (_isPartial && !isSame)
        {
            _partialSince = _time.GetTimestamp();
            Arm(Limits.HeadTime);
        }
    }

    // One timer, which is never stopped, and looks at what it was set for when it comes.
    private void Arm(TimeSpan within)
    {
        long due = _time.GetTimestamp() + (long)(within.TotalSeconds * _time.TimestampFrequency);
        if (_isTimed && _due <= due)
        {
            return;
        }

        (_isTimed, _due) = (true, due);
        _timer ??= _time.CreateTimer(
            static state => ((Http2Connection)state!).Loop.Post(static c => ((Http2Connection)c!).OnTime(), state), this, Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        _timer.Change(within, Timeout.InfiniteTimeSpan);
    }

    private void OnTime()
    {
        // It may have been on its way when the connection ended.
        _isTimed = false;
        if (_isDisposed)
        {
            return;
        }

        if (_overSince != 0)
        {
            if (_time.GetElapsedTime(_overSince) < LastWords)
            {
                // It was set for something else.
                Arm(LastWords);
                return;
            }

            IsUnread = true;
            _output.CancelPendingFlush();
            return;
        }

        if (_lingering > 0)
        {
            LookAtLingering();
        }

        if (_isDraining && _role == Http2Role.Server)
        {
            LookAtDrain();
        }

        if (!_isAcknowledged && _time.GetElapsedTime(_opened) >= Limits.AckTime)
        {
            Stop(new Http2Exception(_peer, _hasSettings ? ErrorCode.SETTINGS_TIMEOUT : ErrorCode.PROTOCOL_ERROR, 0, "settings that were not acknowledged in time"));
        }
        else if (_isPartial && _time.GetElapsedTime(_partialSince) >= Limits.HeadTime)
        {
            Stop(new Http2Exception(_peer, ErrorCode.ENHANCE_YOUR_CALM, 0, "a frame that takes too long to come"));
        }
        else if (_isPartial || !_isAcknowledged)
        {
            Arm(TimeSpan.FromSeconds(1));
        }
    }
}
