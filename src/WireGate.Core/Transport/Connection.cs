using System.IO.Pipelines;
using System.Net;

namespace WireGate.Core.Transport;

/// <summary>
/// Bytes to and from one peer. One reader, one writer: never two parts of the program write to the same peer, so that nothing is
/// ever interleaved inside a frame. The memory of a read belongs to the connection until <see cref="PipeReader.AdvanceTo(SequencePosition)"/>.
/// </summary>
public abstract class Connection : IDuplexPipe, IAsyncDisposable
{
    /// <summary>The loop that moves its bytes.</summary>
    public abstract EventLoop Loop { get; }

    /// <summary>
    /// What the peer sent. A closed, lost or aborted connection reads as completed; over a stream it may throw
    /// <see cref="IOException"/> instead, and once aborted <see cref="ObjectDisposedException"/>.
    /// </summary>
    public abstract PipeReader Input { get; }

    /// <summary>
    /// What goes to the peer. <see cref="PipeWriter.WriteAsync"/> borrows its source until it completes, and may send without a copy.
    /// A peer that is gone shows as <see cref="FlushResult.IsCompleted"/>; over a stream it may throw <see cref="IOException"/>, and once
    /// aborted <see cref="ObjectDisposedException"/>.
    /// </summary>
    public abstract PipeWriter Output { get; }

    /// <summary>The peer's address; null where the transport has none.</summary>
    public abstract EndPoint? Remote { get; }

    /// <summary>What both ends know of TLS on this connection; null: it is in clear.</summary>
    public virtual TlsFacts? Tls => null;

    /// <summary>
    /// Called on the loop when the peer is known to send nothing more than what has arrived, also while nobody reads, and once more when it is
    /// known to take nothing either. Never called where only reading and writing tell: over a stream.
    /// </summary>
    public virtual Action? HungUp { get; set; }

    /// <summary>The peer is known to send nothing more than what has arrived. It may wait for what is sent to it.</summary>
    public virtual bool IsHungUp => false;

    /// <summary>The peer is known to be gone: it takes nothing more either.</summary>
    public virtual bool IsLost => false;

    /// <summary>
    /// Of what the peer sent there is something that <see cref="PipeReader.TryRead"/> does not give: it lies with the system, or has come in part, as
    /// half a record of TLS. False also where the transport does not know: over a stream. On the loop, while nobody reads.
    /// </summary>
    public virtual bool HasUnread => false;

    /// <summary>
    /// Changes when the peer's system takes something of what was written, by as many bytes, also while a flush waits. 0: the transport does not know. On
    /// the loop.
    /// </summary>
    public virtual long Taken => 0;

    /// <summary>
    /// The peer's system has all that was written: a <see cref="Reset"/> destroys nothing of it. False also where the transport does not know. On the loop.
    /// </summary>
    public virtual bool IsAllTaken => false;

    /// <summary>
    /// Once <see cref="Input"/> has completed: the peer did not end what it sends by its own word. The connection was reset, lost or aborted, or of
    /// TLS the end came without a close_notify, so that somebody between may have cut it.
    /// </summary>
    public abstract bool IsCut { get; }

    /// <summary>Sends what is buffered, and says that nothing more comes; the peer may go on. On the loop, and nobody writes afterwards.</summary>
    /// <exception cref="IOException">The peer is gone, over a stream.</exception>
    public abstract ValueTask FinishAsync();

    /// <summary>Closes at once, from any thread. Whoever reads or writes is woken.</summary>
    public abstract void Abort();

    /// <summary>
    /// As <see cref="Abort"/>, and the peer gets a reset where the transport has one, so that it does not take the end for that of what was sent. What it
    /// has not got yet is lost.
    /// </summary>
    public virtual void Reset() => Abort();

    /// <summary>Sends what is buffered, closes, gives all memory back. On the loop only.</summary>
    public abstract ValueTask DisposeAsync();
}
