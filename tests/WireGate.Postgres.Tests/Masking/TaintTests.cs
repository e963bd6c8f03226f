using System.Globalization;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>Which names of a statement stand for something hidden, and by which mask, where there are several masks or many names.</summary>
internal sealed class TaintTests
{
    private const uint People = 20_000;
    private static readonly SqlSearchPath Path = SqlSearchPath.Of("hr");

    private static readonly MaskConfig Soft = TestMasks.Of("soft", "hr.people.name") with { AllowsPredicates = true };
    private static readonly MaskConfig Ssn = TestMasks.Of("ssn", "hr.people.ssn");
    private static readonly MaskConfig Hard = TestMasks.Of("hard", "hr.people.ssn", "hr.other.name");

    [TestCase("select id from people where name is not null and ssn like '1%'")]
    [TestCase("select id from people where ssn like '1%' and name is not null")]
    [TestCase("select id from people p where p::text like '%1%'")]
    [TestCase("select id from people p where to_json(p)->>'ssn' like '1%'")]
    [TestCase("select 1 from people p natural join people q")]
    [TestCase("select distinct * from people")]
    [TestCase("select id from (select id, name || ssn as two from people) q where two like '%1%'")]
    [TestCase("select id from (select id, name as x from people union all select id, ssn from people) q where x like '1%'")]
    [TestCase("select p.id from people p, other o where o.name like '1%'")]
    [TestCase("select p.id from other o, people p where p.name like '1%'")]
    [TestCase("select id from people p, nobody_knows n where n.x like '1%'")]
    public void A_mask_that_lets_its_column_stand_in_a_condition_lets_no_other(string sql)
    {
        Assert.That(Refusal(sql, Soft, Hard), Does.Contain("may not stand in a condition"));
        Assert.That(Refusal(sql, Hard, Soft), Does.Contain("may not stand in a condition"));
    }

    [TestCase("select id from people where name like 'A%'")]
    [TestCase("select id, ssn from people order by name")]
    [TestCase("select id from (select id, name as x from people) q where x like '1%'")]
    public void A_column_stands_in_a_condition_where_its_own_mask_lets_it(string sql) => Assert.That(Refusal(sql, Soft, Hard), Is.Null);

    // Whether the subquery runs hangs on the value, whatever it is called by then: the server puts what a name stands for in its place.
    [TestCase("select p.ssn like '1%' or (select true from other for update) from people p")]
    [TestCase("select p.ssn like '1%' or l.w from people p, lateral (select (select true from other o where o.id = p.id for update) w) l")]
    [TestCase("select p.ssn like '1%' or q.w from people p, (select (select true from other for update) w) q")]
    [TestCase("select coalesce(nullif(p.ssn, ''), q.v) from people p, (select (select 'x' from other for update) w) q(v)")]
    [TestCase("select h or w from (select ssn like '1%' h, (select true from other for update) w from people) q")]
    [TestCase("select h or v from (select h, w as v from (select ssn like '1%' h, (select true from other for update) w from people) q) r")]
    [TestCase("with c as (select (select true from other for update) w) select p.ssn like '1%' or c.w from people p, c")]
    [TestCase("select p.ssn like '1%' or w.column1 from people p, (values ((select true from other for update))) w")]
    [TestCase("select p.ssn between '1' and l.w from people p, lateral (select (select '2' from other for update) w) l")]
    [TestCase("select p.ssn in ('1', l.w) from people p, lateral (select (select '2' from other for update) w) l")]
    [TestCase("select (p.ssn::jsonb)[l.w] from people p, lateral (select (select 2 from other for update) w) l")]
    [TestCase("select row(substring(ssn from '^1'), (select 1 from other for update)) is null from people")]
    [TestCase("select q.r is null from (select row(substring(ssn from '^1'), (select 1 from other for update)) r from people) q")]
    [TestCase("select q is null from (select substring(ssn from '^1') h, (select 1 from other for update) w from people) q")]
    [TestCase("select not q.* is null from (select substring(ssn from '^1') h, (select 1 from other for update) w from people) q")]
    [TestCase("select lead((select 1 from other d where d.id = g.id for update), ascii(ssn)) over (order by g.id) from people, other g")]
    [TestCase("select lead(l.w, ascii(p.ssn)) over (order by g.id) from people p, other g, lateral (select (select 1 from other d where d.id = g.id) w) l")]
    [TestCase("select coalesce((select ssn from people limit 1), (select 'x' from other for update)) from other")]
    [TestCase("select exists (select 1 from other for update) = (p.ssn like '1%') from people p")]
    [TestCase("select p.ssn like '1%' or r.c from people p, running r")]
    [TestCase("select row(q.*) = row('1', 1) from (select substring(ssn from '^.') h, (select 1 from other for update) k from people) q")]
    [TestCase("select row(q.*) in (row('1', 1)) from (select substring(ssn from '^.') h, (select 1 from other for update) k from people) q")]
    [TestCase("select q = null from (select substring(ssn from '^1') h, (select 1 from other for update) k from people) q")]
    [TestCase("select null = q from (select substring(ssn from '^1') h, (select 1 from other for update) k from people) q")]
    [TestCase("select q is distinct from null from (select substring(ssn from '^1') h, (select 1 from other for update) k from people) q")]
    [TestCase("update people set ssn = (row(substring(ssn from '^1'), (select 1 from other for update)) is null)::text")]
    public void Nothing_hidden_stands_where_it_may_say_whether_a_subquery_runs(string sql) =>
        Assert.That(Refusal(sql, Ssn), Does.Contain("may not stand in a condition").Or.Contain("may not stand beside a subquery").Or.Contain("would write it elsewhere"));

    [TestCase("select ssn, (select count(*) from other) from people")]
    [TestCase("select p.ssn, l.w from people p, lateral (select (select true from other o where o.id = p.id) w) l")]
    [TestCase("select (select ssn from people limit 1), id from other")]
    [TestCase("select upper((select ssn from people limit 1)) || id::text from other")]
    [TestCase("select upper(q.x) || id::text from other, (select (select ssn from people limit 1) x) q")]
    [TestCase("select id + (select count(*) from other), ssn from people")]
    [TestCase("select r.c or r.c, ssn from people, running r")]
    [TestCase("select q.* from (select ssn, (select count(*) from other) n from people) q")]
    [TestCase("select * from (select ssn, (select count(*) from other) n from people) q")]
    [TestCase("select row_to_json(q) from (select id, (select count(*) from other) n, ssn from people) q")]
    [TestCase("select id is null, (select id from other) is null, ssn from people")]
    public void What_is_beside_a_subquery_in_another_column_runs(string sql) => Assert.That(Refusal(sql, Ssn), Is.Null);

    // By the values of what it is given the server may keep what a LATERAL subquery gave, and gives it again.
    [TestCase("select x.i, q.r from (select id i, ssn like '1%' b from people) x, lateral (select x.b, random() r) q")]
    [TestCase("select x.i, q.r from (select id i, ssn like '1%' b from people) x, lateral (select b, random() r) q")]
    [TestCase("select q.r from people x, lateral (select ssn, random() r) q")]
    [TestCase("select q.r from people x, lateral (select x.*, random() r) q")]
    [TestCase("select q.r from people x, lateral (select x, random() r) q")]
    [TestCase("select q.r from people x, lateral (select (select ssn), random() r from other o) q")]
    [TestCase("select q.r from people x cross join lateral (select r from (select x.ssn, random() r offset 0) i) q")]
    [TestCase("select r from people p, other o, lateral (select o.id, (select p.ssn) s, random() r) q")]
    public void Nothing_hidden_is_given_to_what_is_beside_it(string sql) => Assert.That(Refusal(sql, Ssn), Does.Contain("may not stand in a condition"));

    [TestCase("select q.x from other o, lateral (select ssn x from people where id = o.id) q")]
    [TestCase("select c.* from other o left join lateral (select p.ssn, p.id from people p where p.id = o.id limit 1) c on true")]
    [TestCase("select o.id, c.* from other o, lateral (select * from people p where p.id = o.id) c")]
    [TestCase("select p.ssn, q.n from people p, lateral (select count(*) n from other o where o.id = p.id) q")]
    public void What_a_subquery_beside_it_reads_itself_is_shown(string sql) => Assert.That(Refusal(sql, Ssn), Is.Null);

    // DISTINCT sorts what other aggregates get, and the least may be where an index begins, up to which a condition is asked.
    [TestCase("select array_agg(id), count(distinct ssn) from people")]
    [TestCase("select min(ssn) from people where id + 0 = 5")]
    [TestCase("select id, max(upper(ssn)) from people group by id")]
    [TestCase("select bool_or(ssn like '1%') from people")]
    [TestCase("select pg_catalog.every(ssn like '1%') from people")]
    public void What_sorts_by_something_hidden_is_a_condition(string sql) => Assert.That(Refusal(sql, Ssn), Does.Contain("may not stand in a condition"));

    [TestCase("select count(ssn), string_agg(ssn, ','), max(id), count(distinct id) from people")]
    public void What_counts_or_joins_is_none(string sql) => Assert.That(Refusal(sql, Ssn), Is.Null);

    [TestCase("select q is null from (select substring(ssn from '^1') h, pg_current_xact_id() k from people where id = 1) q")]
    [TestCase("select q = null from (select substring(ssn from '^1') h, pg_get_viewdef(1) k from people where id = 1) q")]
    public void A_row_that_is_asked_whether_it_is_null_tells_nothing_by_what_it_looks_up(string sql) =>
        Assert.That(Refusal(sql, Ssn), Does.Contain("would tell of a masked value").Or.Contain("cannot be known"));

    [TestCase("alter type hr.pair add attribute x text cascade")]
    [TestCase("alter type hr.pair alter attribute ssn type varchar(11) cascade")]
    public void A_type_is_not_changed_with_the_tables_that_are_of_it(string sql) => Assert.That(Refusal(sql, Ssn), Does.Contain("cannot be known"));

    [Test]
    public void A_column_whose_mask_lets_it_stand_in_a_condition_stands_beside_a_subquery() =>
        Assert.That(Refusal("select p.name like '1%' or (select true from other o where o.id = 1) from people p", Soft), Is.Null);

    [TestCase("select * from people order by 1", null)]
    [TestCase("select * from people order by 3 desc limit 2", null)]
    [TestCase("select * from people order by 1, 2", "hr.people.ssn")]
    [TestCase("select * from people order by 4", "*")]
    [TestCase("select *, id from people order by 1", "*")]
    [TestCase("select * from people p(x, y, z) order by 1", "*")]
    [TestCase("select * from people join people q using (name) order by 1", "*")]
    [TestCase("with people as (select ssn, id from people) select * from people order by 1", "*")]
    [TestCase("select count(*) from (select * from people order by 2) q", "hr.people.ssn")]
    public void A_place_among_the_columns_of_one_table_is_the_column_that_is_there(string sql, string? column) =>
        Assert.That(Refusal(sql, Ssn), column is null ? Is.Null : Does.Contain($"the column {column} is masked"));

    [Test]
    public void A_rule_does_not_write_what_is_hidden_elsewhere() => Assert.That(
        Refusal("create rule r as on insert to other do also update people set name = ssn where id = 1", Ssn with { Unsure = MaskUnsure.Detect }),
        Does.Contain("would carry them elsewhere"));

    [Test]
    public void A_refusal_names_the_column_for_which_it_is()
    {
        Assert.That(Refusal("select id from people where name is not null and ssn like '1%'", Soft, Hard), Does.Contain("hr.people.ssn"));
    }

    [Test]
    public void A_long_chain_of_renames_in_the_worst_order_is_followed_to_its_end()
    {
        const int Length = 1000;
        var text = new StringBuilder("with recursive ");
        for (int i = 0; i < Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"c{i} as (select x{i + 1} as x{i}, y{i + 1} as y{i} from c{i + 1}), ");
        }

        text.Append(CultureInfo.InvariantCulture, $"c{Length} as (select ssn as x{Length}, id as y{Length} from people) select x0, y0 from c0");
        Taint taint = Of(TestMasks.Parse(text.ToString()).Statements[0], Hard);

        Assert.That(taint.Of(new LineageName(null, "x0")), Is.EqualTo(new Tainted(Hard, "hr.people.ssn")));
        Assert.That(taint.Of(new LineageName(null, "y0")), Is.Null);
    }

    [Test]
    public void A_name_that_is_hidden_more_strictly_later_is_so_to_the_end_of_the_chain()
    {
        const string Sql = "with recursive a as (select x as y from b), b as (select name as x from people), c as (select ssn as name from people) select y from a";

        Assert.That(Of(TestMasks.Parse(Sql).Statements[0], Soft, Hard).Of(new LineageName(null, "y"))?.Mask.AllowsPredicates, Is.False);
    }

    [Test]
    public void Functions_of_what_functions_gave_are_followed_once_each()
    {
        var text = new StringBuilder("select f40.key from people p, jsonb_each_text(p.name::jsonb) f0");
        for (int i = 1; i <= 40; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $", jsonb_each_text(to_jsonb(f{i - 1}.key || f{i - 1}.value)) f{i}");
        }

        ParsedStatement statement = TestMasks.Parse(text.ToString()).Statements[0];

        Assert.That(Of(statement, Hard).Of(statement.Lineage.Outputs[0].From), Is.Null);
        Assert.That(Of(statement, Soft).Of(statement.Lineage.Outputs[0].From), Is.Not.Null);
    }

    private static Taint Of(ParsedStatement statement, params MaskConfig[] masks) => new(statement, Map(masks), Path, OwnTables.None);

    private static string? Refusal(string sql, params MaskConfig[] masks)
    {
        var text = new JudgedText(TestMasks.Parse(sql), [1]);
        return MaskPlanner.Plan(
            new PlanInput(text, TestMasks.Set(masks), [[new RowSource(text.Parsed.Statements[0], null)]], Path, null, OwnTables.None, 0), Map(masks)).Refusal;
    }

    private static ProtectionMap Map(MaskConfig[] masks) => TestMasks.Map(
        TestMasks.Set(masks), TestMasks.Relation(People, "people", "id", "ssn", "name"), TestMasks.Relation(People + 1, "other", "id", "name"),
        TestMasks.View(People + 2, "running", "select (select true from hr.other o limit 1) as c, o.id as d from hr.other o", "c", "d"));
}
