using System.Text;
using NUnit.Framework;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Sql;

/// <summary>What is in use stays, within bounds, and costs nothing.</summary>
internal sealed class StatementCacheTests
{
    [Test]
    public void The_same_bytes_give_the_same_facts()
    {
        var cache = new StatementCache(10, 1 << 20);
        ParsedText first = cache.Get("select 1"u8);
        Assert.That(cache.Get("select 1"u8), Is.SameAs(first));
        Assert.That(cache.Get("select 2"u8), Is.Not.SameAs(first));
        Assert.That(cache.Get("select  1"u8), Is.Not.SameAs(first));
    }

    [Test]
    public void A_flood_does_not_push_out_what_is_in_use()
    {
        var cache = new StatementCache(100, 1 << 20);
        ParsedText hot = cache.Get("select hot"u8);
        for (int i = 0; i < 5_000; i++)
        {
            cache.Get(Encoding.ASCII.GetBytes($"select {i}"));
            if (i % 20 == 0)
            {
                Assert.That(cache.Get("select hot"u8), Is.SameAs(hot));
            }
        }

        Assert.That(cache.Count, Is.LessThanOrEqualTo(100));
    }

    [Test]
    public void It_holds_no_more_bytes_than_it_may()
    {
        var cache = new StatementCache(1_000_000, 100_000);
        for (int i = 0; i < 1_000; i++)
        {
            cache.Get(Encoding.ASCII.GetBytes($"select '{new string('x', 1_000)}', {i}"));
        }

        Assert.That(cache.Count, Is.InRange(20, 100));
        cache.Get(Encoding.ASCII.GetBytes($"select '{new string('x', 60_000)}'"));
        Assert.That(cache.Count, Is.InRange(20, 100), "one that would push out all others is not kept");
    }

    [Test]
    public void A_hit_allocates_nothing()
    {
        var cache = new StatementCache(10, 1 << 20);
        ReadOnlySpan<byte> text = "select a, b from orders where id = $1 and name = $2 limit 10"u8;
        cache.Get(text);
        cache.Get(text);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
        {
            cache.Get(text);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Many_threads_may_ask_at_once()
    {
        var cache = new StatementCache(50, 1 << 20);
        Parallel.For(0, 20_000, i =>
        {
            int which = i % 80;
            ParsedText parsed = cache.Get(Encoding.ASCII.GetBytes($"select * from t{which}"));
            Assert.That(parsed.Facts.Statements[0].Accesses[0].Relation!.Value.Name, Is.EqualTo($"t{which}"));
        });
        Assert.That(cache.Count, Is.LessThanOrEqualTo(50));
    }
}
