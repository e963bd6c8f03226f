using WireGate.Http.Holding;

namespace WireGate.Http.Relaying;

/// <summary>Knows when a client that waits on a stream is gone: it takes back its request, and nothing else can come on the stream.</summary>
/// <param name="stream">The stream.</param>
internal sealed class StreamWatch(Http2ClientStream stream) : ClientWatch
{
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    public override Task Begin()
    {
        stream.Gone = stream.Interrupted = Tell;
        return _gone.Task;
    }

    /// <inheritdoc/>
    public override ValueTask EndAsync()
    {
        stream.Gone = stream.Interrupted = null;
        return ValueTask.CompletedTask;
    }

    private void Tell() => _gone.TrySetResult();
}
