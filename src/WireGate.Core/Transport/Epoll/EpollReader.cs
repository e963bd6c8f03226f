using System.Buffers;
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
    private Block? _head;
    private Block? _tail;
    private int _start;
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

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_head is null)
        {
            return;
        }

        _unexamined = examined.GetObject() != _tail || examined.GetInteger() != _tail!.Filled;
        var last = (Block)consumed.GetObject()!;
        int start = consumed.GetInteger();
        while (_head != last || (start == _head.Filled && _head != _tail))
        {
            Block done = _head!;
            _head = done.NextBlock;
            if (done == last)
            {
                last = _head!;
                start = 0;
            }

            socket.Reactor.Blocks.Return(done);
        }

        _start = start;
        if (_head == _tail && _start == _tail!.Filled)
        {
            ReleaseBlocks();
            _unexamined = false;
        }
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
    internal void ReleaseBlocks()
    {
        for (Block? block = _head; block is not null;)
        {
            Block? next = block.NextBlock;
            socket.Reactor.Blocks.Return(block);
            block = next;
        }

        _head = _tail = null;
        _start = 0;
    }

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
        ReadOnlySequence<byte> buffer = _head is null
            ? ReadOnlySequence<byte>.Empty
            : new ReadOnlySequence<byte>(_head, _start, _tail!, _tail!.Filled);
        return new ReadResult(buffer, canceled, _ended);
    }

    private void Receive()
    {
        if (socket.IsClosed)
        {
            _ended = true;
            return;
        }

        Block tail = Writable();
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
            tail.Filled += (int)received;
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
        if (tail.Filled == 0 && _head == tail)
        {
            ReleaseBlocks();
        }
    }

    /// <summary>The block to receive into: the last one while it has room, else another one.</summary>
    private Block Writable()
    {
        if (_tail is null)
        {
            return _head = _tail = socket.Reactor.Blocks.Rent();
        }

        if (Block.Size - _tail.Filled < LeastRoom)
        {
            Block next = socket.Reactor.Blocks.Rent();
            _tail.Append(next);
            _tail = next;
        }

        return _tail;
    }
}
