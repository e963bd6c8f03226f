using System.Text;
using NUnit.Framework;
using WireGate.Postgres.Sql;

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
    [TestCase("truncate a cascade", "truncate: write a, write *.*")]
    [TestCase("drop table s.a cascade", "drop: ddl s.a, ddl *.*")]
    [TestCase("drop schema s, t", "drop: ddl s.*, ddl t.*")]
    [TestCase("grant select on all tables in schema s to public", "grant: privilege, privilege s.*")]
    [TestCase("revoke usage on schema s from u", "revoke: privilege, privilege s.*")]
    [TestCase("alter default privileges in schema s grant select on tables to u", "alter: privilege, privilege s.*")]
    [TestCase("alter default privileges grant select on tables to u", "alter: privilege, privilege *.*")]
    [TestCase("drop owned by u", "drop owned: privilege, privilege *.*, ddl, ddl *.*")]
    [TestCase("reassign owned by u to v", "reassign owned: privilege, privilege *.*")]
    [TestCase("alter table all in tablespace x set tablespace y", "alter: ddl, ddl *.*")]
    [TestCase("alter table a drop column b cascade", "alter: ddl a, ddl *.*")]
    [TestCase("alter schema s rename to t", "alter: ddl, ddl s.*, ddl t.*")]
    [TestCase("create publication p for all tables", "create: ddl, ddl *.*")]
    [TestCase("create publication p for tables in schema s", "create: ddl, ddl s.*")]
    [TestCase("alter function f(int) rename to g", "alter: ddl, unknown")]
    [TestCase("alter routine f set schema s", "alter: ddl, unknown")]
    [TestCase("vacuum", "vacuum: ddl *.*")]
    [TestCase("vacuum (full, analyze)", "vacuum: ddl *.*")]
    [TestCase("vacuum t, s.u (a)", "vacuum: ddl t, ddl s.u")]
    [TestCase("analyze", "analyze: ddl *.*")]
    [TestCase("analyze t", "analyze: ddl t")]
    [TestCase("cluster", "cluster: ddl *.*")]
    [TestCase("cluster t using i", "cluster: ddl t")]
    [TestCase("reindex database d", "reindex: ddl *.*")]
    [TestCase("reindex (verbose) system d", "reindex: ddl *.*")]
    [TestCase("reindex schema s", "reindex: ddl s.*")]
    [TestCase("reindex table s.t", "reindex: ddl s.t")]
    [TestCase("create policy p on s.t using (a = 1)", "create: ddl s.t, privilege s.t")]
    [TestCase("alter policy p on t to u", "alter: ddl t, privilege t")]
    [TestCase("drop policy p on s.t", "drop: ddl s.t, privilege s.t")]
    [TestCase("create sequence s.q", "create: ddl s.q")]
    [TestCase("create index on s.t (a)", "create: ddl s.t")]
    [TestCase("comment on table s.t is 'x'", "comment: ddl s.t")]
    [TestCase("comment on function f() is 'x'", "comment: ddl")]
    [TestCase("lock table s.t", "lock: write s.t")]
    [TestCase("commit prepared 'x'", "commit prepared: write pg_catalog.pg_prepared_xacts")]
    [TestCase("select 1 into x from y", "select into: ddl x, write x, read y")]
    [TestCase("create table x as select * from y", "create table as: ddl x, write x, read y")]
    public void Writes(string sql, string facts) => Assert.That(FactsText.Of(sql), Is.EqualTo(facts));

    [TestCase("select a, t.b from t", "a, t.b")]
    [TestCase("select a from t as x (b, a)", "a, x.*")]
    [TestCase("select a from (t join u on true) as j (b, a)", "a, j.*")]
    [TestCase("select t from t", "t, t.*")]
    [TestCase("select row_to_json(x) from s.t x", "x, x.*")]
    [TestCase("select x.to_jsonb from s.t x", "x.to_jsonb, x.*")]
    [TestCase("select x.name from s.t x", "x.name")]
    [TestCase("select 1 from t natural join u", "*")]
    [TestCase("delete from t x returning x", "x, x.*")]
    [TestCase("copy t to stdout", "t.*")]
    [TestCase("copy t (a) to stdout", "t.a")]
    [TestCase("copy (select a from t) to stdout", "a")]
    [TestCase("insert into t values (1)", "t.*")]
    [TestCase("insert into t (a) values (1)", "t.a")]
    [TestCase("insert into t default values", "")]
    public void Columns_that_are_not_named_one_by_one_are_all(string sql, string columns) => Assert.That(
        SqlParser.Parse(Encoding.UTF8.GetBytes(sql)).Facts.Statements.SelectMany(s => s.Columns).Select(c => c.ToString()),
        Is.EquivalentTo(columns.Split(", ", StringSplitOptions.RemoveEmptyEntries)));
}
