using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>What is hidden of what a statement shows, and which statements would get round it.</summary>
internal sealed class MaskPlannerTests
{
    private const uint People = 20_000;
    private static readonly SqlSearchPath Path = SqlSearchPath.Of("hr");

    [TestCase("select p.to_json from people p, (select 1 as to_json) z")]
    [TestCase("select p.to_json from people p where exists (select from (select 1 as to_json) p)")]
    [TestCase("select (select p.title from (select 1 as title) x, lateral (select 1) y) from people p")]
    [TestCase("select q.concat from (select ssn from people) q, (select 1 as concat) z")]
    [TestCase("select q.concat from (select * from people) q, (select 1 as concat) z")]
    [TestCase("with q as (select id, ssn from people) select q.row_to_json from q, (select 1 as row_to_json) z")]
    [TestCase("with q as (select id, ssn from people) select x.row_to_json from q as x, (select 1 as row_to_json) z")]
    [TestCase("select j.concat from (people join (select 1 as concat) z on true) as j (a, b, c, d, e)")]
    [TestCase("select q.concat from (select * from (people join (select 1 as concat) z on true) as j (a, b, c, d, e)) q, (select 2 as concat) y")]
    [TestCase("select s.to_json from (select p.to_json from people p, (select 1 as to_json) z) s")]
    [TestCase("select to_json from (select p.to_json from people p, (select 1 as to_json) z) s")]
    [TestCase("select p.name from people as p (a, b, c, d)")]
    [TestCase("update people p set id = 1 from (select 1 as quote_literal) z returning p.quote_literal")]
    [TestCase("select w.to_json from people join open using (ssn) as w, (select 1 as to_json) z")]
    [TestCase("select to_json(w) from people join open using (id, ssn) as w")]
    [TestCase("insert into people as p values (1) on conflict (id) do update set id = 1 returning p.to_json")]
    [TestCase("select x.to_json from people, lateral json_each(to_json(people)) as x")]
    [TestCase("select ssn::name from people")]
    [TestCase("select v.column2 from people p, lateral (values (p.*, 'a', 'b', 1)) v")]
    [TestCase("select column2 from people p, lateral (values ((p).*, 'a', 'b', 1)) v")]
    [TestCase("select v.column3 from people p, lateral (values (1, 2, 3), (p.*)) v")]
    [TestCase("select v.b from people p, lateral (values (p.*, 'a', 'b')) v (a, b)")]
    [TestCase("select v.b from people p, lateral (values ((row(name, ssn)::plain).*, 'a')) v (a, b)")]
    [TestCase("with v (a, b) as (select x.* from people p, lateral (values (p.*, 'a')) x) select b from v")]
    [TestCase("select v.b from people p, lateral (select p.*, 'a' union all select 'a', 'b', 'c', 'd', 'e') v (a, b)")]
    [TestCase("select id from (select (row(ssn, name)::plain).* from people) q")]
    [TestCase("select title from plain, (select (row(1, ssn)::plain).* from people) q")]
    [TestCase("select row(p.*) from people p")]
    [TestCase("select json_build_object('a', p.*) from people p")]
    [TestCase("select (row(p.*)::plain).title from people p")]
    [TestCase("select to_json(q.p) from (select p from people p) q")]
    [TestCase("with q as (select people from people) select q.people::text from q")]
    [TestCase("with q as (update people p set id = 1 returning p) select q.p::text from q")]
    [TestCase("select a.p::text from people p, lateral (select p) a")]
    [TestCase("select x.j::text from (select j from (people join plain using (id)) as j) x")]
    [TestCase("select x.w::text from (select w from people join open using (id, ssn) as w) x")]
    [TestCase("select x.q::text from (select q from (select ssn from people) q) x")]
    [TestCase("select z.p::text from (select * from (select p from people p) q) z")]
    [TestCase("select seq_scan + 1 from pg_stat_xact_user_tables where relname = 't'")]
    [TestCase("select q.p::text from (select p from people p union all select null) q")]
    [TestCase("select d.name from (select ssn::text::name || '' as a, (ssn || '')::name from people) d")]
    [TestCase("update people set name = name returning old::text")]
    [TestCase("update people set name = name returning new::text")]
    [TestCase("update people set name = name returning to_json(old) as old")]
    [TestCase("update people set name = name returning upper(new::text) as new")]
    [TestCase("update people set name = name from (select 1 as to_json) z returning old.to_json")]
    [TestCase("delete from people returning old::text")]
    [TestCase("insert into people values (1) on conflict (id) do update set id = 1 returning old::text")]
    [TestCase("with w as (update people set name = name returning to_json(old)::text as x) select x from w")]
    [TestCase("with v as (select 1 as old), w as (update people set name = name returning to_json(old)::text as x) select x from w, v")]
    [TestCase("select upper(nobody::text) as nobody from people")]
    [TestCase("select x from (select upper(x::text) as x from people) q")]
    [TestCase("select upper(far::text) from people where exists (select from (select 1 as far) z)")]
    public void Shows_a_masked_value(string sql) => Assert.That(Found(sql), Is.Not.Null);

    [TestCase("select p.name from people p")]
    [TestCase("select p.name from people p where exists (select from open o where o.id = p.id)")]
    [TestCase("select p.name, x.title from people p join (select p.id, p.title from plain p) x on x.id = p.id")]
    [TestCase("select x.title from people p join (select p.id, p.title from plain p) x on x.id = p.id")]
    [TestCase("select p.title from plain p union all select p.name from people p")]
    [TestCase("select q.name from (select * from people) q")]
    [TestCase("select q.label from (select p.name as label, p.* from people p) q")]
    [TestCase("with recursive t (id, label) as (select id, name from people union all select t.id, p.name from people p join t on p.id = t.id) select t.label from t")]
    [TestCase("with q as (select id, upper(name) from people) select q.upper from q")]
    [TestCase("select e.value from people p, jsonb_each(p.name::jsonb) e")]
    [TestCase("select g.n from people p join generate_series(1, 1) as g(n) on g.n = p.id")]
    [TestCase("select x.b from people p, json_to_record('{}') as x (a int, b text)")]
    [TestCase("select b from people p, xmltable('/a' passing '<a/>'::xml columns b text) x")]
    [TestCase("select j.name from (people join plain using (id)) as j")]
    [TestCase("select v.b from people p, lateral (values (p.id, p.name), (1, 'a')) v (a, b)")]
    [TestCase("select v.column2 from people p, lateral (values (p.ssn, p.name)) v")]
    [TestCase("select people.ctid from hr.people")]
    [TestCase("select upper(relname) from pg_stat_xact_user_tables")]
    [TestCase("update people p set name = x.title from plain x where x.id = p.id returning x.title")]
    [TestCase("update people p set name = '' returning old.name || new.id")]
    [TestCase("with q (x) as (select name from people) select upper(x) as x from q")]
    [TestCase("select upper(title) as title from plain, people")]
    [TestCase("select (select upper(title || name)) from plain, people")]
    [TestCase("with recursive r as (select 1 as n, name as x from people union all select n + 1, lower(x) from r) select upper(x) from r")]
    public void Shows_nothing_that_is_masked(string sql) => Assert.That(Found(sql), Is.Null);

    [Test]
    public void What_is_known_to_be_masked_is_beside_what_cannot_be_known()
    {
        ParsedStatement statement = Parse("select reverse(ssn), pg_sleep(0), name from people");
        var source = new PlanSource(statement, Map(), new Taint(statement, Map(), Path, OwnTables.None), "what pg_sleep() does");

        Assert.That(source.Of(0, 3, "reverse"), Has.Property("Found").Not.Null.And.Property("IsUnsure").True);
        Assert.That(source.Of(2, 3, "name"), Has.Property("Found").Null.And.Property("IsUnsure").True);
    }

    [TestCase("update people p set name = p.quote_literal from (select 1 as quote_literal) z", "what quote_literal")]
    [TestCase("alter schema hr rename to x", "hr\\.\\*")]
    [TestCase("alter type hr.row rename attribute ssn to x cascade", "cannot be known")]
    [TestCase("alter extension e set schema x", "cannot be known")]
    [TestCase("create domain d as text check (set_config('x.y', value, false) is not null)", "set_config")]
    [TestCase("alter domain d add check (setval('s', length(value)) > 0)", "setval")]
    [TestCase("create table t (a text check (a <> '' and nextval('s') > 0))", "nextval")]
    [TestCase("create table t (a text default set_config('search_path', 'hr', false))", "set_config")]
    [TestCase("alter table t alter a type text using set_config('x.y', a, false)", "set_config")]
    [TestCase("create index on t (a) where set_config('x.y', a, false) is not null", "set_config")]
    [TestCase("create policy p on t using (set_config('x.y', a, false) is not null)", "set_config")]
    [TestCase("create view v as select set_config('search_path', 'hr', false)", "set_config")]
    [TestCase("create materialized view v as select nextval('s')", "nextval")]
    [TestCase("select ssn like '1%' and set_config('x.y', '1', false) is not null from people", "setting")]
    [TestCase("select name, set_config('x.y', '1', false) from people", "setting")]
    [TestCase("select ssn like '1%' and txid_current() > 0 from people", "transaction")]
    [TestCase("select ssn like '1%' and pg_catalog.pg_current_xact_id() is not null from people", "transaction")]
    [TestCase("select b and random() > 0 from (select ssn like '1%' as b from people) x", "transaction")]
    [TestCase("update people set name = '' returning ssn like '1%' and nextval('s') > 0", "sequence")]
    [TestCase("update people set name = '' returning case id when 1 then ssn || nextval('s') end", "sequence")]
    [TestCase("insert into people values (1) on conflict (id) do update set name = excluded.ssn", "elsewhere")]
    [TestCase("insert into people values (1) on conflict (id) do update set ssn = excluded.ssn || ''", "elsewhere")]
    [TestCase("merge into people p using plain o on o.id = p.id when matched then update set name = p.ssn", "elsewhere")]
    [TestCase("merge into people p using plain o on o.id = p.id when not matched then insert (id, name) values (o.id, (select max(ssn) from people))", "elsewhere")]
    [TestCase("merge into people p using plain o on o.id = p.id when not matched then insert (name) values (to_json(p)::text)", "elsewhere")]
    [TestCase("merge into plain o using people p on o.id = p.id when matched then update set title = p.ssn", "elsewhere")]
    [TestCase("merge into people p using plain o on p.ssn like '1%' when matched then update set name = ''", "condition")]
    [TestCase("merge into people p using plain o on o.id = p.id when matched and p.ssn like '1%' then delete", "condition")]
    [TestCase("with w as (merge into people p using plain o on p.ssn = o.title when matched then do nothing) select 1", "condition")]
    [TestCase("select id from people p, lateral (values (p.*, 'a')) v where v.column2 like '1%'", "what column2")]
    [TestCase("insert into plain (title) select v.column2 from people p, lateral (values (p.*, 'a')) v", "what column2")]
    [TestCase("update people p set name = v.column2 from people o, lateral (values (o.*, 'a')) v", "what column2")]
    [TestCase("select id from people p, lateral (values (p.*, 'a')) v where column2 like '1%'", "condition")]
    [TestCase("insert into plain (title) select column2 from people p, lateral (values (p.*, 'a')) v", "elsewhere")]
    [TestCase("select upper(ssn) as n, count(*) from people group by n", "condition")]
    [TestCase("select name as n from people group by n, ssn", "condition")]
    [TestCase("select distinct ssn from people", "condition")]
    [TestCase("alter table people add column more text", "people are masked, and while they are it may not be changed")]
    [TestCase("create index on people (id)", "may not be changed or referred to")]
    [TestCase("create table x (id int references people (id))", "may not be changed or referred to")]
    [TestCase("cluster people using people_ssn", "may not be changed")]
    [TestCase("insert into plain select id, ssn from people", "elsewhere")]
    [TestCase("insert into plain select * from people", "elsewhere")]
    [TestCase("insert into plain select p.id, p.code from people p", "elsewhere")]
    [TestCase("insert into plain select id, p::text from people p", "elsewhere")]
    [TestCase("insert into plain values (1, (select max(ssn) from people))", "elsewhere")]
    [TestCase("insert into plain select id, name from people where ssn like '1%'", "condition")]
    [TestCase("with w as (insert into plain select id, ssn from people) select 1", "elsewhere")]
    [TestCase("update plain set title = p.ssn from people p where p.id = plain.id", "elsewhere")]
    [TestCase("create table x as select id from people", "elsewhere")]
    [TestCase("select id into x from people", "elsewhere")]
    [TestCase("insert into t (id, a[(select ssn from people)]) values (1, 'x') returning a", "elsewhere")]
    [TestCase("insert into t (id, a[(select 1 from people where ssn like '1%')]) values (1, 'x')", "condition")]
    [TestCase("with w as (insert into t (a[(select ssn from people)]) values ('x') returning a) select * from w", "elsewhere")]
    [TestCase("copy (insert into t (a[(select ssn from people)]) values ('x') returning a) to stdout", "elsewhere")]
    [TestCase("prepare q as insert into t (a[(select ssn from people)]) values ('x') returning a", "elsewhere")]
    [TestCase("insert into t (a.b[(select ssn from people)]) select 'x'", "elsewhere")]
    [TestCase("update t set a[(select ssn from people)] = 'x'", "elsewhere")]
    [TestCase("update t set (id, a[(select ssn from people)]) = (1, 'x')", "elsewhere")]
    [TestCase("insert into t values (1) on conflict (id) do update set a[(select ssn from people)] = 'x'", "elsewhere")]
    [TestCase("merge into t using plain o on o.id = t.id when not matched then insert (a[(select ssn from people)]) values ('x')", "elsewhere")]
    [TestCase("select (string_to_array(ssn, ',')).unnest from people", "condition")]
    [TestCase("select ('s').nextval from people", "nextval|sequence")]
    [TestCase("select plain.leak from plain", "leak")]
    [TestCase("select 1 from plain p where p.leak", "leak")]
    [TestCase("select x.leak from (select id from plain) x", "leak")]
    [TestCase("with x as (select id from plain) select x.leak from x", "leak")]
    [TestCase("select exists (select x.leak from (values (1)) x (a))", "leak")]
    [TestCase("create table y as select plain.leak from plain", "leak")]
    [TestCase("create view y as select plain.leak from plain", "leak")]
    [TestCase("alter table plain alter title type text using plain.leak", "leak")]
    [TestCase("create index on plain ((plain.leak))", "leak")]
    [TestCase("update plain set title = plain.leak", "leak")]
    [TestCase("insert into plain values (1) returning plain.leak", "leak")]
    [TestCase("prepare q as select plain.leak from plain", "leak")]
    [TestCase("explain analyze select plain.leak from plain", "leak")]
    [TestCase("copy (select plain.leak from plain) to stdout", "leak")]
    [TestCase("select (json_populate_record(null::hr.plain, '{}')).leak", "leak")]
    [TestCase("select x.leak from jsonb_populate_recordset(null::plain, '[]') x", "leak")]
    [TestCase("select min(people.leak) from rows from (upper('t'), generate_series(1, 2)) as people (name, id)", "leak")]
    [TestCase("select x.leak from json_each('{}') x", "leak")]
    [TestCase("select x.level from pg_partition_tree('plain') x (a, b, c, d)", "level")]
    [TestCase("select x.x from unnest(array['a']) x (y), generate_series(1, 2) z, json_each('{}') w where w.leak is null", "leak")]
    [TestCase("select pg_stat_get_numscans('t'::regclass)", "pg_stat_get_numscans")]
    [TestCase("select seq_scan from pg_stat_xact_user_tables where seq_scan > 1", "condition")]
    [TestCase("select pg_advisory_lock(length(ssn)) from people", "pg_advisory_lock")]
    [TestCase("select pg_advisory_lock(1), name from people", "pg_advisory_lock")]
    [TestCase("select pg_advisory_lock(id) from nobody_knows", "pg_advisory_lock")]
    [TestCase("select hr.pg_advisory_lock(1)", "pg_advisory_lock")]
    [TestCase("select pg_advisory_leak(1)", "pg_advisory_leak")]
    [TestCase("select pg_advisory_lock(1), f(1)", "f\\(\\)")]
    [TestCase("select pg_current_wal_lsn()", "pg_current_wal_lsn")]
    [TestCase("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')", "pg_current_wal_insert_lsn")]
    [TestCase("select pg_last_wal_replay_lsn()", "pg_last_wal_replay_lsn")]
    [TestCase("select * from pg_lock_status()", "pg_lock_status")]
    [TestCase("select * from pg_stat_get_activity(null)", "pg_stat_get_activity")]
    [TestCase("select * from pg_stat_get_progress_info('COPY')", "pg_stat_get_progress_info")]
    [TestCase("select ssn is null and current_schema is null from people", "would tell")]
    [TestCase("select ssn is null and current_schema() is null from people", "would tell")]
    [TestCase("select ssn is null and current_schemas(true) is null from people", "would tell")]
    [TestCase("select ssn is null and s is null from people, (select current_schema as s) q", "would tell")]
    [TestCase("select ssn is null and s is null from people, current_schema s", "would tell")]
    [TestCase("select ssn is null and age('3'::xid) is null from people", "would tell")]
    public void Refuses(string sql, string why) => Assert.That(Refusal(sql), Does.Match(why));

    // What runs later on values: a domain's CHECK on each that is cast to it.
    [TestCase("create domain d as text check ({0} is not null)")]
    [TestCase("create domain pg_temp.d as int default {0}")]
    [TestCase("alter domain d add check ({0} is not null)")]
    [TestCase("alter domain d set default {0}")]
    [TestCase("create table x (a int default {0})")]
    [TestCase("create table x (a int check ({0} is not null))")]
    [TestCase("create table x (a int, b text generated always as ({0}) stored)")]
    [TestCase("create table x (a int) partition by range (({0}))")]
    [TestCase("alter table plain alter title set default {0}")]
    [TestCase("alter table plain add check ({0} is not null)")]
    [TestCase("alter table plain add column x text default {0}")]
    [TestCase("create index on plain (({0}))")]
    [TestCase("create index on plain (id) where {0} is not null")]
    [TestCase("create policy p on plain using ({0} is not null)")]
    [TestCase("alter policy p on plain with check ({0} is not null)")]
    [TestCase("create rule r as on insert to plain where {0} is not null do nothing")]
    [TestCase("create trigger g after update on plain for each row when ({0} is not null) execute function f()")]
    public void What_is_defined_to_run_later_leaves_no_trace(string sql)
    {
        foreach (string call in (string[])[
            "pg_advisory_lock(1)", "obj_description(1, 'pg_class')", "current_schema", "current_schema()", "random()", "txid_current()", "age('3'::xid)",
            "currval('s')", "('s'::regclass).pg_relation_size"])
        {
            Assert.That(Refusal(sql.Replace("{0}", call, StringComparison.Ordinal)), Does.Contain("cannot be known"), call);
        }
    }

    [TestCase("select name, count(*) as n from people group by name order by n")]
    [TestCase("select upper(name) as n, count(*) from people group by n order by n desc, 2")]
    [TestCase("select distinct on (n) upper(name) as n, id from people order by n")]
    [TestCase("select distinct name from people")]
    [TestCase("select count(*) from (select name from people union select title from plain) x")]
    [TestCase("select ssn from people union all select title from plain")]
    [TestCase("insert into people (id, ssn) values (1, 'a') on conflict (id) do update set ssn = excluded.ssn, name = excluded.name")]
    [TestCase("insert into people (id, ssn) values (1, 'a') on conflict (id) do update set (ssn, name) = (excluded.ssn, excluded.name)")]
    [TestCase("insert into people (id, name) values (nextval('s'), 'a') returning id")]
    [TestCase("merge into people p using plain o on o.id = p.id when matched then update set name = 'Ada'")]
    [TestCase("merge into people p using plain o on o.id = p.id when matched then update set (name, ssn) = (o.title, 'a') when not matched then insert values (o.id, 'a', o.title)")]
    [TestCase("merge into people p using (values (1, 'a')) o (n, t) on o.n = p.id when matched and o.t <> '' then delete")]
    [TestCase("select name, txid_current(), random() from people")]
    [TestCase("select age(now(), ssn::timestamptz), current_schema, current_schema(), age('3'::xid) from people")]
    [TestCase("create domain d as text default 'a' check (length(value) > 0 and value ~ 'a')")]
    [TestCase("create table x (id int default nextval('s'), at timestamptz default now(), key uuid default gen_random_uuid(), a text generated always as (upper('a')) stored)")]
    [TestCase("alter domain d set default 'a'")]
    [TestCase("alter schema other rename to x")]
    [TestCase("create table t (id int default nextval('t_id_seq'::regclass), a text check (length(a) > 1))")]
    [TestCase("alter table t alter id set default nextval('s')")]
    [TestCase("alter domain d set default nextval('s')")]
    [TestCase("create table t as select set_config('x.y', '1', false)")]
    [TestCase("insert into plain select p.id, p.name from people p")]
    [TestCase("insert into plain select id, upper(name) from people where id > 1 on conflict (id) do update set title = excluded.title")]
    [TestCase("update plain set title = p.name from people p where p.id = plain.id")]
    [TestCase("select pg_advisory_lock(1)")]
    [TestCase("select pg_catalog.pg_try_advisory_xact_lock($1)")]
    [TestCase("select pg_advisory_unlock(hashtext('migrations'))")]
    [TestCase("select pg_advisory_xact_lock(id) from plain")]
    [TestCase("insert into t (id, a[1]) values (1, 'x') returning a")]
    [TestCase("insert into t (id, a) values (1, 'x') on conflict (id) do update set a[2] = excluded.a")]
    [TestCase("select plain.title, plain.ctid, hr.plain.id from plain where plain.tableoid > 0")]
    [TestCase("select x.t, y.title from (select title as t from plain) x, (select * from plain) y")]
    [TestCase("with x as (select * from plain) select x.title from x join plain using (id)")]
    [TestCase("select x.value, y.n, z.relid from jsonb_each('{}') x, generate_series(1, 2) y (n), pg_partition_tree('plain') z")]
    [TestCase("select (json_populate_record(null::plain, '{}')).title")]
    [TestCase("select a.a, b.b, b.ordinality, c.level, d.upper, e.word from generate_series(1, 2) a, unnest(array[1]) with ordinality b, pg_partition_tree('plain') c, rows from (upper('a'), lower('b')) d, pg_get_keywords() e")]
    [TestCase("select x.a, x.ordinality, unnest.unnest from json_each('{}') with ordinality x (a, b), unnest(array[1]), json_to_record('{}') y (c int) where y.c > 1")]
    [TestCase("select x.title from json_populate_record(null::plain, '{}') x")]
    [TestCase("insert into plain values (1) on conflict (id) do update set title = excluded.title where plain.id > 1 returning plain.title")]
    [TestCase("create table y as select x.title from plain x")]
    [TestCase("select x.exists, x.array, x.current_date from (select exists (select 1), array(select 1), current_date) x")]
    [TestCase("select x.relname, a.attname from pg_class x join pg_catalog.pg_attribute a on a.attrelid = x.oid")]
    public void Runs(string sql) => Assert.That(Refusal(sql), Is.Null);

    [TestCase("")]
    [TestCase("explain analyze ")]
    [TestCase("prepare q as ")]
    public void Refuses_what_is_out_of_proportion(string before)
    {
        IEnumerable<string> names = Enumerable.Range(0, 3500).Select(i => $"a{i}");
        string nest = string.Concat(Enumerable.Repeat("(select coalesce(p.id, ", 50));
        string sql = $"{before}select {nest}concat({string.Join(", ", names)}){new string(')', 100)} from plain p";

        Assert.That(Parse(sql).Facts.Unknown, Is.Null);
        Assert.That(Refusal(sql), Does.Contain("where what it reads goes"));
    }

    [Test]
    public void What_calls_the_unknown_is_written_nowhere_beside_a_masked_table() =>
        Assert.That(Refusal("insert into plain select id, f(id) from people", unsure: MaskUnsure.Detect), Does.Contain("elsewhere"));

    [TestCase("explain analyze execute q", "with c as materialized (select repeat('x', ascii(ssn)) from people) select count(*) from c", false)]
    [TestCase("explain (analyze, wal) execute q", "update people set name = name", false)]
    [TestCase("explain execute q", "update people set name = name", true)]
    [TestCase("explain analyze execute q", "select title from plain", true)]
    [TestCase("explain (analyze, wal) update people set ssn = '1~~' where id = 1", "select 1", false)]
    [TestCase("explain (analyze, buffers) with c as materialized (select ssn from people) select count(*) from c", "select 1", false)]
    [TestCase("explain analyze select name from people", "select 1", false)]
    [TestCase("explain select ssn from people", "select 1", true)]
    public void A_plan_runs_only_where_nothing_of_it_is_masked(string sql, string named, bool runs) =>
        Assert.That(Refusal(sql, named), runs ? Is.Null : Does.Contain("EXPLAIN ANALYZE"));

    [TestCase("create temp table t as execute q", "select ssn from people", false)]
    [TestCase("create temp table t as execute q", "select f(1)", false)]
    [TestCase("explain analyze create table t as execute q", "select ssn from people", false)]
    [TestCase("create temp table t as execute q", "select title from plain", true)]
    [TestCase("execute q", "select ssn from people", true)]
    [TestCase("explain create table t as execute q", "select ssn from people", true)]
    public void A_table_is_made_of_what_a_name_stands_for_only_where_nothing_of_it_is_masked(string sql, string named, bool runs) =>
        Assert.That(Refusal(sql, named, MaskUnsure.Detect), runs ? Is.Null : Does.Contain("elsewhere"));

    [Test]
    public void A_column_computed_from_a_masked_one_shows_nothing()
    {
        ProtectionMap map = Map();
        MaskConfig? mask = map.Of(People, 4);

        Assert.That(mask, Is.Not.Null);
        Assert.That(map.ReplacementOf(mask!, People, 4), Is.Not.SameAs(map.ReplacementOf(mask!, People, 2)));
        Assert.That(map.Of(People, 3), Is.Null);
    }

    private static Tainted? Found(string sql)
    {
        ParsedStatement statement = Parse(sql);
        int last = statement.Lineage.Outputs.Length;
        return new PlanSource(statement, Map(), new Taint(statement, Map(), Path, OwnTables.None), null).Of(0, last, "?").Found;
    }

    private static string? Refusal(string sql, string? named = null, MaskUnsure unsure = MaskUnsure.Deny)
    {
        var text = new JudgedText(SqlParser.Parse(Encoding.UTF8.GetBytes(sql)), [1]);
        List<RowSource> sources = [new RowSource(text.Parsed.Statements[0], null)];
        sources.AddRange(named is null ? [] : [new RowSource(Parse(named), null)]);
        return MaskPlanner.Plan(new PlanInput(text, Masks(unsure), [sources], Path, null, OwnTables.None, 0), Map(unsure)).Refusal;
    }

    private static ParsedStatement Parse(string sql) => TestMasks.Parse(sql).Statements[0];

    private static ProtectionMap Map(MaskUnsure unsure = MaskUnsure.Deny)
    {
        CatalogRelation people = TestMasks.Relation(People, "people", "id", "ssn", "name", "code");
        people.Generated.Add((4, 2));
        return TestMasks.Map(
            Masks(unsure), people, TestMasks.Relation(People + 1, "open", "id", "ssn", "w"), TestMasks.Relation(People + 2, "plain", "id", "title"),
            TestMasks.Relation(People + 3, "t", "id", "a"), TestMasks.Relation(People + 4, "s", "last_value"),
            TestMasks.Relation(12345, "pg_catalog", "pg_stat_xact_user_tables", ["relname", "seq_scan"]),
            TestMasks.Relation(1259, "pg_catalog", "pg_class", ["oid", "relname"]),
            TestMasks.Relation(1249, "pg_catalog", "pg_attribute", ["attrelid", "attname"]));
    }

    private static MaskSet Masks(MaskUnsure unsure) => TestMasks.Set(TestMasks.Of("pii", "hr.people.ssn") with { With = MaskStyle.Last4, Unsure = unsure });
}
