using System.Buffers;
using System.IO.Pipelines;

namespace WireGate.Testing.Transport;

/// <summary>
/// One end of an in-memory pair: what is written to one end is read from the other, and a writer waits while more than 64 KiB lie
/// unread. Closing an end reads as the end of the stream at the other and fails everything at this one, as with a socket.
/// </summary>
public sealed class DuplexStream : Stream
{
    private const int Window = 64 * 1024;

    private readonly PipeReader _incoming;
    private readonly PipeWriter _outgoing;
    private readonly CancellationTokenSource _closed = new();

    private DuplexStream(PipeReader incoming, PipeWriter outgoing)
    {
        _incoming = incoming;
        _outgoing = outgoing;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Two ends of one line.</summary>
    public static (DuplexStream One, DuplexStream Other) CreatePair()
    {
        var options = new PipeOptions(pauseWriterThreshold: Window, resumeWriterThreshold: Window / 2, useSynchronizationContext: false);
        var there = new Pipe(options);
        var back = new Pipe(options);
        return (new DuplexStream(back.Reader, there.Writer), new DuplexStream(there.Reader, back.Writer));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
        ReadResult result;
        try
        {
            result = await _incoming.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (_closed.IsCancellationRequested)
        {
            throw new IOException("this end was closed");
        }

        ReadOnlySequence<byte> taken = result.Buffer.Slice(0, Math.Min(buffer.Length, result.Buffer.Length));
        taken.CopyTo(buffer.Span);
        int count = (int)taken.Length;
        _incoming.AdvanceTo(taken.End);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
        FlushResult result;
        try
        {
            result = await _outgoing.WriteAsync(buffer, either.Token);
        }
        catch (OperationCanceledException) when (_closed.IsCancellationRequested)
        {
            throw new IOException("this end was closed");
        }

        if (result.IsCompleted)
        {
            throw new IOException("the other end was closed");
        }
    }

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

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_closed.IsCancellationRequested)
        {
            _closed.Cancel();
            _outgoing.Complete();
            _incoming.Complete();
        }

        base.Dispose(disposing);
    }
}
