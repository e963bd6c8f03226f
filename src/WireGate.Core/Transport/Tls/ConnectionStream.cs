using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace WireGate.Core.Transport.Tls;

/// <summary>
/// A connection as a stream, for SslStream. It gives one whole record to a read: so SslStream never has to wait within a record, and nothing is left in
/// it once it has given out what a record holds. What is written is collected, and sent when it is flushed. Between <see cref="BeginHandshake"/> and
/// <see cref="EndHandshakeAsync"/> calls come from the pool, since a handshake's signatures cost milliseconds that a loop does not have: what is written
/// waits until something is to be read, and then the two take one way to the loop and back.
/// </summary>
internal sealed class ConnectionStream(Connection connection) : Stream
{
    /// <summary>Bytes that are collected before a writer is to send them.</summary>
    internal const int MostCollected = 64 * 1024;

    /// <summary>Bytes that are sent whether or not the writer says so: what a large write becomes is not all kept in memory.</summary>
    private const int MostKept = 4 * MostCollected;

    private readonly PipeWriter _output = connection.Output;

    /// <summary>What was written on the pool and not sent; null: callers are on the loop.</summary>
    private ArrayBufferWriter<byte>? _flight;

    /// <summary>What comes of the connection.</summary>
    internal RecordInput Records { get; } = new(connection.Input);

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
        if (_flight is not null)
        {
            return Records.Find() ? new ValueTask<int>(Records.Take(buffer.Span)) : ReadThereAndBackAsync(buffer, cancellationToken);
        }

        return Records.TryReceive() ? new ValueTask<int>(Records.TakeAndRelease(buffer.Span)) : ReceiveAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_flight is not null)
        {
            _flight.Write(buffer.Span);
            return ValueTask.CompletedTask;
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
        _flight is not null || Collected == 0 ? Task.CompletedTask : SendAsync().AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>From here on calls come from the pool, one at a time.</summary>
    internal void BeginHandshake() => _flight = new ArrayBufferWriter<byte>();

    /// <summary>From here on calls come from the loop, and so does this. Sends what was written last.</summary>
    /// <exception cref="IOException">The peer is gone.</exception>
    internal ValueTask EndHandshakeAsync()
    {
        ValueTask sent = SendFlightAsync();
        _flight = null;
        return sent;
    }

    /// <summary>Sends what was collected; the result is the connection's own. On the loop.</summary>
    internal ValueTask<FlushResult> FlushConnectionAsync()
    {
        Collected = 0;
        return _output.FlushAsync(CancellationToken.None);
    }

    /// <summary>What was collected is left to the connection: a flush has nothing to send any more.</summary>
    internal void LeaveCollected() => Collected = 0;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await Records.ReceiveAsync(cancellationToken);
        return Records.TakeAndRelease(buffer.Span);
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
        await SendFlightAsync();
        await Records.ReceiveAsync(cancellationToken);
        int count = Records.Take(buffer.Span);
        await PoolSwitch.Instance;
        return count;
    }

    private ValueTask SendFlightAsync()
    {
        if (_flight is not { WrittenCount: > 0 } flight)
        {
            return ValueTask.CompletedTask;
        }

        Collect(flight.WrittenSpan);
        flight.ResetWrittenCount();
        return SendAsync();
    }
}
