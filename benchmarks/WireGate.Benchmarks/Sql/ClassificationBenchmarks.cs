using BenchmarkDotNet.Attributes;
using WireGate.Postgres.Sql;

namespace WireGate.Benchmarks.Sql;

/// <summary>What a text costs before rules judge it: the first time with the parser, and from then on out of the cache.</summary>
public class ClassificationBenchmarks
{
    private readonly StatementCache _cache = new(10_000, 64 * 1024 * 1024);

    [GlobalSetup]
    public void Fill()
    {
        for (int i = 0; i < 3; i++)
        {
            Cached();
        }
    }

    [Benchmark]
    public object Cached() => _cache.Get("select id, name from orders where id = $1 and state = $2 -- 60"u8);

    [Benchmark]
    public object Cold_select_1() => SqlParser.Parse("select 1"u8);

    [Benchmark]
    public object Cold_update() => SqlParser.Parse("UPDATE pgbench_accounts SET abalance = abalance + 1234 WHERE aid = 98765;"u8);

    [Benchmark]
    public object Cold_join_of_150() => SqlParser.Parse(
        "SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.state = 'open' AND c.id = $1 ORDER BY o.created_at LIMIT 50"u8);

    [Benchmark]
    public object Cold_with_of_250() => SqlParser.Parse(
        "WITH recent AS (SELECT customer_id, sum(total) AS total, count(*) AS n FROM orders WHERE created_at > now() - interval '7 days' GROUP BY customer_id) SELECT c.id, c.name, coalesce(r.total, 0) FROM customers c LEFT JOIN recent r ON r.customer_id = c.id LIMIT 10"u8);
}
