using System.Runtime.CompilerServices;

namespace WireGate.Core.Transport;

/// <summary>Awaiting it leaves the loop: what follows may block or burn, and comes back with <see cref="EventLoop.Switch"/>.</summary>
public sealed class PoolSwitch : ICriticalNotifyCompletion
{
    private PoolSwitch()
    {
    }

    /// <summary>The one instance; it has no state.</summary>
    public static PoolSwitch Instance { get; } = new();

    /// <summary>Always false: even from the pool it yields, so that a caller's stack never grows.</summary>
    public bool IsCompleted => false;

    /// <summary>The awaiter of this awaitable: itself.</summary>
    public PoolSwitch GetAwaiter() => this;

    /// <summary>Nothing to get.</summary>
    public void GetResult()
    {
    }

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) =>
        ThreadPool.UnsafeQueueUserWorkItem(static c => c(), continuation, preferLocal: false);
}
