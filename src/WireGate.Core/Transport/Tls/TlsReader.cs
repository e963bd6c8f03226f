using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using WireGate.Core.Transport.Epoll;

namespace WireGate.Core.Transport.Tls;

/// <summary>
/// Reads what a peer sent over TLS: waits on the connection below, and has each record that came whole decrypted straight into a block of the reactor,
/// at once and without a wait. An idle connection holds no buffer, neither here nor in SslStream. On the reactor only.
/// </summary>
internal sealed class TlsReader : PipeReader, IValueTaskSource<ReadResult>
{
    /// <summary>A record's largest content (RFC 8446, 5.1), which OpenSSL holds peers to: with so much room a read leaves nothing in SslStream.</summary>
    internal const int MostContent = 16 * 1024;

    private static readonly Action<object?> Cancel = static reader => ((TlsReader)reader!).OnCancel();

    private readonly Reactor _reactor;
    private readonly SslStream _ssl;
    private readonly RecordInput _records;
    private readonly Memory<byte> _room;
    private readonly Action _received;

    private ManualResetValueTaskSourceCore<ReadResult> _waiter;
    private ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter _receiving;
    private BlockChain _blocks;
    private Exception? _fault;
    private bool _unexamined;
    private bool _waiting;
    private bool _isReceiving;
    private bool _isDecrypting;
    private bool _ended;
    private bool _canceled;

    /// <param name="reactor">Where the connection lives.</param>
    /// <param name="ssl">Authenticated, over that of <paramref name="records"/>; nobody else reads it.</param>
    /// <param name="records">Of the connection below.</param>
    internal TlsReader(Reactor reactor, SslStream ssl, RecordInput records)
    {
        _reactor = reactor;
        _ssl = ssl;
        _records = records;
        _room = new Room(this).Memory;
        _received = OnReceived;
        records.LimitEmptyRecords();
    }

    /// <summary>Something lies here that was decrypted, or a record that has come in part.</summary>
    internal bool HasUnread => _blocks.Length > 0 || _records.HasUnread;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (IsReadyAtOnce())
        {
            return IsFaulted ? ValueTask.FromException<ReadResult>(Fault()) : ValueTask.FromResult(TakeResult());
        }

        _waiting = true;
        _waiter.Reset();
        var read = new ValueTask<ReadResult>(this, _waiter.Version);
        Receive();
        return read;
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The peer broke TLS, or its last record is cut.</exception>
    public override bool TryRead(out ReadResult result)
    {
        if (IsReadyAtOnce())
        {
            result = IsFaulted ? throw Fault() : TakeResult();
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
        // A result without bytes says nothing about those that were decrypted since.
        if (examined.GetObject() is Block)
        {
            _unexamined = _blocks.AdvanceTo(_reactor.Blocks, consumed, examined);
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => _reactor.Post(Cancel, this);

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        _ended = true;
        _unexamined = false;
        _blocks.Release(_reactor.Blocks);
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _waiter.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _waiter.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token, flags);

    private bool IsReady => _unexamined || _canceled || _ended;

    /// <summary>All that came before the fault has been given out.</summary>
    private bool IsFaulted => _fault is not null && !_unexamined && !_canceled;

    private bool IsReadyAtOnce()
    {
        Debug.Assert(_reactor.IsCurrent);
        Debug.Assert(!_waiting, "One read at a time.");
        if (!_unexamined && !_canceled)
        {
            Decrypt();
        }

        return IsReady;
    }

    private IOException Fault() => new(_fault!.Message, _fault);

    private void OnCancel()
    {
        _canceled = true;
        CompleteWaiter();
    }

    private void CompleteWaiter()
    {
        if (!_waiting || !IsReady)
        {
            return;
        }

        _waiting = false;
        if (IsFaulted)
        {
            _waiter.SetException(Fault());
        }
        else
        {
            _waiter.SetResult(TakeResult());
        }
    }

    private ReadResult TakeResult()
    {
        bool canceled = _canceled;
        _canceled = false;
        return new ReadResult(_blocks.Sequence, canceled, _ended && _fault is null);
    }

    /// <summary>Waits below, unless that is so already. Whoever waits here is told when there is something for them.</summary>
    private void Receive()
    {
        while (_waiting && !_isReceiving && !_isDecrypting)
        {
            // Awaited by hand: an async method would need a state machine for each wait. The result is asked for once, when it is there.
#pragma warning disable CA2012
            Receive(_records.WaitAsync().ConfigureAwait(false).GetAwaiter());
#pragma warning restore CA2012
        }
    }

    private void Receive(ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter receiving)
    {
        _receiving = receiving;
        if (!receiving.IsCompleted)
        {
            _isReceiving = true;
            receiving.UnsafeOnCompleted(_received);
            return;
        }

        TakeReceived();
        Decrypt();
        CompleteWaiter();
    }

    private void OnReceived()
    {
        _isReceiving = false;
        TakeReceived();
        GoOn();
    }

    private void GoOn()
    {
        if (_waiting)
        {
            Decrypt();
            CompleteWaiter();
            Receive();
        }
    }

    private void TakeReceived()
    {
        try
        {
            _records.Hold(_receiving.GetResult());
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            End(e);
        }

        _receiving = default;
    }

    /// <summary>Has everything decrypted that is there whole.</summary>
    private void Decrypt()
    {
        while (!_ended && !_isDecrypting && !_isReceiving && (_unexamined ? _records.Find() : _records.TryReceive()))
        {
            ValueTask<int> read = _ssl.ReadAsync(_room, CancellationToken.None);
            if (!read.IsCompleted)
            {
                // A record without content, such as a session ticket, and no other one behind it.
                _isDecrypting = true;
                _ = DecryptLaterAsync(read);
                return;
            }

            try
            {
                TakeDecrypted(read.GetAwaiter().GetResult());
            }
            catch (IOException e)
            {
                End(e);
            }
        }
    }

    private async Task DecryptLaterAsync(ValueTask<int> read)
    {
        try
        {
            int count = await read;
            _isDecrypting = false;
            TakeDecrypted(count);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _isDecrypting = false;
            End(e);
        }

        GoOn();
    }

    private void TakeDecrypted(int count)
    {
        if (_ended)
        {
            _blocks.Release(_reactor.Blocks);
        }
        else if (count > 0)
        {
            _records.HadContent(count);
            _blocks.Add(count);
            _unexamined = true;
        }
        else
        {
            _ended = true;
        }
    }

    private void End(Exception fault)
    {
        if (!_ended)
        {
            _ended = true;
            _fault = fault;
        }
    }

    /// <summary>
    /// Room in the last block. A block is rented only when SslStream has something to put into it: a read that has to wait holds none.
    /// </summary>
    private sealed class Room(TlsReader reader) : MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(MostContent);

        public override Span<byte> GetSpan() => reader._blocks.Room(reader._reactor.Blocks, MostContent).Writable.Span;

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}
