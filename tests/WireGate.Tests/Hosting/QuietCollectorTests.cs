using NUnit.Framework;
using WireGate.Hosting;
using WireGate.Testing.Time;

namespace WireGate.Tests.Hosting;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class QuietCollectorTests : IDisposable
{
    private const long Megabyte = 1024 * 1024;

    private readonly ManualTime _time = new();
    private readonly Heap _heap = new();
    private readonly QuietCollector _collector;

    public QuietCollectorTests() => _collector = new QuietCollector(_heap, _time);

    public void Dispose() => _collector.Dispose();

    [Test]
    public void Collects_when_a_burst_is_over_and_once_more_when_the_loops_have_let_go()
    {
        Burst();
        Assert.That(_heap.Collected, Is.Zero, "while it goes on");
        Pass(1);
        Assert.That(_heap.Collected, Is.EqualTo(1));
        Pass(60);

        Assert.That((_heap.Collected, _heap.Asked), Is.EqualTo((2, 0)), "and nothing much is free");
    }

    [Test]
    public void Does_nothing_while_nothing_much_happens()
    {
        for (int i = 0; i < 60; i++)
        {
            _heap.Made += 4 * 1024;
            Pass(1);
        }

        Assert.That((_heap.Collected, _heap.Asked), Is.EqualTo((0, 0)));
    }

    [Test]
    public void What_a_burst_has_left_is_given_back()
    {
        _heap.Free = 300 * Megabyte;
        Burst();
        Pass(60);

        Assert.That((_heap.Asked, _heap.Free), Is.EqualTo((1, 0)));
    }

    [TestCase(0, 1)]
    [TestCase(100, 0)]
    public void What_a_little_burst_has_left_is_given_back_when_nobody_is_there(int kilobytesEachSecond, int asked)
    {
        _heap.Free = 4 * Megabyte;
        Burst();
        for (int i = 0; i < 60; i++)
        {
            _heap.Made += kilobytesEachSecond * 1024;
            Pass(1);
        }

        Assert.That(_heap.Asked, Is.EqualTo(asked));
    }

    [Test]
    public void Memory_that_could_not_be_given_back_is_not_asked_for_again()
    {
        (_heap.Free, _heap.Stays) = (40 * Megabyte, 40 * Megabyte);
        for (int i = 0; i < 5; i++)
        {
            Burst();
            Pass(20);
        }

        Assert.That((_heap.Collected, _heap.Asked), Is.EqualTo((10, 1)));
    }

    [Test]
    public void What_becomes_free_beyond_it_is_given_back()
    {
        (_heap.Free, _heap.Stays) = (40 * Megabyte, 40 * Megabyte);
        Burst();
        Pass(20);
        _heap.Free = 80 * Megabyte;
        Burst();
        Pass(20);

        Assert.That((_heap.Asked, _heap.Free), Is.EqualTo((2, 40 * Megabyte)));
    }

    private void Burst()
    {
        _heap.Made += 10 * Megabyte;
        Pass(1);
    }

    private void Pass(int seconds)
    {
        for (int i = 0; i < seconds; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private sealed class Heap : IManagedHeap
    {
        public long Made { get; set; }

        public long Free { get; set; }

        /// <summary>Of what is free, what cannot be given back.</summary>
        public long Stays { get; set; }

        public int Collected { get; private set; }

        public int Asked { get; private set; }

        public long FreeOf(GCKind collection) => Free;

        public void Collect() => Collected++;

        public void GiveBack()
        {
            Asked++;
            Free = Math.Min(Free, Stays);
        }
    }
}
