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
    /// <summary>Blocks, and what is borrowed, that one send takes: more than the kernel has room for.</summary>
    private const int MostParts = 8;

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
        Libc.IoVec* parts = stackalloc Libc.IoVec[MostParts];
        while (_blocks.Head is not null || !_borrowed.IsEmpty)
        {
            fixed (byte* borrowed = _borrowed.Span)
            {
                int sent = Send(parts, Gather(parts, borrowed));
                if (sent < 0)
                {
                    return _gone;
                }

                int ofBorrowed = _blocks.Take(socket.Reactor.Blocks, sent);
                _borrowed = _borrowed[ofBorrowed..];
            }
        }

        return true;
    }

    /// <summary>Lists what is to be sent, as far as it goes together: a head in a block and a borrowed body are one send.</summary>
    private int Gather(Libc.IoVec* parts, byte* borrowed)
    {
        int count = 0;
        int start = _blocks.Start;
        Block? block = _blocks.Head;
        for (; block is not null && count < MostParts; block = block.NextBlock, start = 0)
        {
            if (block.Filled > start)
            {
                parts[count++] = new Libc.IoVec { Base = block.Address + start, Length = block.Filled - start };
            }
        }

        if (block is null && count < MostParts && !_borrowed.IsEmpty)
        {
            parts[count++] = new Libc.IoVec { Base = borrowed, Length = _borrowed.Length };
        }

        return count;
    }

    /// <returns>Bytes sent; -1: no room, or the peer is gone, which is then noted.</returns>
    private int Send(Libc.IoVec* parts, int count)
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

        var message = new Libc.MsgHdr { Parts = parts, PartCount = count };
        while (true)
        {
            nint sent = count == 1
                ? Libc.send(socket.Descriptor, parts->Base, parts->Length, Libc.MSG_NOSIGNAL)
                : Libc.sendmsg(socket.Descriptor, &message, Libc.MSG_NOSIGNAL);
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
