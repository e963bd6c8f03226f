namespace WireGate.Configuration;

/// <summary>
/// Waits until files have been left alone for a while. A file that is being written holds it back until its writer has closed it,
/// however long that takes, so nothing half-written is ever taken.
/// </summary>
internal sealed class QuietPeriod : IDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _writing = new(StringComparer.Ordinal);
    private readonly TimeSpan _length;
    private readonly Action _quiet;
    private readonly ITimer _timer;

    /// <param name="length">How long nothing may happen.</param>
    /// <param name="time">Whose clock it waits by.</param>
    /// <param name="quiet">Called on the clock's thread once it is quiet, at most once for each time it was not.</param>
    public QuietPeriod(TimeSpan length, TimeProvider time, Action quiet)
    {
        _length = length;
        _quiet = quiet;
        _timer = time.CreateTimer(_ => Elapsed(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Somebody writes to a file and has not closed it.</summary>
    public void Writing(string file)
    {
        lock (_lock)
        {
            _writing.Add(file);
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>A file is whole, or gone.</summary>
    public void Settled(string file)
    {
        lock (_lock)
        {
            _writing.Remove(file);
            if (_writing.Count == 0)
            {
                _timer.Change(_length, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Elapsed()
    {
        lock (_lock)
        {
            if (_writing.Count > 0)
            {
                return;
            }
        }

        _quiet();
    }
}
