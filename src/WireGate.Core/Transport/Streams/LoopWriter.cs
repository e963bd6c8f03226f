using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace WireGate.Core.Transport.Streams;

/// <summary>A writer whose flushes end on the session's loop, whichever thread the stream's end on.</summary>
internal sealed class LoopWriter(PipeWriter inner, PoolLoop loop) : PipeWriter
{
    /// <summary>A write failed because the connection broke. The kernel may have told nobody else.</summary>
    internal bool HasBroken { get; private set; }

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        ValueTask<FlushResult> flush = inner.FlushAsync(cancellationToken);
        return flush.IsCompletedSuccessfully && loop.IsCurrent ? flush : BackAsync(flush);
    }

    public override void Advance(int bytes) => inner.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> BackAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            return await flush;
        }
        catch (IOException e) when (e.InnerException is not SocketException { SocketErrorCode: SocketError.Shutdown })
        {
            HasBroken = true;
            throw;
        }
        finally
        {
            await new LoopReturn(loop);
        }
    }
}
