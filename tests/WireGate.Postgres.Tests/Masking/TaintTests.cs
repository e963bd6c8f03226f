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
        TestMasks.Set(masks), TestMasks.Relation(People, "people", "id", "ssn", "name"), TestMasks.Relation(People + 1, "other", "id", "name"));
}
