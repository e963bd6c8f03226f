namespace WireGate.Core.Credentials;

/// <summary>Work that is done once however many wait for it, off their loops. Called under the lock of whoever keeps what comes of it.</summary>
/// <param name="guard">That lock.</param>
/// <param name="work">The work; it calls <see cref="End"/> when it has kept what came of it, and throws by a defect only.</param>
public sealed class SharedRound(Lock guard, Func<Task> work)
{
    private Task? _running;
    private Task? _next;

    /// <summary>The round that is running, or a new one.</summary>
    /// <param name="fresh">One that runs already may have read the old value just before it changed: the one after it is meant.</param>
    /// <returns>Completes when something was kept.</returns>
    public Task Join(bool fresh = false) =>
        _running is null ? _running = Task.Run(work, CancellationToken.None)
        : fresh ? _next ??= FollowAsync(_running)
        : _running;

    /// <summary>It is over: whoever comes from here on begins another.</summary>
    public void End() => _running = null;

    private async Task FollowAsync(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task round;
        lock (guard)
        {
            _next = null;
            round = Join();
        }

        await round;
    }
}
