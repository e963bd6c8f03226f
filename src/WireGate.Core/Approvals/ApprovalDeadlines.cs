namespace WireGate.Core.Approvals;

/// <summary>One timer for the deadlines of all approvals. A deadline that no longer holds is found to be none by whoever takes it.</summary>
internal sealed class ApprovalDeadlines : IDisposable
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<string, DateTimeOffset> _queue = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private DateTimeOffset _armedFor = DateTimeOffset.MaxValue;

    /// <param name="time">The clock.</param>
    /// <param name="due">Called when one may be due; returns soon.</param>
    public ApprovalDeadlines(TimeProvider time, Action due)
    {
        _time = time;
        _timer = time.CreateTimer(
            _ =>
            {
                lock (_lock)
                {
                    _armedFor = DateTimeOffset.MaxValue;
                }

                due();
            },
            null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Adds one.</summary>
    public void Add(string id, DateTimeOffset at)
    {
        lock (_lock)
        {
            _queue.Enqueue(id, at);
            Arm();
        }
    }

    /// <summary>Takes those that have come, at most so many, and waits for the next.</summary>
    public List<string> TakeDue(int most)
    {
        lock (_lock)
        {
            List<string> due = [];
            DateTimeOffset now = _time.GetUtcNow();
            while (due.Count < most && _queue.TryPeek(out _, out DateTimeOffset at) && at <= now)
            {
                due.Add(_queue.Dequeue());
            }

            Arm();
            return due;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Arm()
    {
        if (_queue.TryPeek(out _, out DateTimeOffset next) && next < _armedFor)
        {
            _armedFor = next;
            TimeSpan wait = next - _time.GetUtcNow();
            _timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
