using System.Text;
using NUnit.Framework;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Fuzz.Postgres;

/// <summary>Whatever bytes a text is made of, there are facts, and no text that the parser refused comes out as one without effects.</summary>
internal sealed class SqlFuzz
{
    private const int Inputs = 20_000;

    private static readonly byte[][] Seeds =
    [
        .. new[]
        {
            "with recursive x(a) as (delete from s.t returning *) select x.*, count(*) over w from x join u using (b) window w as () for update of u",
            "insert into t (a, b) values (E'\\'', U&\"d\\0061ta\") on conflict (a) do update set (a, b) = (select 1, 2) where t.a > 1 returning *",
            "merge into t using s on t.a = s.a when matched then update set b = set_config('a', 'b', true) when not matched then insert values (1)",
            "copy (select $x$ ; $x$ from t) to program 'x' with (format csv); explain (analyze, costs off) execute p(1, nextval('a.\"b\"'))",
            "create table if not exists a.b (x int primary key default f() references c, like d) inherits (e); alter table t owner to u",
            "prepare p (int) as update t set a = $1; declare c cursor for select 1; fetch 2 from c; set local search_path = a, 'b'",
            "grant select (a) on t to bob; create role x password 'y'; drop table a, b.c cascade; lock t in access share mode; do $$ x $$",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    [Test]
    public void Any_text_gives_facts()
    {
        int refused = 0;
        foreach (byte[] text in Mutations.Of(8, Seeds).Take(Inputs))
        {
            ParsedText parsed;
            try
            {
                parsed = SqlParser.Parse(text);
            }
            catch (Exception e)
            {
                Assert.Fail($"{Convert.ToHexString(text)}: {e}");
                throw;
            }

            foreach (SqlStatementFacts facts in parsed.Facts.Statements)
            {
                Check(text, facts);
                refused += facts.Kinds[0] == SqlKinds.Unknown ? 1 : 0;
            }
        }

        Assert.That(refused, Is.GreaterThan(Inputs / 10), "hardly any text was refused: the mutations mutate nothing");
    }

    private static void Check(byte[] text, SqlStatementFacts facts)
    {
        string hex = Convert.ToHexString(text);
        Assert.That(facts.Kinds, Is.Not.Empty, hex);
        Assert.That(facts.Kinds, Is.All.Matches<string>(SqlKinds.All.Contains), hex);
        bool isUnknown = facts.Accesses.Contains(new SqlAccess(SqlEffects.Unknown, null));
        Assert.That(isUnknown, Is.EqualTo(facts.Unknown is not null), hex);
        Assert.That(isUnknown || !facts.Kinds.Contains(SqlKinds.Unknown), hex);
    }
}
