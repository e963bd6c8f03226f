using System.Text;
using NUnit.Framework;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Sql;

/// <summary>What nests is read once at every level: read twice, a thousand bytes of it would keep a loop for ever.</summary>
internal sealed class NestingTests
{
    private const int Few = 8;
    private const int Many = 24;

    // What three times the depth may take at most: nine times as much for what is carried outwards, and what any text takes.
    private const int MostTimes = 12;

    [TestCase("select a from ({0}) x")]
    [TestCase("select * from ({0}) x")]
    [TestCase("select x.* from t, lateral ({0}) x")]
    [TestCase("select a from ({0}) x (a)")]
    [TestCase("select (x).a from ({0}) x")]
    [TestCase("with w as ({0}) select a from w")]
    [TestCase("with recursive w as (({0}) union all select a from w) select a from w")]
    [TestCase("with recursive w as (({0}) union all select a from w) search depth first by a set o cycle a set c using p select a from w")]
    [TestCase("with v as (select 1 as a), w as ({0}) select w.a from v, w")]
    [TestCase("select ({0}) as a")]
    [TestCase("select exists ({0}) as a")]
    [TestCase("select a in ({0}) as a from t")]
    [TestCase("select array({0}) as a")]
    [TestCase("select a from t where a = ({0})")]
    [TestCase("select a from t where a in ({0}) order by a limit 1")]
    [TestCase("select a from t group by a, ({0}) having a > 0")]
    [TestCase("select a from t order by ({0})")]
    [TestCase("select distinct on (({0})) a from t")]
    [TestCase("select a from t limit ({0})")]
    [TestCase("select a, sum(a) over (order by ({0})) from t")]
    [TestCase("({0}) union select 1")]
    [TestCase("select 1 as a except ({0})")]
    [TestCase("(({0}) intersect select a from t) order by a")]
    [TestCase("values (1, ({0}))")]
    [TestCase("select j.a from (t join ({0}) x using (a) as u) as j")]
    [TestCase("select x.a from t left join ({0}) x on x.a = t.a")]
    [TestCase("select case when a = 1 then ({0}) else 1 end as a from t")]
    [TestCase("select case ({0}) when 1 then 2 end as a from t")]
    [TestCase("select nullif(({0}), 1) as a")]
    [TestCase("select coalesce(a, ({0})) as a from t")]
    [TestCase("select a and ({0}) as a from t")]
    [TestCase("select not (a or ({0})) as a from t")]
    [TestCase("select f(a, ({0})) as a from t")]
    [TestCase("select unnest(array[({0})]) as a")]
    [TestCase("select count(*) filter (where ({0}) > 0) as a from t")]
    [TestCase("select a from f(({0})) as x (a)")]
    [TestCase("select a from xmltable('/a' passing ({0}) columns a text) x")]
    [TestCase("select (({0})::text)::int as a")]
    [TestCase("select row(1, ({0})) as a")]
    [TestCase("with w as (insert into t (a) ({0}) returning a) select a from w")]
    [TestCase("with w as (insert into t (a) values (1) on conflict (a) do update set a = ({0}) returning a) select a from w")]
    [TestCase("with w as (update t set a = 1 from ({0}) x where x.a = t.a returning t.a) select a from w")]
    [TestCase("with w as (update t set a = ({0}) returning a) select a from w")]
    [TestCase("with w as (delete from t returning ({0}) as a) select a from w")]
    [TestCase("with w as (merge into t using ({0}) x on true when matched then do nothing) select 1 as a")]
    [TestCase("with w as (merge into t using s on t.a = ({0}) when matched then delete) select 1 as a")]
    [TestCase("with w as (merge into t using s on true when matched and a = ({0}) then update set a = 1) select 1 as a")]
    [TestCase("with w as (merge into t using s on true when not matched then insert values (({0}))) select 1 as a")]
    [TestCase("with w as (with v as ({0}) merge into t using v on true when matched then do nothing) select 1 as a")]
    public void Is_read_once_at_every_level(string level)
    {
        Read(level, Few);
        long few = Read(level, Few);

        Assert.That(Read(level, Many), Is.LessThan(MostTimes * few));
    }

    // Work is counted by what it allocates, which is the same on every machine.
    private static long Read(string level, int depth)
    {
        string sql = "select a from t";
        for (int i = 0; i < depth; i++)
        {
            sql = level.Replace("{0}", sql, StringComparison.Ordinal);
        }

        byte[] text = Encoding.UTF8.GetBytes(sql);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ParsedText parsed = SqlParser.Parse(text);
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(parsed.Facts.Statements[0].Unknown, Is.Null.Or.Not.StartsWith("does not parse").And.Not.StartsWith("nested").And.Not.StartsWith("its tree"));
        return taken;
    }
}
