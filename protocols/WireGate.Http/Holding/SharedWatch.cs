namespace WireGate.Http.Holding;

/// <summary>Knows when the last of those is gone who wait for the same: whoever remains goes on waiting. On their loop.</summary>
internal sealed class SharedWatch : ClientWatch
{
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<ClientWatch> _watches = [];

    // One more, until it begins: those who join before are all counted by then.
    private int _waiting = 1;
    private bool _isOver;

    /// <summary>Another waits from now on.</summary>
    /// <param name="watch">Knows when it is gone; ended with this one.</param>
    public void Join(ClientWatch watch)
    {
        if (!_isOver)
        {
            Interlocked.Increment(ref _waiting);
            _watches.Add(watch);
            _ = LeaveAsync(watch.Begin());
        }
    }

    /// <inheritdoc/>
    public override Task Begin()
    {
        Leave();
        return _gone.Task;
    }

    /// <inheritdoc/>
    public override async ValueTask EndAsync()
    {
        _isOver = true;
        foreach (ClientWatch watch in _watches)
        {
            await watch.EndAsync();
        }

        _watches.Clear();
    }

    private async Task LeaveAsync(Task gone)
    {
        await gone;
        Leave();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _waiting) == 0)
        {
            _gone.TrySetResult();
        }
    }
}
