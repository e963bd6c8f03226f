using System.Runtime.CompilerServices;

namespace WireGate.Core.Transport.Streams;

/// <summary>Awaiting it continues on the loop, at once if nothing else of the loop runs.</summary>
/// <param name="loop">The loop to continue on.</param>
internal readonly struct LoopReturn(PoolLoop loop) : ICriticalNotifyCompletion
{
    public bool IsCompleted => loop.IsCurrent;

    public LoopReturn GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => loop.Continue(continuation);

    public void UnsafeOnCompleted(Action continuation) => loop.Continue(continuation);
}
