using WireGate.Core.Sessions;
using WireGate.Core.Transport;

namespace WireGate.Http.Relaying;

/// <summary>
/// How long a client may take for what it is doing: one timer for the life of a connection, which goes off at the earliest of what was set and then
/// sees what is set by now, so that a request costs none. On the session's loop.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="time">The clock.</param>
/// <param name="end">Ends what took too long, for the reason that was set.</param>
internal sealed class ConnectionClock(EventLoop loop, TimeProvider time, Action<SessionEnd> end) : IDisposable
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private ITimer? _timer;
    private SessionEnd _reason;
    private bool _isSet;

    // Timestamps: when it is too late, and when the timer goes off.
    private long _due;
    private long _looksAt = long.MaxValue;

    /// <summary>Sets when it is too late.</summary>
    /// <param name="within">From now.</param>
    /// <param name="reason">What for.</param>
    /// <param name="isKept">It is absolute: if it is set already for the same, that stays.</param>
    public void Set(TimeSpan within, SessionEnd reason, bool isKept)
    {
        if (isKept && _isSet && _reason == reason)
        {
            return;
        }

        (_isSet, _reason) = (true, reason);
        _due = time.GetTimestamp() + (long)(within.TotalSeconds * time.TimestampFrequency);
        if (_due < _looksAt)
        {
            LookIn(within);
        }
    }

    /// <summary>It is done.</summary>
    public void Stop() => _isSet = false;

    /// <inheritdoc/>
    public void Dispose()
    {
        _isSet = false;
        _timer?.Dispose();
    }

    private void OnTime() => loop.Post(
        static clock => ((ConnectionClock)clock!).Look(),
        this);

    private void Look()
    {
        _looksAt = long.MaxValue;
        TimeSpan left = time.GetElapsedTime(time.GetTimestamp(), _due);
        if (_isSet && left <= TimeSpan.Zero)
        {
            _isSet = false;
            end(_reason);
        }
        else if (_isSet)
        {
            // A timer counts whole milliseconds, and may have gone off within one.
            LookIn(left > Millisecond ? left : Millisecond);
        }
    }

    private void LookIn(TimeSpan within)
    {
        _looksAt = _due;
        _timer ??= time.CreateTimer(static clock => ((ConnectionClock)clock!).OnTime(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(within, Timeout.InfiniteTimeSpan);
    }
}
