using WireGate.Core.Sessions;

namespace WireGate.Http.Relaying;

/// <summary>
/// How long a client may take for what it is doing: one timer for the life of a connection, so that a request costs no other. On the session's loop.
/// </summary>
internal sealed class ConnectionClock(Session session, TimeProvider time) : IDisposable
{
    private ITimer? _timer;
    private SessionEnd _reason;
    private bool _isSet;

    /// <summary>Sets when the session ends.</summary>
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

    private void OnTime() => session.Loop.Post(
        static state =>
        {
            var clock = (ConnectionClock)state!;
            if (clock._isSet)
            {
                clock.End();
            }
        },
        this);

    private void End()
    {
        session.TryEnd(_reason, _reason == SessionEnd.ClientClosed ? "idle for too long" : "its request took too long to come");
        session.Client.Abort();
    }
}
