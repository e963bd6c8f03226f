using WireGate.Core.Sessions;
using WireGate.Core.Transport;

namespace WireGate.Postgres.Relaying;

/// <summary>
/// Where the direction from the client waits for what the other sees, or for the session's end. One waits at a time; on the session's loop.
/// </summary>
/// <param name="session">Whose.</param>
internal sealed class Gate(Session session)
{
    private TaskCompletionSource? _waiting;
    private Func<bool>? _condition;

    /// <summary>Where the session lives.</summary>
    public EventLoop Loop => session.Loop;

    /// <summary>The session ends: nobody waits any longer.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>The client has cancelled what was decided about last, while it was: it is not to be sent.</summary>
    public bool IsWithdrawn { get; private set; }

    /// <summary>What is about to be sent is decided about elsewhere: a cancel request that comes meanwhile is for it.</summary>
    /// <param name="isUpstreamIdle">Whether nothing that came before it is to be cancelled as well.</param>
    public void BeginDecision(Func<bool> isUpstreamIdle)
    {
        IsWithdrawn = false;
        session.Withdraw = () =>
        {
            IsWithdrawn = true;
            return isUpstreamIdle();
        };
    }

    /// <summary>It is decided.</summary>
    public void EndDecision() => session.Withdraw = null;

    /// <summary>Waits until it is so, or until the session ends. Nobody reads the client meanwhile, so that its leaving ends the session from here.</summary>
    public async ValueTask UntilAsync(Func<bool> condition)
    {
        if (IsClosed || condition())
        {
            return;
        }

        session.Client.HungUp = OnHungUp;
        if (session.Client.IsHungUp)
        {
            OnHungUp();
        }

        await WaitAsync(condition);
        session.Client.HungUp = null;
    }

    /// <summary>Waits until the session ends, or until it does not matter any more. Whoever waits sees to the client's leaving.</summary>
    public async ValueTask UntilClosedAsync()
    {
        if (!IsClosed)
        {
            await WaitAsync(static () => false);
        }
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

    private async ValueTask WaitAsync(Func<bool> condition)
    {
        _condition = condition;
        _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _waiting.Task;
        await Loop.Switch();
    }

    private void OnHungUp() => session.Kill(SessionEnd.ClientClosed);
}
