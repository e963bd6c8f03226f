using System.IO.Pipelines;
using WireGate.Core.Transport;

namespace WireGate.Http.Holding;

/// <summary>
/// Knows when a client that waits is gone. What it sends meanwhile is its next request, which stays where it is. On the connection's loop; over a
/// stream only reading tells that it is gone, so nobody else reads between <see cref="Begin"/> and <see cref="EndAsync"/>.
/// </summary>
/// <param name="client">The client's connection.</param>
internal sealed class ClientWatch(Connection client)
{
    // Of a client that sends on behind a request that waits, no more than this is read.
    private const int MostAhead = 64 * 1024;

    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _watching = Task.CompletedTask;
    private bool _isOver;

    /// <summary>Begins.</summary>
    /// <returns>Completes when the client is gone, or its connection was cut.</returns>
    public Task Begin()
    {
        client.HungUp = () => _gone.TrySetResult();
        if (client.IsHungUp)
        {
            _gone.TrySetResult();
        }

        _watching = WatchAsync();
        return _gone.Task;
    }

    /// <summary>Ends it: the next who reads gets all that has come.</summary>
    public async ValueTask EndAsync()
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
            catch (IOException)
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
