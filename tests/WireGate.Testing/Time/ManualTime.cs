namespace WireGate.Testing.Time;

/// <summary>A clock that stands still until the test moves it. Timers fire on the thread that does, each in its turn.</summary>
public sealed class ManualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// The clock does not stop on its way: who is only told of a timer, on another thread, would see one moment or another, and wait from there on.
    /// </summary>
    public bool Jumps { get; init; }

    /// <summary>Raised when somebody starts to wait; true: for a time that will come.</summary>
    public event Action<bool>? Armed;

    /// <summary>Timers that are waiting for a time that will come.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            timer.Change(dueTime, period);
        }

        return timer;
    }

    /// <summary>Moves the clock, stopping at each moment for which a timer waits, unless it jumps.</summary>
    public void Advance(TimeSpan by)
    {
        if (Jumps)
        {
            Jump(by);
            return;
        }

        DateTimeOffset until = GetUtcNow() + by;
        while (TakeDue(until) is { } timer)
        {
            timer.Fire();
        }
    }

    private void Jump(TimeSpan by)
    {
        ManualTimer[] due;
        lock (_lock)
        {
            _now += by;
            due = [.. _timers.Where(t => t.Due <= _now).OrderBy(t => t.Due)];
            foreach (ManualTimer timer in due)
            {
                timer.Taken();
            }
        }

        foreach (ManualTimer timer in due)
        {
            timer.Fire();
        }
    }

    private ManualTimer? TakeDue(DateTimeOffset until)
    {
        lock (_lock)
        {
            ManualTimer? next = _timers.Where(t => t.Due <= until).MinBy(t => t.Due);
            if (next is null)
            {
                _now = until;
                return null;
            }

            _now = next.Due > _now ? next.Due : _now;
            next.Taken();
            return next;
        }
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset Due { get; private set; }

        public void Fire() => callback(state);

        /// <summary>It is about to fire: waits for its next time, or no more.</summary>
        public void Taken()
        {
            if (_period > TimeSpan.Zero)
            {
                Due = (time.Jumps ? time._now : Due) + _period;
            }
            else
            {
                time._timers.Remove(this);
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            bool comes = dueTime != Timeout.InfiniteTimeSpan;
            lock (time._lock)
            {
                time._timers.Remove(this);
                _period = period;
                if (comes)
                {
                    Due = time._now + dueTime;
                    time._timers.Add(this);
                }
            }

            time.Armed?.Invoke(comes);
            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
