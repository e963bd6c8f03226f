using System.Threading.Tasks.Sources;
using WireGate.Core.Transport;

namespace WireGate.Http.Http2;

/// <summary>
/// One waits until another says so, on the same loop; who waits goes on from the loop's queue, never nested in the other. It stays set until it is
/// waited for.
/// </summary>
/// <param name="loop">Of both.</param>
internal sealed class LoopSignal(EventLoop loop) : IValueTaskSource
{
    private static readonly Action<object?> Continue = static signal => ((LoopSignal)signal!).OnContinue();

    private ManualResetValueTaskSourceCore<bool> _waiter;
    private bool _isSet;
    private bool _isWaiting;

    /// <summary>Wakes who waits, or who will.</summary>
    public void Set()
    {
        if (!_isSet)
        {
            _isSet = true;
            if (_isWaiting)
            {
                loop.Post(Continue, this);
            }
        }
    }

    /// <summary>Waits. One at a time.</summary>
    public ValueTask WaitAsync()
    {
        if (_isSet)
        {
            _isSet = false;
            return default;
        }

        _isWaiting = true;
        _waiter.Reset();
        return new ValueTask(this, _waiter.Version);
    }

    void IValueTaskSource.GetResult(short token) => _waiter.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _waiter.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token, flags & ~ValueTaskSourceOnCompletedFlags.UseSchedulingContext);

    private void OnContinue()
    {
        (_isSet, _isWaiting) = (false, false);
        _waiter.SetResult(true);
    }
}
