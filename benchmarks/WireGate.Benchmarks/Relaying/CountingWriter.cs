using System.IO.Pipelines;

namespace WireGate.Benchmarks.Relaying;

/// <summary>A destination that takes everything at once and keeps nothing but its length.</summary>
internal sealed class CountingWriter : PipeWriter
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _buffered;

    /// <summary>Bytes taken so far.</summary>
    public long Written { get; private set; }

    public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.AsMemory(_buffered);

    public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.AsSpan(_buffered);

    public override void Advance(int bytes) => _buffered += bytes;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => WriteAsync(default, cancellationToken);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        Written += _buffered + source.Length;
        _buffered = 0;
        return ValueTask.FromResult(default(FlushResult));
    }

    public override void CancelPendingFlush() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
    }
}
