using Microsoft.Win32.SafeHandles;

namespace WireGate.Core.Audit;

/// <summary>
/// A thread of the log's own, for what waits for the disk. It is woken through a descriptor: a reactor does that some thousand times in a second, and the
/// runtime's events cost it a lock of the whole process each time.
/// </summary>
internal sealed class AuditWorker : IDisposable
{
    private readonly SafeFileHandle _signal = Posix.CreateSignal();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeSpan _interval;
    private readonly Action _round;
    private readonly Action<Exception> _failed;
    private bool _stopping;

    // 1: a round is to begin that has not begun yet, and the thread knows.
    private int _isWoken;

    /// <param name="name">Name of the thread.</param>
    /// <param name="interval">Longest time between two rounds.</param>
    /// <param name="round">Run after each wake-up or interval, and once more at the stop.</param>
    /// <param name="failed">Told of the exception that ends the thread.</param>
    public AuditWorker(string name, TimeSpan interval, Action round, Action<Exception> failed)
    {
        _interval = interval;
        _round = round;
        _failed = failed;
        new Thread(Run) { Name = name, IsBackground = true }.Start();
    }

    /// <summary>Has a round begin, behind one that is under way. What was published before is seen by it. Any thread.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _isWoken, 1) == 0)
        {
            Posix.Signal(_signal);
        }
    }

    public Task StopAsync()
    {
        Volatile.Write(ref _stopping, true);
        Wake();
        return _stopped.Task;
    }

    /// <summary>Once it has stopped.</summary>
    public void Dispose() => _signal.Dispose();

    private void Run()
    {
        try
        {
            bool stopping;
            do
            {
                Posix.WaitForSignal(_signal, _interval);
                Interlocked.Exchange(ref _isWoken, 0);
                stopping = Volatile.Read(ref _stopping);
                _round();
            }
            while (!stopping);
        }
        catch (Exception exception)
        {
            _failed(exception);
        }

        _stopped.SetResult();
    }
}
