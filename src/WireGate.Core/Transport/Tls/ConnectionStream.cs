using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace WireGate.Core.Transport.Tls;

/// <summary>
/// A connection as a stream, for SslStream. It gives one whole record to a read: so SslStream never has to wait within a record, and nothing is left in
/// it once it has given out what a record holds. What is written is collected, and sent when it is flushed. While <see cref="HandshakeOnPool"/> is set
/// calls come from the pool, do their work on the connection's loop and continue on the pool: a handshake's signatures cost milliseconds that a
/// loop does not have.
/// </summary>
internal sealed class ConnectionStream(Connection connection) : Stream
{
    /// <summary>Bytes that are collected before a writer is to send them.</summary>
    internal const int MostCollected = 64 * 1024;

    /// <summary>Bytes that are sent whether or not the writer says so: what a large write becomes is not all kept in memory.</summary>
    private const int MostKept = 4 * MostCollected;

    /*
     * struct {
     *     ContentType type;                  1 byte: 20 to 24
     *     ProtocolVersion legacy_version;    2 bytes
     *     uint16 length;                     of what follows
     *     opaque fragment[length];
     * } TLSPlaintext, TLSCiphertext;                                            (RFC 8446, 5.1; heartbeat is of RFC 6520)
     */
    private const int HeaderLength = 5;

    /// <summary>
    /// Records without content that a peer may send beyond those with: a client sends none, OpenSSL's server two tickets. Each new key (KeyUpdate, which
    /// 27 bytes ask for) costs some 20 µs here, and nothing in the protocol bounds them.
    /// </summary>
    private const int MostEmpty = 64;
    private const byte FirstContentType = 20;
    private const byte LastContentType = 24;

    private readonly PipeReader _input = connection.Input;
    private readonly PipeWriter _output = connection.Output;

    /// <summary>What was received and not given out, borrowed from the connection while <see cref="_isHeld"/>.</summary>
    private ReadOnlySequence<byte> _received = ReadOnlySequence<byte>.Empty;
    private bool _isHeld;
    private bool _ended;

    /// <summary>Of <see cref="_received"/>, bytes of the record that is being given out.</summary>
    private long _recordLeft;

    // Null: they are not counted.
    private int? _emptyLeft;

    /// <summary>Whether callers are to continue on the pool; otherwise they stay on the loop.</summary>
    internal bool HandshakeOnPool { get; set; }

    /// <summary>Whoever reads got to the end of the connection, however that came. Behind a close_notify nobody reads.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>What came is no record of TLS.</summary>
    internal bool HasNoRecord { get; private set; }

    /// <summary>Bytes that were written and not sent since.</summary>
    internal int Collected { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (HandshakeOnPool)
        {
            return FindRecord() ? new ValueTask<int>(Take(buffer.Span)) : ReadThereAndBackAsync(buffer, cancellationToken);
        }

        return TryReceive() ? new ValueTask<int>(Take(buffer.Span)) : ReceiveAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (HandshakeOnPool)
        {
            return WriteThereAndBackAsync(buffer);
        }

        Collect(buffer.Span);
        return Collected < MostKept ? ValueTask.CompletedTask : SendAsync();
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) =>
        HandshakeOnPool || Collected == 0 ? Task.CompletedTask : SendAsync().AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>
    /// Looks whether the next read ends at once, and receives for it what is there: a whole record, or what comes before the end. On the loop.
    /// </summary>
    internal bool TryReceive()
    {
        while (!FindRecord())
        {
            Release();
            if (!_input.TryRead(out ReadResult result))
            {
                return false;
            }

            Hold(result);
        }

        return true;
    }

    /// <summary>Waits for more where <see cref="TryReceive"/> found too little; the result is for <see cref="Hold"/>. On the loop.</summary>
    internal ValueTask<ReadResult> WaitAsync() => _input.ReadAsync(CancellationToken.None);

    /// <summary>Takes what <see cref="WaitAsync"/> got.</summary>
    internal void Hold(in ReadResult result)
    {
        _received = result.Buffer;
        _ended = result.IsCompleted;
        _isHeld = true;
    }

    /// <summary>Sends what was collected; the result is the connection's own. On the loop.</summary>
    internal ValueTask<FlushResult> FlushConnectionAsync()
    {
        Collected = 0;
        return _output.FlushAsync(CancellationToken.None);
    }

    /// <summary>What was collected is left to the connection: a flush has nothing to send any more.</summary>
    internal void LeaveCollected() => Collected = 0;

    /// <summary>Gives back what is held, and looks at all of it again with what follows.</summary>
    private void Release()
    {
        if (_isHeld)
        {
            _isHeld = false;
            SequencePosition left = _received.Start, end = _received.End;
            _received = ReadOnlySequence<byte>.Empty;
            _input.AdvanceTo(left, end);
        }
    }

    /// <summary>Counts records without content from here on. Whoever reads says by <see cref="HadContent"/> which were none of them.</summary>
    internal void LimitEmptyRecords() => _emptyLeft = MostEmpty;

    /// <summary>The last record that was given out had content: another like it may come, and for each that was full one without.</summary>
    /// <param name="count">Bytes of it.</param>
    internal void HadContent(int count) => _emptyLeft = Math.Min(MostEmpty, (_emptyLeft ?? 0) + (count < TlsReader.MostContent ? 1 : 2));

    /// <summary>Looks whether the next read ends at once with what was received before.</summary>
    /// <returns>False: more has to be received first.</returns>
    internal bool FindRecord()
    {
        if (_recordLeft > 0)
        {
            return true;
        }

        long length = _received.Length;
        if (length >= HeaderLength)
        {
            Span<byte> header = stackalloc byte[HeaderLength];
            _received.Slice(0, HeaderLength).CopyTo(header);
            long record = HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(header[3..]);
            // What is no record is refused by who reads it, and has no length that could be waited for.
            HasNoRecord = header[0] is < FirstContentType or > LastContentType;
            _recordLeft = HasNoRecord ? length : length >= record ? record : 0;
        }

        if (_recordLeft == 0 && _ended)
        {
            _recordLeft = length;
            return true;
        }

        return _recordLeft > 0;
    }

    /// <summary>Gives out of the record that was found.</summary>
    private int Take(Span<byte> buffer)
    {
        int count = (int)Math.Min(buffer.Length, _recordLeft);
        if (count > 0)
        {
            if (_recordLeft == count && --_emptyLeft < 0)
            {
                throw new IOException($"more than {MostEmpty} records of TLS that hold nothing");
            }

            ReadOnlySequence<byte> taken = _received.Slice(0, count);
            taken.CopyTo(buffer);
            _received = _received.Slice(taken.End);
            _recordLeft -= count;
            if (_received.IsEmpty && !HandshakeOnPool)
            {
                Release();
            }
        }
        else if (!buffer.IsEmpty)
        {
            HasEnded = true;
        }

        return count;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        do
        {
            ValueTask<ReadResult> reading = WaitAsync();
            if (reading.IsCompleted || !cancellationToken.CanBeCanceled)
            {
                Hold(await reading);
                continue;
            }

            // Whoever reads above cancels by the token, and only the connection can wake us.
            ReadResult result;
            using (cancellationToken.UnsafeRegister(static i => ((PipeReader)i!).CancelPendingRead(), _input))
            {
                result = await reading;
            }

            Hold(result);
            // A cancellation that came when an earlier read was already done is nobody's any more.
            if (result.IsCanceled && cancellationToken.IsCancellationRequested)
            {
                Release();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        while (!TryReceive());
        return Take(buffer.Span);
    }

    private void Collect(ReadOnlySpan<byte> bytes)
    {
        Collected += bytes.Length;
        while (!bytes.IsEmpty)
        {
            Span<byte> room = _output.GetSpan();
            int count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            _output.Advance(count);
            bytes = bytes[count..];
        }
    }

    private ValueTask SendAsync()
    {
        ValueTask<FlushResult> flush = FlushConnectionAsync();
        return flush.IsCompletedSuccessfully ? Sent(flush.Result) : SentAsync(flush);
    }

    private static async ValueTask SentAsync(ValueTask<FlushResult> flush) => await Sent(await flush);

    private static ValueTask Sent(in FlushResult result) =>
        result.IsCompleted ? ValueTask.FromException(new IOException("the peer is gone")) : ValueTask.CompletedTask;

    private async ValueTask<int> ReadThereAndBackAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await connection.Loop.Switch();
        int count = TryReceive() ? Take(buffer.Span) : await ReceiveAsync(buffer, cancellationToken);
        await PoolSwitch.Instance;
        return count;
    }

    private async ValueTask WriteThereAndBackAsync(ReadOnlyMemory<byte> buffer)
    {
        await connection.Loop.Switch();
        Collect(buffer.Span);
        await SendAsync();
        await PoolSwitch.Instance;
    }
}
