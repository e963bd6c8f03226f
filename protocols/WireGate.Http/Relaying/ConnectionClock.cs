using WireGate.Core.Sessions;
using WireGate.Core.Transport;

namespace WireGate.Http.Relaying;

/// <summary>
/// How long a client may take for what it is doing: one timer for the life of a connection, so that a request costs no other. On the session's loop.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="time">The clock.</param>
/// <param name="end">Ends what took too long, for the reason that was set.</param>
internal sealed class ConnectionClock(EventLoop loop, TimeProvider time, Action<SessionEnd> end) : IDisposable
{
    private ITimer? _timer;
    private SessionEnd _reason;
    private bool _isSet;

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
        _timer ??= time.CreateTimer(static clock => ((ConnectionClock)clock!).OnTime(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(within, Timeout.InfiniteTimeSpan);
    }

    /// <summary>It is done.</summary>
    public void Stop()
    {
        if (_isSet)
        {
            _isSet = false;
            _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private void OnTime() => loop.Post(
        static state =>
        {
            var clock = (ConnectionClock)state!;
            if (clock._isSet)
            {
                clock.End();
            }
        },
        this);

    private void End() => end(_reason);
}
