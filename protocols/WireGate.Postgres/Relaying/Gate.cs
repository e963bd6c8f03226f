using WireGate.Core.Transport;

namespace WireGate.Postgres.Relaying;

/// <summary>
/// Where one direction of a session waits for what the other sees, or for its end. One waits at a time; on the session's loop.
/// </summary>
/// <param name="loop">Where the session lives.</param>
internal sealed class Gate(EventLoop loop)
{
    private TaskCompletionSource? _waiting;
    private Func<bool>? _condition;

    /// <summary>Where the session lives.</summary>
    public EventLoop Loop => loop;

    /// <summary>The session ends: nobody waits any longer.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Waits until it is so, or until the session ends.</summary>
    public async ValueTask UntilAsync(Func<bool> condition)
    {
        if (IsClosed || condition())
        {
            return;
        }

        _condition = condition;
        _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _waiting.Task;
        await loop.Switch();
    }

    /// <summary>Something has happened that may be waited for.</summary>
    public void Signal()
    {
        if (_waiting is { } waiting && (IsClosed || _condition!()))
        {
            _waiting = null;
            waiting.SetResult();
        }
    }

    /// <summary>Nobody waits any longer: what was waited for does not matter any more.</summary>
    public void Forget()
    {
        _waiting?.TrySetResult();
        _waiting = null;
    }

    /// <summary>The session ends.</summary>
    public void Close()
    {
        IsClosed = true;
        Signal();
    }
}
