using NUnit.Framework;

namespace WireGate.Postgres.Tests.Sql;

/// <summary>What each kind of statement is said to do.</summary>
internal sealed class StatementReaderTests
{
    [TestCase("select 1", "select: read")]
    [TestCase("select a from s.t join u using (x) where now() > y", "select: read s.t, read u")]
    [TestCase("values (1)", "values: read")]
    [TestCase("table t", "table: read t")]
    [TestCase("select * from (select * from (values (1)) v) x, lateral f(x) where exists (select from w)", "select: read w, calls f")]
    [TestCase("select 1 union select 2 from a", "select: read a")]
    [TestCase("", "")]
    public void Reads(string sql, string facts) => Assert.That(FactsText.Of(sql), Is.EqualTo(facts));

    [TestCase("with t as (select * from t) select * from t", "select: read t")]
    [TestCase("with recursive t as (select 1 union select * from t) select * from t", "select: read")]
    [TestCase("with x as (select 1), y as (select * from x) select * from y, z", "select: read z")]
    [TestCase("with x as (select 1) select * from s.x", "select: read s.x")]
    [TestCase("select * from (with x as (select 1) select * from x) q, x", "select: read x")]
    [TestCase("with t as (select 1) delete from t where true", "delete: write t")]
    [TestCase("with t as (delete from u returning *) select * from t", "select, delete: write u, read u")]
    public void Names_of_with_are_no_tables(string sql, string facts) => Assert.That(FactsText.Of(sql), Is.EqualTo(facts));

    [TestCase("insert into t values (1)", "insert: write t")]
    [TestCase("insert into t select * from u on conflict (a) do update set b = (select 1 from v)", "insert: write t, read u, read v")]
    [TestCase("update t set a = 1 from u where t.x = u.x returning a", "update: write t, read t, read u")]
    [TestCase("delete from t using u", "delete: write t, read u")]
    [TestCase("merge into t using s on t.a = s.a when matched then delete", "merge: write t, read s")]
    [TestCase("truncate a, b.c", "truncate: write a, write b.c")]
    [TestCase("select 1 into x from y", "select into: ddl x, write x, read y")]
    [TestCase("create table x as select * from y", "create table as: ddl x, write x, read y")]
    public void Writes(string sql, string facts) => Assert.That(FactsText.Of(sql), Is.EqualTo(facts));
}
