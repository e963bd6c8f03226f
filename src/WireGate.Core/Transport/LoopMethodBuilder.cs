using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace WireGate.Core.Transport;

/// <summary>
/// Makes asynchronous methods of a loop that allocate nothing: what such a method keeps while it waits is used again by the next one, as many as waited
/// at once. The runtime's own pooling builder keeps one for each thread, which is one for all connections of a reactor.
/// </summary>
/// <remarks>
/// For methods with <c>[AsyncMethodBuilder]</c> that are awaited once, at once: who awaits one twice is told so by an
/// <see cref="InvalidOperationException"/>, unless another has begun to use it. No <see cref="ExecutionContext"/> flows into what comes after an await:
/// an <see cref="AsyncLocal{T}"/> of the caller's is not seen there.
/// </remarks>
/// <typeparam name="TResult">What they return.</typeparam>
public struct LoopMethodBuilder<TResult>
{
    private Kept? _kept;
    private TResult _result;
    private Exception? _exception;

    /// <summary>What the method returns.</summary>
    public readonly ValueTask<TResult> Task =>
        _kept is not null ? new ValueTask<TResult>(_kept, _kept.Version)
        : _exception is null ? new ValueTask<TResult>(_result)
        : ValueTask.FromException<TResult>(_exception);

    /// <summary>For the compiler, as all that follows.</summary>
#pragma warning disable CA1000 // Where the compiler looks for it.
    public static LoopMethodBuilder<TResult> Create() => default;
#pragma warning restore CA1000

    /// <summary>Runs the method up to its first await that waits.</summary>
    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => stateMachine.MoveNext();

    /// <summary>Never called by today's compilers.</summary>
    public readonly void SetStateMachine(IAsyncStateMachine stateMachine) => ArgumentNullException.ThrowIfNull(stateMachine);

    /// <summary>The method has returned.</summary>
    public void SetResult(TResult result)
    {
        if (_kept is null)
        {
            _result = result;
        }
        else
        {
            _kept.SetResult(result);
        }
    }

    /// <summary>The method has thrown.</summary>
    public void SetException(Exception exception)
    {
        if (_kept is null)
        {
            _exception = exception;
        }
        else
        {
            _kept.SetException(exception);
        }
    }

    /// <summary>It waits.</summary>
    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine => awaiter.OnCompleted(Keep(ref stateMachine));

    /// <summary>It waits.</summary>
    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine => awaiter.UnsafeOnCompleted(Keep(ref stateMachine));

    private Action Keep<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine
    {
        if (_kept is null)
        {
            // First the field: it is part of what is copied.
            Kept<TStateMachine> kept = Kept<TStateMachine>.Take();
            _kept = kept;
            kept.StateMachine = stateMachine;
        }

        return _kept.MoveNext;
    }

    private abstract class Kept : IValueTaskSource<TResult>
    {
        private ManualResetValueTaskSourceCore<TResult> _source;

        protected Kept() => MoveNext = Move;

        public Action MoveNext { get; }

        public short Version => _source.Version;

        public void SetResult(TResult result) => _source.SetResult(result);

        public void SetException(Exception exception) => _source.SetException(exception);

        public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _source.OnCompleted(continuation, state, token, flags);

        public TResult GetResult(short token)
        {
            if (_source.GetStatus(token) == ValueTaskSourceStatus.Pending)
            {
                throw new InvalidOperationException("It has no result yet.");
            }

            try
            {
                return _source.GetResult(token);
            }
            finally
            {
                _source.Reset();
                GiveBack();
            }
        }

        protected abstract void Move();

        protected abstract void GiveBack();
    }

    private sealed class Kept<TStateMachine> : Kept
        where TStateMachine : IAsyncStateMachine
    {
        [ThreadStatic]
        private static Spare? _threads;

        private readonly Spare _home;
        private Kept<TStateMachine>? _next;

        private Kept(Spare home) => _home = home;

        /// <summary>The compiler's own.</summary>
        public TStateMachine StateMachine = default!;

        public static Kept<TStateMachine> Take()
        {
            Spare spare = _threads ??= new Spare();
            if (spare.First is not { } first)
            {
                return new Kept<TStateMachine>(spare);
            }

            (spare.First, first._next) = (first._next, null);
            spare.Count--;
            return first;
        }

        protected override void Move() => StateMachine.MoveNext();

        protected override void GiveBack()
        {
            // What it refers to is somebody's no longer.
            StateMachine = default!;
            if (ReferenceEquals(_threads, _home) && _home.Count < Spare.Most)
            {
                (_next, _home.First) = (_home.First, this);
                _home.Count++;
            }
        }

        private sealed class Spare
        {
            /// <summary>Those of 512 streams under way, which a proxy of HTTP/2 has often; some 200 KiB for one method.</summary>
            public const int Most = 512;

            public Kept<TStateMachine>? First;
            public int Count;
        }
    }
}
