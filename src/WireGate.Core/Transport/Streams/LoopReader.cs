using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace WireGate.Core.Transport.Streams;

/// <summary>A reader whose reads end on the session's loop, whichever thread the stream's end on.</summary>
internal sealed class LoopReader(PipeReader inner, PoolLoop loop) : PipeReader
{
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ValueTask<ReadResult> read = inner.ReadAsync(cancellationToken);
        return read.IsCompleted && loop.IsCurrent ? read : BackAsync(read);
    }

    public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

    public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> BackAsync(ValueTask<ReadResult> read)
    {
        try
        {
            return await read;
        }
        finally
        {
            await new LoopReturn(loop);
        }
    }
}
