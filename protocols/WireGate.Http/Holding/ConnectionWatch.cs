using System.IO.Pipelines;
using WireGate.Core.Transport;

namespace WireGate.Http.Holding;

/// <summary>
/// The same of a client that has nothing but its connection. What it sends meanwhile is its next request, which stays where it is. On the
/// connection's loop; over a stream only reading tells that it is gone, so nobody else reads between <see cref="Begin"/> and <see cref="EndAsync"/>.
/// </summary>
/// <param name="client">The client's connection.</param>
internal sealed class ConnectionWatch(Connection client) : ClientWatch
{
    // Of a client that sends on behind a request that waits, no more than this is read.
    private const int MostAhead = 64 * 1024;

    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _watching = Task.CompletedTask;
    private bool _isOver;

    /// <inheritdoc/>
    public override Task Begin()
    {
        client.HungUp = () => _gone.TrySetResult();
        if (client.IsHungUp)
        {
            _gone.TrySetResult();
        }

        _watching = WatchAsync();
        return _gone.Task;
    }

    /// <inheritdoc/>
    public override async ValueTask EndAsync()
    {
        client.HungUp = null;
        _isOver = true;
        if (!_watching.IsCompleted)
        {
            client.Input.CancelPendingRead();
        }

        await _watching;
        await client.Loop.Switch();
    }

    private async Task WatchAsync()
    {
        bool isOver = false;
        while (!isOver)
        {
            ReadResult read;
            try
            {
                read = await client.Input.ReadAsync(CancellationToken.None);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                _gone.TrySetResult();
                return;
            }

            isOver = _isOver || read.IsCompleted || read.Buffer.Length > MostAhead;
            client.Input.AdvanceTo(read.Buffer.Start, isOver ? read.Buffer.Start : read.Buffer.End);
            if (read.IsCompleted)
            {
                _gone.TrySetResult();
            }
        }
    }
}
