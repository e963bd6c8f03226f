using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using WireGate.Core.Transport;

namespace WireGate.Http.Http2;

/// <summary>
/// The payload of a stream's DATA. What is consumed of it is what the peer may send anew: a slow reader here is a slow sender there. It completes at
/// END_STREAM; of a stream that ended otherwise, reading throws <see cref="StreamException"/>. On the loop only.
/// </summary>
/// <param name="stream">Whose it is.</param>
/// <param name="loop">Its loop.</param>
internal sealed class StreamBody(Http2Stream stream, EventLoop loop) : PipeReader, IValueTaskSource<ReadResult>
{
    private static readonly Action<object?> Continue = static body => ((StreamBody)body!).OnContinue();

    private ManualResetValueTaskSourceCore<ReadResult> _waiter;
    private BodySegment? _head;
    private BodySegment? _tail;
    private int _start;
    private bool _isUnexamined;
    private bool _isWaiting;
    private bool _isPosted;
    private bool _isCanceled;
    private bool _isEnded;
    private StreamException? _error;

    /// <summary>Octets that lie here.</summary>
    internal int Buffered { get; private set; }

    /// <summary>Nobody reads it any more.</summary>
    internal bool IsAbandoned { get; private set; }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        bool isReady = IsReady;
        result = isReady ? TakeResult() : default;
        return isReady;
    }

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (IsReady)
        {
            return ValueTask.FromResult(TakeResult());
        }

        _isWaiting = true;
        _waiter.Reset();
        return new ValueTask<ReadResult>(this, _waiter.Version);
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        // Of a read that gave nothing.
        if (_head is null || consumed.GetObject() is not BodySegment last)
        {
            return;
        }

        _isUnexamined = examined.GetObject() != _tail || examined.GetInteger() != _tail!.Filled;
        int count = 0;
        while (_head != last)
        {
            count += _head!.Filled - _start;
            (_head, _start) = (_head.Give(), 0);
        }

        count += consumed.GetInteger() - _start;
        _start = consumed.GetInteger();
        if (_start == _head.Filled)
        {
            (_head, _start) = (_head.Give(), 0);
            _tail = _head is null ? null : _tail;
        }

        _isUnexamined &= _head is not null;
        Taken(count);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead()
    {
        _isCanceled = true;
        Wake();
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        IsAbandoned = true;
        while (_head is not null)
        {
            _head = _head.Give();
        }

        (_tail, _start, _isUnexamined) = (null, 0, false);
        Taken(Buffered);
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _waiter.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _waiter.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token, flags & ~ValueTaskSourceOnCompletedFlags.UseSchedulingContext);

    /// <summary>Takes what came.</summary>
    internal void Write(ReadOnlySpan<byte> bytes)
    {
        Buffered += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_tail is null || _tail.Room.IsEmpty)
            {
                BodySegment next = BodySegment.Take(bytes.Length);
                _tail?.Append(next);
                _tail = next;
                _head ??= next;
            }

            int count = Math.Min(bytes.Length, _tail.Room.Length);
            bytes[..count].CopyTo(_tail.Room);
            _tail.Filled += count;
            bytes = bytes[count..];
        }

        _isUnexamined = true;
        Wake();
    }

    /// <summary>Nothing more comes.</summary>
    /// <param name="error">It is not whole; null: it is.</param>
    internal void End(StreamException? error)
    {
        if (!_isEnded)
        {
            (_isEnded, _error) = (true, error);
            Wake();
        }
    }

    private bool IsReady => _isUnexamined || _isCanceled || _isEnded;

    private void Taken(int count)
    {
        if (count > 0)
        {
            int before = Buffered;
            Buffered -= count;
            stream.OnConsumed(count, before);
        }
    }

    private void Wake()
    {
        if (_isWaiting && !_isPosted && IsReady)
        {
            _isPosted = true;
            loop.Post(Continue, this);
        }
    }

    private void OnContinue()
    {
        (_isPosted, _isWaiting) = (false, false);
        if (_error is null || _isCanceled)
        {
            _waiter.SetResult(TakeResult());
        }
        else
        {
            _waiter.SetException(_error);
        }
    }

    private ReadResult TakeResult()
    {
        if (_error is not null && !_isCanceled)
        {
            throw _error;
        }

        bool isCanceled = _isCanceled;
        _isCanceled = false;
        ReadOnlySequence<byte> buffer = _head is null
            ? ReadOnlySequence<byte>.Empty
            : new ReadOnlySequence<byte>(_head, _start, _tail!, _tail!.Filled);
        return new ReadResult(buffer, isCanceled, _isEnded && _error is null);
    }
}
