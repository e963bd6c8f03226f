using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using WireGate.Core.Transport;

namespace WireGate.Http.Http2;

/// <summary>
/// What goes out as DATA of a stream, as the peer's windows and the other streams' turns allow. Little is gathered here; of <see cref="WriteAsync"/>
/// what is long is sent from where it lies. A peer that wants no more shows as <see cref="FlushResult.IsCompleted"/>. Memory that it lends is the
/// caller's until the next await. On the loop only.
/// </summary>
/// <param name="stream">Whose it is.</param>
/// <param name="loop">Its loop.</param>
internal sealed class StreamOutput(Http2Stream stream, EventLoop loop) : PipeWriter, IValueTaskSource<FlushResult>
{
    // With more than so much waiting, a flush waits until half of it went.
    private const int PauseAbove = 64 * 1024;

    // Up to so many bytes are gathered with what is before and behind them.
    private const int CopiedRun = 2 * 1024;

    private static readonly Action<object?> Continue = static output => ((StreamOutput)output!).OnContinue();

    private ManualResetValueTaskSourceCore<FlushResult> _waiter;
    private PooledBuffer _buffer;
    private ReadOnlyMemory<byte> _borrowed;
    private int _flushed;
    private bool _isWaiting;
    private bool _isPosted;
    private bool _isCanceled;
    private bool _isGone;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _buffer.Length - _flushed;

    /// <summary>Nothing more will be written: behind what is here the stream ends.</summary>
    internal bool IsCompleted { get; private set; }

    /// <summary>Octets that may go.</summary>
    internal int Available => _flushed + _borrowed.Length;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void Advance(int bytes) => _buffer.Advance(bytes);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => WriteAsync(default, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (_isGone || IsCompleted)
        {
            _buffer.Clear();
            return ValueTask.FromResult(TakeResult());
        }

        if (source.Length <= CopiedRun)
        {
            _buffer.Write(source.Span);
            source = default;
        }

        (_borrowed, _flushed) = (source, _buffer.Length);
        stream.OnOutput();
        if ((_borrowed.IsEmpty && _flushed <= PauseAbove) || _isCanceled)
        {
            return ValueTask.FromResult(TakeResult());
        }

        _isWaiting = true;
        _waiter.Reset();
        return new ValueTask<FlushResult>(this, _waiter.Version);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush()
    {
        _isCanceled = true;
        Wake();
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        if (IsCompleted)
        {
            return;
        }

        IsCompleted = true;
        _flushed = _buffer.Length;
        if (exception is null)
        {
            stream.OnOutput();
        }
        else
        {
            stream.Reset(ErrorCode.INTERNAL_ERROR);
        }
    }

    /// <summary>Ends the stream with a trailer section, behind what was written.</summary>
    /// <param name="trailers">Read before this returns.</param>
    internal void CompleteWith(FieldSection trailers) => stream.SendTrailers(trailers);

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => _waiter.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _waiter.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token, flags & ~ValueTaskSourceOnCompletedFlags.UseSchedulingContext);

    /// <summary>Moves bytes to the connection.</summary>
    /// <param name="output">The connection's.</param>
    /// <param name="count">No more than <see cref="Available"/>.</param>
    internal void MoveTo(IBufferWriter<byte> output, int count)
    {
        int gathered = Math.Min(count, _flushed);
        if (gathered > 0)
        {
            output.Write(_buffer.Bytes[..gathered]);
            _buffer.Consume(gathered);
            _flushed -= gathered;
        }

        output.Write(_borrowed.Span[..(count - gathered)]);
        _borrowed = _borrowed[(count - gathered)..];
        if (_borrowed.IsEmpty && _flushed <= PauseAbove / 2)
        {
            Wake();
        }
    }

    /// <summary>The peer takes nothing more.</summary>
    internal void End()
    {
        _isGone = true;
        (_borrowed, _flushed) = (default, 0);
        _buffer.Clear();
        Wake();
    }

    private void Wake()
    {
        if (_isWaiting && !_isPosted)
        {
            _isPosted = true;
            loop.Post(Continue, this);
        }
    }

    private void OnContinue()
    {
        (_isPosted, _isWaiting) = (false, false);

        // The source goes back to its owner with the result; of one whose wait was cancelled, the rest goes with what is gathered.
        _buffer.Write(_borrowed.Span);
        (_flushed, _borrowed) = (_flushed + _borrowed.Length, default);
        _waiter.SetResult(TakeResult());
    }

    private FlushResult TakeResult()
    {
        bool isCanceled = _isCanceled;
        _isCanceled = false;
        return new FlushResult(isCanceled, _isGone || IsCompleted);
    }
}
