using WireGate.Core.Transport;

namespace WireGate.Hosting;

/// <summary>
/// Pings systemd as long as every event loop turns: each round posts a token to all loops, and the ping is sent by the one that comes
/// back last. A loop that is blocked holds its token, and with it the ping.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private readonly IReadOnlyList<EventLoop> _loops;
    private readonly Action _ping;
    private readonly ITimer _timer;
    private int _outstanding;

    /// <param name="loops">The loops that must turn.</param>
    /// <param name="interval">Between two rounds: a third of what systemd waits for, so that one late round is not the end.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ping">Tells systemd.</param>
    public Watchdog(IReadOnlyList<EventLoop> loops, TimeSpan interval, TimeProvider time, Action ping)
    {
        _loops = loops;
        _ping = ping;
        _timer = time.CreateTimer(static w => ((Watchdog)w!).Round(), this, TimeSpan.Zero, interval);
    }

    /// <summary>How often to ping, from <c>WATCHDOG_USEC</c>; null: systemd does not watch.</summary>
    public static TimeSpan? IntervalFrom(string? microseconds) =>
        long.TryParse(microseconds, out long value) && value > 0 ? TimeSpan.FromMicroseconds(value / 3.0) : null;

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Round()
    {
        if (Interlocked.CompareExchange(ref _outstanding, _loops.Count, 0) != 0)
        {
            // Somebody still holds the token of the last round.
            return;
        }

        foreach (EventLoop loop in _loops)
        {
            loop.Post(static w => ((Watchdog)w!).Return(), this);
        }
    }

    private void Return()
    {
        if (Interlocked.Decrement(ref _outstanding) == 0)
        {
            _ping();
        }
    }
}
