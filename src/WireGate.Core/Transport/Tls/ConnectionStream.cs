using System.Buffers;
using System.IO.Pipelines;

namespace WireGate.Core.Transport.Tls;

/// <summary>
/// A connection as a stream, for SslStream. While <see cref="HandshakeOnPool"/> is set each call comes from the pool, does its work on
/// the connection's loop and continues on the pool: a handshake's signatures cost milliseconds that a loop does not have.
/// </summary>
internal sealed class ConnectionStream(Connection connection) : Stream
{
    /// <summary>Whether callers are to continue on the pool; otherwise they stay on the loop.</summary>
    internal bool HandshakeOnPool { get; set; }

    /// <summary>Whoever reads got to the end of the connection, however that came.</summary>
    internal bool HasEnded { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        HandshakeOnPool ? ReadThereAndBackAsync(buffer, cancellationToken) : ReadHereAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        HandshakeOnPool ? WriteThereAndBackAsync(buffer) : WriteHereAsync(buffer);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async ValueTask<int> ReadHereAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        PipeReader input = connection.Input;
        ReadResult result;
        try
        {
            result = await WaitAsync(input, cancellationToken);
        }
        catch (IOException)
        {
            HasEnded = true;
            throw;
        }

        int count = (int)Math.Min(buffer.Length, result.Buffer.Length);
        ReadOnlySequence<byte> taken = result.Buffer.Slice(0, count);
        taken.CopyTo(buffer.Span);
        // What was not taken stays unexamined: the next read gets it at once. A zero-byte read takes nothing, it only waits.
        input.AdvanceTo(taken.End, count == 0 && result.IsCompleted ? result.Buffer.End : taken.End);
        HasEnded |= count == 0 && !buffer.IsEmpty;
        return count;
    }

    /// <summary>
    /// Waits for bytes or the end. The pipe above cancels its pending read by the token, and only the pipe below can wake it.
    /// </summary>
    private static async ValueTask<ReadResult> WaitAsync(PipeReader input, CancellationToken cancellationToken)
    {
        while (true)
        {
            ValueTask<ReadResult> reading = input.ReadAsync(CancellationToken.None);
            ReadResult result;
            if (reading.IsCompleted)
            {
                result = await reading;
            }
            else
            {
                using (cancellationToken.UnsafeRegister(static i => ((PipeReader)i!).CancelPendingRead(), input))
                {
                    result = await reading;
                }
            }

            if (!result.IsCanceled)
            {
                return result;
            }

            // A cancellation that came when an earlier read was already done is nobody's any more.
            input.AdvanceTo(result.Buffer.Start);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async ValueTask WriteHereAsync(ReadOnlyMemory<byte> buffer)
    {
        FlushResult result = await connection.Output.WriteAsync(buffer, CancellationToken.None);
        if (result.IsCompleted)
        {
            throw new IOException("the peer is gone");
        }
    }

    private async ValueTask<int> ReadThereAndBackAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await connection.Loop.Switch();
        int count = await ReadHereAsync(buffer, cancellationToken);
        await PoolSwitch.Instance;
        return count;
    }

    private async ValueTask WriteThereAndBackAsync(ReadOnlyMemory<byte> buffer)
    {
        await connection.Loop.Switch();
        await WriteHereAsync(buffer);
        await PoolSwitch.Instance;
    }
}
