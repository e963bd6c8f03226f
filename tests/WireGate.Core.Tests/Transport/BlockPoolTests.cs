using NUnit.Framework;
using WireGate.Core.Transport.Epoll;

namespace WireGate.Core.Tests.Transport;

/// <summary>Blocks are used again as long as somebody wants them, and given up when a burst is over.</summary>
internal sealed class BlockPoolTests
{
    [Test]
    public void What_bursts_take_again_and_again_is_made_once()
    {
        var pool = new BlockPool();
        HashSet<Block> first = [.. Burst(pool, 500)];
        pool.Settle();

        Block[] second = Burst(pool, 500);
        pool.Settle();

        Assert.That(first, Is.EquivalentTo(second));
        Assert.That(pool.Free, Is.EqualTo(500));
    }

    [Test]
    public void What_a_burst_took_is_given_up_when_it_is_over()
    {
        var pool = new BlockPool();
        Burst(pool, 500);
        int before = pool.Free;

        pool.Settle();
        Assert.That(pool.Free, Is.EqualTo(before), "it was wanted");
        for (int looks = 0; pool.HasSpare; looks++)
        {
            Assert.That(looks, Is.LessThan(10), "half of what is left each time");
            Burst(pool, 3);
            pool.Settle();
        }

        Assert.That(pool.Free, Is.EqualTo(BlockPool.Kept));
    }

    [Test]
    public void What_was_given_up_has_no_memory_and_is_used_again()
    {
        var pool = new BlockPool();
        Block[] first = [.. Enumerable.Range(0, 200).Select(_ => pool.Rent())];
        Array.ForEach(first, b => b.Writable.Span.Fill(1));
        Array.ForEach(first, pool.Return);
        while (pool.HasSpare)
        {
            pool.Settle();
        }

        // What the system gives instead of it is zero.
        Assert.That(first.Count(b => b.Writable.Span[Block.Size / 2] == 0), Is.EqualTo(200 - BlockPool.Kept));
        Assert.That(Burst(pool, 200), Is.EquivalentTo(first));
    }

    [Test]
    public void Keeps_what_is_wanted_of_what_is_left()
    {
        var pool = new BlockPool();
        Burst(pool, 500);
        for (int looks = 0; looks < 20; looks++)
        {
            Burst(pool, 200);
            pool.Settle();
        }

        Assert.That(pool.Free, Is.EqualTo(200));
    }

    [Test]
    public void Keeps_no_more_than_it_may()
    {
        var pool = new BlockPool();

        Burst(pool, BlockPool.MostKept + 5);

        Assert.That(pool.Free, Is.EqualTo(BlockPool.MostKept));
        Assert.That(pool.Rented, Is.Zero);
    }

    private static Block[] Burst(BlockPool pool, int count)
    {
        Block[] blocks = [.. Enumerable.Range(0, count).Select(_ => pool.Rent())];
        Array.ForEach(blocks, pool.Return);
        return blocks;
    }
}
