using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace WireGate.Core.Transport.Epoll;

/// <summary>
/// Reads a non-blocking, edge-triggered socket: one receive for each readiness, straight into a block of the reactor, and the block
/// given back as soon as all of it is consumed. A short receive means that the socket is drained; after a full one the next
/// receive waits for its turn behind the other sockets. On the reactor only.
/// </summary>
internal sealed unsafe class EpollReader(EpollSocket socket) : PipeReader, IValueTaskSource<ReadResult>
{
    /// <summary>Room below which a partly consumed block is not read into any further, but another one is linked behind it.</summary>
    private const int LeastRoom = 4096;

    private static readonly Action<object?> TakeTurn = static reader => ((EpollReader)reader!).OnTurn();
    private static readonly Action<object?> Cancel = static reader => ((EpollReader)reader!).OnCancel();

    private ManualResetValueTaskSourceCore<ReadResult> _waiter;
    private BlockChain _blocks;
    private bool _unexamined;
    private bool _waiting;
    private bool _readable;
    private bool _turnOwed;
    private bool _ended;
    private bool _canceled;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out ReadResult result))
        {
            return ValueTask.FromResult(result);
        }

        _waiting = true;
        _waiter.Reset();
        if (_turnOwed)
        {
            socket.Reactor.Post(TakeTurn, this);
        }

        return new ValueTask<ReadResult>(this, _waiter.Version);
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        Debug.Assert(socket.Reactor.IsCurrent);
        Debug.Assert(!_waiting, "One read at a time.");
        if (_readable && !_turnOwed && !_unexamined && !_canceled && !_ended)
        {
            Receive();
        }

        if (_unexamined || _canceled || _ended)
        {
            result = TakeResult();
            return true;
        }

        result = default;
        return false;
    }

    /// <summary>Something lies here, or with the kernel, as it may after a receive that was full, or has been told of and not taken.</summary>
    internal bool HasUnread => _blocks.Length > 0 || (_readable && !IsDrained());

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _unexamined = _blocks.AdvanceTo(socket.Reactor.Blocks, consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => socket.Reactor.Post(Cancel, this);

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => ReleaseBlocks();

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _waiter.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _waiter.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token, flags);

    /// <summary>The kernel says that there is something to receive, or that the peer is done.</summary>
    internal void OnReadable()
    {
        _readable = true;
        if (_waiting && !_turnOwed)
        {
            Receive();
            CompleteWaiter();
        }
    }

    /// <summary>The socket is closed: nothing more will come.</summary>
    internal void OnClosed()
    {
        _ended = true;
        CompleteWaiter();
    }

    /// <summary>Gives all blocks back.</summary>
    internal void ReleaseBlocks() => _blocks.Release(socket.Reactor.Blocks);

    private void OnTurn()
    {
        if (_waiting && _turnOwed)
        {
            _turnOwed = false;
            Receive();
            CompleteWaiter();
        }
    }

    private void OnCancel()
    {
        _canceled = true;
        CompleteWaiter();
    }

    private void CompleteWaiter()
    {
        if (_waiting && (_unexamined || _canceled || _ended))
        {
            _waiting = false;
            _waiter.SetResult(TakeResult());
        }
    }

    private ReadResult TakeResult()
    {
        bool canceled = _canceled;
        _canceled = false;
        return new ReadResult(_blocks.Sequence, canceled, _ended);
    }

    private bool IsDrained()
    {
        byte one;
        nint received;
        int error = 0;
        do
        {
            received = socket.IsClosed ? 0 : Libc.recv(socket.Descriptor, &one, 1, Libc.MSG_PEEK);
        }
        while (received < 0 && (error = Marshal.GetLastPInvokeError()) == Libc.EINTR);

        return received < 0 && error == Libc.EAGAIN;
    }

    private void Receive()
    {
        if (socket.IsClosed)
        {
            _ended = true;
            return;
        }

        Block tail = _blocks.Room(socket.Reactor.Blocks, LeastRoom);
        int room = Block.Size - tail.Filled;
        nint received;
        int error = 0;
        do
        {
            received = Libc.recv(socket.Descriptor, tail.Address + tail.Filled, room, 0);
        }
        while (received < 0 && (error = Marshal.GetLastPInvokeError()) == Libc.EINTR);

        if (received > 0)
        {
            _blocks.Add((int)received);
            _unexamined = true;
            // Once the peer has hung up no further edge will come: read on until the end shows.
            _readable = received == room || socket.HungUp;
            _turnOwed = received == room;
            return;
        }

        _readable = false;
        _ended = received == 0 || error != Libc.EAGAIN;
        socket.HasFinished = received == 0 && !socket.HasBroken;
        socket.HasBroken |= received < 0 && _ended;
        if (tail.Filled == 0 && _blocks.Head == tail)
        {
            ReleaseBlocks();
        }
    }
}
