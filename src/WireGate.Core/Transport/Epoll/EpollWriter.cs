using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace WireGate.Core.Transport.Epoll;

/// <summary>
/// Writes to a non-blocking socket at once, and the rest when the kernel says that there is room. What is handed to
/// <see cref="WriteAsync"/> is sent from where it lies. On the reactor only.
/// </summary>
internal sealed unsafe class EpollWriter(EpollSocket socket) : PipeWriter, IValueTaskSource<FlushResult>
{
    private static readonly Action<object?> Cancel = static writer => ((EpollWriter)writer!).OnCancel();

    private ManualResetValueTaskSourceCore<FlushResult> _waiter;
    private BlockChain _blocks;
    private ReadOnlyMemory<byte> _borrowed;
    private bool _waiting;
    private bool _gone;
    private bool _canceled;

    /// <summary>Bytes that the kernel took.</summary>
    internal long Sent { get; private set; }

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _blocks.Length;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sizeHint"/> is more than a block.</exception>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Debug.Assert(socket.Reactor.IsCurrent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeHint, Block.Size);
        return _blocks.Room(socket.Reactor.Blocks, Math.Max(1, sizeHint)).Writable;
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void Advance(int bytes) => _blocks.Add(bytes);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => WriteAsync(default, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        Debug.Assert(socket.Reactor.IsCurrent);
        Debug.Assert(!_waiting, "One writer to a socket.");
        _borrowed = source;
        if (Send())
        {
            return ValueTask.FromResult(TakeResult());
        }

        socket.WantWritable();
        _waiting = true;
        _waiter.Reset();
        return new ValueTask<FlushResult>(this, _waiter.Version);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => socket.Reactor.Post(Cancel, this);

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => ReleaseBlocks();

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => _waiter.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _waiter.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token, flags);

    /// <summary>The kernel says that there is room again, or that the peer is gone.</summary>
    internal void OnWritable()
    {
        if (_waiting && Send())
        {
            CompleteWaiter();
        }
    }

    /// <summary>The socket is closed: nothing more will go.</summary>
    internal void OnClosed()
    {
        _gone = true;
        CompleteWaiter();
    }

    /// <summary>Sends what can be sent without waiting.</summary>
    internal void TrySend() => Send();

    /// <summary>Gives all blocks back; unsent bytes are lost.</summary>
    internal void ReleaseBlocks()
    {
        _blocks.Release(socket.Reactor.Blocks);
        _borrowed = default;
    }

    private void OnCancel()
    {
        _canceled = true;
        CompleteWaiter();
    }

    private void CompleteWaiter()
    {
        if (_waiting)
        {
            _waiting = false;
            // The source goes back to its owner with the result.
            _borrowed = default;
            _waiter.SetResult(TakeResult());
        }
    }

    private FlushResult TakeResult()
    {
        bool canceled = _canceled;
        _canceled = false;
        return new FlushResult(canceled, _gone);
    }

    /// <returns>False: the kernel has no more room. True: all was sent, or the peer is gone.</returns>
    private bool Send()
    {
        while (_blocks.Head is { } head)
        {
            int sent = Send(head.Address + _blocks.Start, head.Filled - _blocks.Start);
            if (sent < 0)
            {
                return _gone;
            }

            _blocks.Take(socket.Reactor.Blocks, sent);
        }

        while (!_borrowed.IsEmpty)
        {
            int sent;
            fixed (byte* bytes = _borrowed.Span)
            {
                sent = Send(bytes, _borrowed.Length);
            }

            if (sent < 0)
            {
                return _gone;
            }

            _borrowed = _borrowed[sent..];
        }

        return true;
    }

    /// <returns>Bytes sent; -1: no room, or the peer is gone, which is then noted.</returns>
    private int Send(byte* bytes, int count)
    {
        if (_gone || socket.IsClosed)
        {
            _gone = true;
            ReleaseBlocks();
            return -1;
        }

        if (count == 0)
        {
            return 0;
        }

        while (true)
        {
            nint sent = Libc.send(socket.Descriptor, bytes, count, Libc.MSG_NOSIGNAL);
            if (sent >= 0)
            {
                Sent += sent;
                return (int)sent;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error == Libc.EINTR)
            {
                continue;
            }

            if (error != Libc.EAGAIN)
            {
                // To a peer that has said all and is gone, it is EPIPE.
                socket.HasBroken |= error != Libc.EPIPE;
                _gone = true;
                ReleaseBlocks();
            }

            return -1;
        }
    }
}
