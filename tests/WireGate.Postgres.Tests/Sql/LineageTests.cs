using System.Text;
using NUnit.Framework;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Sql;

/// <summary>Which columns decide what comes back, or how often, without being shown.</summary>
internal sealed class LineageTests
{
    [TestCase("select count(*) from c, generate_series(1, ascii(c.ssn))")]
    [TestCase("select 1 from c, lateral unnest(string_to_array(ssn, '-')) with ordinality x")]
    [TestCase("select 1 from c, rows from (generate_series(1, 2), generate_series(1, ascii(ssn))) x")]
    [TestCase("select 1 from c, xmltable('/a' passing (ssn::xml) columns b text) x")]
    [TestCase("select 1 from c, lateral (select 1 from generate_series(1, ascii(c.ssn))) x")]
    [TestCase("select 1 from c, lateral (select 1 from t tablesample bernoulli (ascii(c.ssn))) x")]
    [TestCase("select case when ssn = 'a' then 1 end from c")]
    [TestCase("select case ssn when 'a' then 1 end from c")]
    [TestCase("select upper(case when id = 1 then (case when ssn = 'a' then 'b' end) end) from c")]
    [TestCase("select count(*) filter (where ssn = 'a') from c")]
    [TestCase("select array_agg(id order by ssn) from c")]
    [TestCase("select row_number() over (order by ssn) from c")]
    [TestCase("select regexp_matches(ssn, '^1') from c")]
    [TestCase("select pg_catalog.unnest(array[ssn]) from c")]
    [TestCase("select (regexp_split_to_array('a', 'b'))[1], upper(string_to_table(ssn, '-')) from c")]
    [TestCase("select s.made(ssn) from c")]
    [TestCase("select 1 from c limit (select ascii(ssn) from c limit 1)")]
    [TestCase("select 1 from c offset (select ascii(ssn) from c limit 1)")]
    [TestCase("update c set id = case when ssn = 'a' then 1 end")]
    [TestCase("delete from c using generate_series(1, ascii(ssn))")]
    [TestCase("insert into t select 1 from c where ssn = 'a'")]
    [TestCase("select substr(ssn, 1, 1), array_agg(id) from c group by rollup (1)")]
    [TestCase("select ssn like '1%', id, array_agg(id) from c group by grouping sets ((1), (1, 2))")]
    [TestCase("select upper(ssn), id from c group by (1, 2)")]
    [TestCase("select name(ssn), id from c order by name")]
    [TestCase("select (ssn || '')::name, id from c order by name")]
    [TestCase("select case when id = 1 then upper(ssn) else 'a' end, id from c order by \"case\"")]
    [TestCase("select coalesce(ssn, ''), id from c order by coalesce")]
    [TestCase("select greatest(ssn, 'a')::text, id from c order by greatest using >")]
    [TestCase("select (select ssn as x), id from c order by x")]
    [TestCase("select distinct on (name) name(ssn), id from c")]
    [TestCase("select distinct ssn like '1%' from c")]
    [TestCase("select count(*) from (select distinct ssn like '1%' from c) s")]
    [TestCase("select count(*) from (select ssn like '1%' as b from c union select true) s")]
    [TestCase("with recursive r as (select ssn from c union select ssn from r) select count(*) from r")]
    [TestCase("select ssn like '1%' and (select count(*) > 0 from t) from c")]
    [TestCase("select id = 1 or (ssn is null or id = 2) or not exists (select from t) from c")]
    [TestCase("select coalesce(substring(ssn from '^1'), (select a from t)) from c")]
    [TestCase("select upper(coalesce(ssn, lower((select a from t)))) from c")]
    [TestCase("select case when id = 1 then ssn is null and (select true) end from c")]
    [TestCase("select ssn in (select a from t) from c")]
    [TestCase("select (id, upper(ssn)) > all (select 1, a from t) from c")]
    [TestCase("with recursive q as (select ssn from c union all select 'a' from q) cycle ssn set c using p select count(*) from q")]
    [TestCase("with recursive q (a) as (select upper(ssn) from c union all select 'a' from q) cycle a set c using p select count(*) from q")]
    [TestCase("with recursive q as (select ssn from c union all select 'a' from q) search depth first by ssn set o select 1 from q")]
    [TestCase("select ssn like '1%' from c union select true")]
    [TestCase("select 1 where exists (select ssn from c intersect select 'a')")]
    [TestCase("select ssn from c except all select 'a'")]
    [TestCase("select (string_to_array(ssn, ',')).unnest from c")]
    [TestCase("select (jsonb_path_query_array(to_jsonb(ssn), '$')).jsonb_array_elements from c")]
    [TestCase("select (array[ssn])[1].made from c")]
    [TestCase("select ssn between 'a' and (select a from t) from c")]
    [TestCase("select 'a' not between symmetric ssn and (select a from t) from c")]
    [TestCase("select (ssn, 'a') = ('b', (select a from t)) from c")]
    [TestCase("select (ssn, 'a') is distinct from row('b', (select a from t)) from c")]
    [TestCase("select ssn in ('a', (select a from t)) from c")]
    [TestCase("select (regexp_match(ssn, '^1'))[(select count(*)::int from t)] from c")]
    [TestCase("select (regexp_match(ssn, '^1'))[1:(select count(*)::int from t)] from c")]
    [TestCase("select '2' > any (select ssn from c union all select a from t)")]
    [TestCase("select id in (select ssn from c) from c")]
    public void Decides_by_its_value(string sql) => Assert.That(Predicates(sql), Does.Contain("ssn"));

    [TestCase("select case when id = 1 then ssn else upper(ssn) end from c")]
    [TestCase("select count(ssn), avg(length(ssn)), string_agg(ssn, ',') filter (where id > 1) from c")]
    [TestCase("select lag(ssn) over (order by id) from c")]
    [TestCase("select ssn from c, generate_series(1, id)")]
    [TestCase("select coalesce(ssn, ''), unnest(ids) from c limit 3 offset 1")]
    [TestCase("select ssn, id as n from c order by n, 2")]
    [TestCase("select coalesce((select json_agg(ssn) from c), '[]'), id in (select 1) from t")]
    [TestCase("select (select true) and ssn is null, coalesce(ssn, ''), (select 1) from c")]
    [TestCase("select upper(ssn), count(*) from c group by id order by count")]
    [TestCase("select ssn from c union all select 'a' union all select 'b' order by 2")]
    [TestCase("select count(*) from (select ssn from c union all select 'a') s")]
    [TestCase("select (json_populate_record(null::t, to_json(ssn))).a from c")]
    [TestCase("select (array[ssn])[1], (regexp_match(ssn, '^1'))[id] from c")]
    [TestCase("select ssn between 'a' and 'b', ssn in ('a', 'b'), (ssn, id) = ('a', 1) from c")]
    [TestCase("select ssn || (select a from t) from c")]
    public void Is_shown_and_decides_nothing(string sql) => Assert.That(Predicates(sql), Does.Not.Contain("ssn"));

    [Test]
    public void Conditions_within_conditions_are_read_once()
    {
        const int Depth = 40;
        string sql = "select ssn from c where id = 1";
        for (int i = 0; i < Depth; i++)
        {
            sql = $"select case when ({sql}) = '' then '' end from c";
        }

        Assert.That(Predicates(sql), Does.Contain("ssn"));
    }

    private static IEnumerable<string> Predicates(string sql) =>
        SqlParser.Parse(Encoding.UTF8.GetBytes(sql)).Statements[0].Lineage.Predicates.Names.Select(name => name.Name);
}
