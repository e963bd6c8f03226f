using System.Buffers;
using System.IO.Pipelines;

namespace WireGate.Benchmarks.Relaying;

/// <summary>
/// A source that has received the same bytes again each time it is asked, <paramref name="times"/> times after
/// <see cref="Rewind"/>, and then ends.
/// </summary>
internal sealed class ReplayReader(ReadOnlySequence<byte> bytes, int times) : PipeReader
{
    private int _left;

    /// <summary>Begins anew.</summary>
    public void Rewind() => _left = times;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        _ = TryRead(out ReadResult result);
        return ValueTask.FromResult(result);
    }

    public override bool TryRead(out ReadResult result)
    {
        result = new ReadResult(bytes, isCanceled: false, isCompleted: --_left == 0);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!consumed.Equals(bytes.End))
        {
            throw new InvalidOperationException("Whole frames were left behind.");
        }
    }

    public override void CancelPendingRead() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
    }
}
