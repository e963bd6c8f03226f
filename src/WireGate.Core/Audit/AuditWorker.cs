namespace WireGate.Core.Audit;

/// <summary>A thread of the log's own, for what waits for the disk.</summary>
internal sealed class AuditWorker : IDisposable
{
    private readonly AutoResetEvent _wake = new(false);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeSpan _interval;
    private readonly Action _round;
    private readonly Action<Exception> _failed;
    private bool _stopping;

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

    public void Wake() => _wake.Set();

    public Task StopAsync()
    {
        Volatile.Write(ref _stopping, true);
        _wake.Set();
        return _stopped.Task;
    }

    /// <summary>Once it has stopped.</summary>
    public void Dispose() => _wake.Dispose();

    private void Run()
    {
        try
        {
            bool stopping;
            do
            {
                _wake.WaitOne(_interval);
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
