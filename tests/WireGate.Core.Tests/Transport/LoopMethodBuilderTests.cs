using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using NUnit.Framework;
using WireGate.Core.Transport;

#pragma warning disable CA2012 // What is tested is when there is a result.

namespace WireGate.Core.Tests.Transport;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class LoopMethodBuilderTests
{
    private readonly Gate _gate = new();

    [Test]
    public void A_method_that_does_not_wait_has_its_result_at_once()
    {
        ValueTask<int> sum = AddAsync(2, waits: false);
        Assert.That(sum.IsCompletedSuccessfully);
        Assert.That(sum.Result, Is.EqualTo(2));
    }

    [Test]
    public void A_method_that_waits_goes_on_where_it_was()
    {
        ValueTask<int> sum = AddAsync(2, waits: true);
        Assert.That(sum.IsCompleted, Is.False);
        _gate.Open(40);
        Assert.That(sum.IsCompletedSuccessfully);
        Assert.That(sum.GetAwaiter().GetResult(), Is.EqualTo(42));
    }

    [Test]
    public void Waits_again_and_again()
    {
        ValueTask<int> sum = SumAsync(3);
        for (int i = 1; i <= 3; i++)
        {
            _gate.Open(i);
        }

        Assert.That(sum.GetAwaiter().GetResult(), Is.EqualTo(6));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void What_it_throws_is_thrown_by_the_await(bool waits)
    {
        ValueTask<int> thrown = ThrowAsync(waits);
        if (waits)
        {
            _gate.Open(1);
        }

        Assert.That(async () => await thrown, Throws.TypeOf<IOException>().With.Message.EqualTo("lost"));
    }

    [Test]
    public void Is_awaited_once()
    {
        ValueTask<int> sum = AddAsync(2, waits: true);
        _gate.Open(1);
        _ = sum.GetAwaiter().GetResult();
        Assert.That(() => sum.GetAwaiter().GetResult(), Throws.InvalidOperationException);
    }

    [Test]
    public void Has_no_result_before_there_is_one()
    {
        ValueTask<int> sum = AddAsync(2, waits: true);
        Assert.That(() => sum.GetAwaiter().GetResult(), Throws.InvalidOperationException);
        _gate.Open(1);
        Assert.That(sum.GetAwaiter().GetResult(), Is.EqualTo(3));
    }

    [Test]
    public void As_many_as_wait_at_once_allocate_nothing_the_next_time()
    {
        const int AtOnce = 100;
        Gate[] gates = [.. Enumerable.Range(0, AtOnce).Select(_ => new Gate())];
        var waiting = new ValueTask<int>[AtOnce];
        long allocated = 0;
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < AtOnce; i++)
            {
                waiting[i] = PassOnAsync(gates[i]);
            }

            for (int i = 0; i < AtOnce; i++)
            {
                gates[i].Open(i);
                if (waiting[i].GetAwaiter().GetResult() != i)
                {
                    Assert.Fail("of another");
                }
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.That(allocated, Is.Zero);
    }

    [Test]
    public void What_ends_on_another_thread_is_not_used_there()
    {
        ValueTask<int> sum = AddAsync(2, waits: true);
        int result = 0;
        var other = new Thread(() =>
        {
            _gate.Open(1);
            result = sum.GetAwaiter().GetResult();
        });
        other.Start();
        other.Join();
        Assert.That(result, Is.EqualTo(3));

        ValueTask<int> next = AddAsync(5, waits: true);
        _gate.Open(1);
        Assert.That(next.GetAwaiter().GetResult(), Is.EqualTo(6));
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<int> AddAsync(int to, bool waits) => waits ? to + await _gate.WaitAsync() : to;

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<int> SumAsync(int count)
    {
        int sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += await _gate.WaitAsync();
        }

        return sum;
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<int> ThrowAsync(bool waits)
    {
        if (waits)
        {
            await _gate.WaitAsync();
        }

        throw new IOException("lost");
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private static async ValueTask<int> PassOnAsync(Gate gate) => await InnerAsync(gate);

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private static async ValueTask<int> InnerAsync(Gate gate) => await gate.WaitAsync();

    /// <summary>Completes whoever waits on the thread that opens it; for one after the other.</summary>
    private sealed class Gate : IValueTaskSource<int>
    {
        private ManualResetValueTaskSourceCore<int> _source;

        public ValueTask<int> WaitAsync() => new(this, _source.Version);

        public void Open(int value) => _source.SetResult(value);

        public int GetResult(short token)
        {
            int result = _source.GetResult(token);
            _source.Reset();
            return result;
        }

        public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _source.OnCompleted(continuation, state, token, flags);
    }
}
