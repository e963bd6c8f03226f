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
    /// Called on the loop when the peer is known to send nothing more than what has arrived, also while nobody reads. Never called where
    /// only reading tells: over a stream.
    /// </summary>
    public virtual Action? HungUp { get; set; }

    /// <summary>The peer is known to send nothing more than what has arrived.</summary>
    public virtual bool IsHungUp => false;

    /// <summary>Closes at once, from any thread. Whoever reads or writes is woken.</summary>
    public abstract void Abort();

    /// <summary>Sends what is buffered, closes, gives all memory back. On the loop only.</summary>
    public abstract ValueTask DisposeAsync();
}
