using System.Net;
using System.Runtime.CompilerServices;

namespace WireGate.Core.Transport;

/// <summary>
/// Where a session lives. All state of a session belongs to its loop: code that must wait for a disk, a signature or a person
/// leaves with an await of its own and comes back with <c>await loop.Switch()</c>.
/// </summary>
public abstract class EventLoop
{
    /// <summary>Index among the loops of this process, from 0; the audit log keeps one chain for each.</summary>
    public abstract int Index { get; }

    /// <summary>True on the loop's own thread, or for one without, where it runs at the moment.</summary>
    public abstract bool IsCurrent { get; }

    /// <summary>Whether it moves the bytes of many sessions, and lives as long as the process; else it is one session's own.</summary>
    public virtual bool IsShared => true;

    /// <summary>Queues <paramref name="callback"/>; it runs on the loop, never nested in another callback. Callable from any thread.</summary>
    public abstract void Post(Action<object?> callback, object? state);

    /// <summary>
    /// Opens a connection whose bytes are moved by this loop. Resolves names off the loop, once, and tries each address of the name in turn, but
    /// none of <see cref="RefusedAddresses"/>, nor this machine itself but for <c>localhost</c> and a <see cref="LoopbackName"/>.
    /// </summary>
    /// <exception cref="IOException">None could be reached; the message is the system's, of the last one tried.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public abstract ValueTask<Connection> ConnectAsync(EndPoint address, CancellationToken cancellationToken);

    /// <summary>Awaiting it continues on the loop; at once where that already is so.</summary>
    public LoopSwitch Switch() => new(this);

    /// <summary>See <see cref="Switch"/>.</summary>
    /// <param name="loop">The loop to continue on.</param>
    public readonly struct LoopSwitch(EventLoop loop) : ICriticalNotifyCompletion
    {
        private static readonly Action<object?> Run = static continuation => ((Action)continuation!)();

        /// <summary>Whether the caller already is on the loop.</summary>
        public bool IsCompleted => loop.IsCurrent;

        /// <summary>The awaiter of this awaitable: itself.</summary>
        public LoopSwitch GetAwaiter() => this;

        /// <summary>Nothing to get.</summary>
        public void GetResult()
        {
        }

        /// <inheritdoc/>
        public void OnCompleted(Action continuation) => loop.Post(Run, continuation);

        /// <inheritdoc/>
        public void UnsafeOnCompleted(Action continuation) => loop.Post(Run, continuation);
    }
}
