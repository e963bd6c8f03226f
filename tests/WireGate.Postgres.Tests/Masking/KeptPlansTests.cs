using System.Globalization;
using NUnit.Framework;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Operations;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>What plans take in memory: what they are taken for, and how much of it a session keeps.</summary>
[NonParallelizable]
internal sealed class KeptPlansTests
{
    private static readonly SqlSearchPath Path = SqlSearchPath.Of("hr");
    private static readonly MaskSet Masks = TestMasks.Set(TestMasks.Of("pii", "hr.people.ssn", "hr.wide.ssn"));

    private static readonly ProtectionMap Map = TestMasks.Map(
        Masks, [TestMasks.Relation(20_000, "people", "id", "ssn", "name"), TestMasks.Relation(20_001, "wide", ["ssn", .. Enumerable.Range(0, 1400).Select(i => $"column_{i}")])]);

    [TestCase("select 1")]
    [TestCase("select ssn from people")]
    [TestCase("select a.ssn || b.name, count(*) from people a join people b on a.id = b.id where a.name = 'x' group by 1")]
    [TestCase("select 1 from wide")]
    [TestCase("select * from wide; select 1; select ssn from people")]
    public void A_plan_takes_what_it_is_taken_for(string sql)
    {
        const int Times = 200;
        JudgedText text = Text(sql);
        var plans = new List<MaskPlan>(Times) { Plan(text) };
        long before = GC.GetTotalMemory(forceFullCollection: true), weighed = 0;
        for (int i = 0; i < Times; i++)
        {
            plans.Add(Plan(text));
            weighed += plans[^1].Weight;
        }

        long taken = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(plans);
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{taken:N0} bytes are taken, {weighed:N0} weighed: {(double)taken / weighed:F2}"));
        Assert.That(taken, Is.InRange(weighed / 4, weighed));
    }

    [Test]
    public void A_session_keeps_so_much_of_them()
    {
        var kept = new KeptPlans();
        JudgedText[] texts = [.. Enumerable.Range(0, 500).Select(i => Text($"select {i} from wide"))];
        foreach (JudgedText text in texts)
        {
            kept.Keep(text, Plan(text));
            Assert.That(text.Plan, Is.Not.Null);
            Assert.That(texts.Sum(t => t.Plan?.Weight ?? 0), Is.LessThanOrEqualTo(KeptPlans.Most));
        }
    }

    [Test]
    public void A_text_that_is_planned_anew_counts_once()
    {
        var kept = new KeptPlans();
        JudgedText first = Text("select 1"), text = Text("select 1 from wide");
        kept.Keep(first, Plan(first));
        for (int i = 0; i < 200; i++)
        {
            kept.Keep(text, Plan(text));
        }

        Assert.That(first.Plan, Is.Not.Null);
    }

    private static JudgedText Text(string sql) => new(TestMasks.Parse(sql), []);

    private static MaskPlan Plan(JudgedText text) => MaskPlanner.Plan(
        new PlanInput(text, Masks, [.. text.Parsed.Statements.Select(s => new List<RowSource> { new(s, null) })], Path, null, OwnTables.None, 1), Map);
}
