using System.Threading.Channels;
using WireGate.Core.Credentials;

namespace WireGate.Storage;

/// <summary>Does one thing after the other, off the event loops: the only place that waits for the disk.</summary>
internal sealed class WriteQueue : IAsyncDisposable
{
    // Ours: at about a millisecond each, what waits beyond this has missed its handshake's deadline anyway. Full: callers wait.
    private const int Capacity = 4096;

    private readonly Channel<Action> _work = Channel.CreateBounded<Action>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly Task _worker;

    internal WriteQueue() => _worker = Task.Run(WorkAsync);

    /// <summary>Queues work and waits for it.</summary>
    /// <param name="work">Runs alone.</param>
    /// <param name="cancellationToken">Ends the waiting. Work that has begun is finished: its effect may have come about.</param>
    /// <exception cref="StoreUnavailableException">The store is closed.</exception>
    internal async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _work.Writer.WriteAsync(() => Run(work, done, cancellationToken), cancellationToken);
        }
        catch (ChannelClosedException e)
        {
            throw new StoreUnavailableException("the store is closed", e);
        }

        return await done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Finishes what is queued.</summary>
    public async ValueTask DisposeAsync()
    {
        _work.Writer.TryComplete();
        await _worker;
    }

    private static void Run<T>(Func<T> work, TaskCompletionSource<T> done, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            done.SetCanceled(cancellationToken);
            return;
        }

        try
        {
            done.SetResult(work());
        }
        catch (Exception e)
        {
            // Whoever asked for the work gets it; the queue goes on for the others.
            done.SetException(e);
        }
    }

    private async Task WorkAsync()
    {
        await foreach (Action work in _work.Reader.ReadAllAsync())
        {
            work();
        }
    }
}
