using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace WireGate.Core.Transport.Tls;

/// <summary>What comes of a connection, record by record of TLS; they are looked at for their length and not opened.</summary>
internal sealed class RecordInput(PipeReader input)
{
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

    /// <summary>What was received and not given out, borrowed from the connection while <see cref="_isHeld"/>.</summary>
    private ReadOnlySequence<byte> _received = ReadOnlySequence<byte>.Empty;
    private bool _isHeld;
    private bool _ended;

    // Nothing is in what is given out: never so with what is encrypted, nor allowed of a handshake (RFC 8446, 5.1), and SslStream fails over two of them.
    private bool _isVoid;

    /// <summary>Of <see cref="_received"/>, bytes of the record that is being given out.</summary>
    private long _recordLeft;

    // Null: they are not counted.
    private int? _emptyLeft;

    /// <summary>Whoever reads got to the end of the connection, however that came. Behind a close_notify nobody reads.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>Something was received and not given out, and is not given back to the connection either.</summary>
    internal bool HasUnread => !_received.IsEmpty;

    /// <summary>What came is no record of TLS.</summary>
    internal bool HasNoRecord { get; private set; }

    /// <summary>
    /// Looks whether the next read ends at once, and receives for it what is there: a whole record, or what comes before the end. On the loop.
    /// </summary>
    internal bool TryReceive()
    {
        while (!Find())
        {
            Release();
            if (!input.TryRead(out ReadResult result))
            {
                return false;
            }

            Hold(result);
        }

        return true;
    }

    /// <summary>Waits for more where <see cref="TryReceive"/> found too little; the result is for <see cref="Hold"/>. On the loop.</summary>
    internal ValueTask<ReadResult> WaitAsync() => input.ReadAsync(CancellationToken.None);

    /// <summary>Takes what <see cref="WaitAsync"/> got.</summary>
    internal void Hold(in ReadResult result)
    {
        _received = result.Buffer;
        _ended = result.IsCompleted;
        _isHeld = true;
    }

    /// <summary>Counts records without content from here on. Whoever reads says by <see cref="HadContent"/> which were none of them.</summary>
    internal void LimitEmptyRecords() => _emptyLeft = MostEmpty;

    /// <summary>The last record that was given out had content: another like it may come, and for each that was full one without.</summary>
    /// <param name="count">Bytes of it.</param>
    internal void HadContent(int count) => _emptyLeft = Math.Min(MostEmpty, (_emptyLeft ?? 0) + (count < TlsReader.MostContent ? 1 : 2));

    /// <summary>Looks whether the next read ends at once with what was received before.</summary>
    /// <returns>False: more has to be received first.</returns>
    internal bool Find()
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
            _isVoid = record == HeaderLength;
            _recordLeft = HasNoRecord ? length : length >= record ? record : 0;
        }

        if (_recordLeft == 0 && _ended)
        {
            _recordLeft = length;
            return true;
        }

        return _recordLeft > 0;
    }

    /// <summary>Gives out of the record that was found: zero bytes of the end. Also elsewhere than on the loop, while nobody is there.</summary>
    internal int Take(Span<byte> buffer)
    {
        int count = (int)Math.Min(buffer.Length, _recordLeft);
        if (count > 0)
        {
            if (_isVoid)
            {
                throw new IOException("a record of TLS that is empty");
            }

            if (_recordLeft == count && --_emptyLeft < 0)
            {
                throw new IOException($"more than {MostEmpty} records of TLS that hold nothing");
            }

            ReadOnlySequence<byte> taken = _received.Slice(0, count);
            taken.CopyTo(buffer);
            _received = _received.Slice(taken.End);
            _recordLeft -= count;
        }
        else if (!buffer.IsEmpty)
        {
            HasEnded = true;
        }

        return count;
    }

    /// <summary>As <see cref="Take"/>, and holds no block of the connection's for nothing. On the loop.</summary>
    internal int TakeAndRelease(Span<byte> buffer)
    {
        int count = Take(buffer);
        if (_received.IsEmpty)
        {
            Release();
        }

        return count;
    }

    /// <summary>Waits until there is a whole record, or the end. On the loop.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    internal async ValueTask ReceiveAsync(CancellationToken cancellationToken)
    {
        while (!TryReceive())
        {
            ValueTask<ReadResult> reading = WaitAsync();
            if (reading.IsCompleted || !cancellationToken.CanBeCanceled)
            {
                Hold(await reading);
                continue;
            }

            // Whoever reads above cancels by the token, and only the connection can wake us.
            ReadResult result;
            using (cancellationToken.UnsafeRegister(static i => ((PipeReader)i!).CancelPendingRead(), input))
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
    }

    /// <summary>Gives back what is held, and looks at all of it again with what follows.</summary>
    private void Release()
    {
        if (_isHeld)
        {
            _isHeld = false;
            SequencePosition left = _received.Start, end = _received.End;
            _received = ReadOnlySequence<byte>.Empty;
            input.AdvanceTo(left, end);
        }
    }
}
