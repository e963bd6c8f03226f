using System.Threading.Tasks.Sources;
using WireGate.Core.Transport;

namespace WireGate.Core.Audit;

/// <summary>
/// Those on an event loop who wait for the loop's chain to reach the disk. They stay on the loop: a round of the disk posts one callback,
/// however many it lets go, and nothing is allocated for those who wait often.
/// </summary>
/// <param name="log">What the chains have in common.</param>
/// <param name="durable">The highest sequence of the chain that is on disk; callable from any thread.</param>
internal sealed class LoopWaiters(AuditLogContext log, Func<long> durable)
{
    private readonly Stack<Waiter> _spare = new();
    private List<Waiter> _waiting = [];
    private List<Waiter> _taken = [];
    private EventLoop? _loop;
    private bool _isHastened;

    // 1: somebody waits, and no callback is under way. The only thing here that other threads touch.
    private int _isWanted;

    /// <summary>Completes on the loop, which has to be the caller's, when the record is on disk.</summary>
    /// <exception cref="AuditFailedException">It will never be.</exception>
    public ValueTask WaitAsync(long sequence, EventLoop loop)
    {
        Waiter waiter = _spare.TryPop(out Waiter? spare) ? spare : new Waiter(_spare);
        waiter.Sequence = sequence;
        _waiting.Add(waiter);
        _loop = loop;
        Want();
        return new ValueTask(waiter, waiter.Version);
    }

    /// <summary>
    /// Sends the disk off, once the loop has dealt with what else it has at hand: so one round of the disk is for all of that. On the loop.
    /// </summary>
    public void Hasten(EventLoop loop)
    {
        _loop = loop;
        if (!_isHastened)
        {
            _isHastened = true;
            loop.Post(static s => ((LoopWaiters)s!).SendOff(), this);
        }
    }

    /// <summary>The chain has reached the disk further, or never will again. Any thread.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _isWanted, 0) == 1)
        {
            _loop!.Post(static s => ((LoopWaiters)s!).Release(), this);
        }
    }

    private void Want()
    {
        // First the wish, then the look: whoever has been there in between sees one of the two.
        Interlocked.Exchange(ref _isWanted, 1);
        if (log.Failure.IsLatched)
        {
            Wake();
        }
        else
        {
            Hasten(_loop!);
        }
    }

    private void SendOff()
    {
        _isHastened = false;
        log.Flusher?.Wake();
    }

    private void Release()
    {
        (_taken, _waiting) = (_waiting, _taken);
        long reached = durable();
        bool failed = log.Failure.IsLatched;
        foreach (Waiter waiter in _taken)
        {
            if (waiter.Sequence > reached && !failed)
            {
                _waiting.Add(waiter);
            }
        }

        if (_waiting.Count > 0)
        {
            Want();
        }

        // Last: who goes on may wait again.
        foreach (Waiter waiter in _taken)
        {
            if (waiter.Sequence <= reached)
            {
                waiter.Complete();
            }
            else if (failed)
            {
                waiter.Fail(log.Failure.ToException());
            }
        }

        _taken.Clear();
    }

    private sealed class Waiter(Stack<Waiter> spare) : IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<bool> _source;

        public long Sequence { get; set; }

        public short Version => _source.Version;

        public void Complete() => _source.SetResult(true);

        public void Fail(Exception exception) => _source.SetException(exception);

        public void GetResult(short token)
        {
            try
            {
                _source.GetResult(token);
            }
            finally
            {
                _source.Reset();
                spare.Push(this);
            }
        }

        public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _source.OnCompleted(continuation, state, token, flags);
    }
}
