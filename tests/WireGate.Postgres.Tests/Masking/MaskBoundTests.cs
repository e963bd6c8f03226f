using System.Diagnostics;
using System.Globalization;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>What the worst texts of full length cost: what is kept of them, and what planning them takes.</summary>
internal sealed class MaskBoundTests
{
    private const long MostKept = 20L * 1024 * 1024;

    // Much more than it takes, for machines that do something else meanwhile.
    private static readonly TimeSpan MostTime = TimeSpan.FromMilliseconds(400);

    private static readonly SqlSearchPath Path = SqlSearchPath.Of("hr");

    private static IEnumerable<TestCaseData> Texts()
    {
        yield return Case("stars", $"select {Many("*", 15_000)} from people, {Many("t{0}", 5000)}");
        yield return Case("stars of one", $"select {Many("p.*", 8000)} from (people p join (select {Many("1 as a{0}", 2800)}) q on true) p");
        yield return Case("renamed stars", $"select 1 from (select *, {Many("q{0}", 4200)} from people) x ({Many("q{0}", 4200)})");
        yield return Case("names of a star", $"select 1 from (select * from people, {Many("t{0}", 40)}) j, lateral (select coalesce({Many("j.q{0}", 3600)})) x ({Many("q{0}", 3600)})");
        yield return Case("unqualified names", $"select 1 from (select * from people, {Many("t{0}", 40)}) j, lateral (select coalesce({Many("q{0}", 4600)})) x ({Many("q{0}", 4600)})");
        yield return Case("names in many sources", $"select {Many("q{0}", 5000)} from people, {Many("t{0}", 5000)}");
        yield return Case("names in many levels", $"select {string.Concat(Enumerable.Repeat("(select a.b from x,y,z where exists (select q from z) and ssn=", 40))}concat({Many("c{0}", 6000)}){new string(')', 40)} from people");
        yield return Case("unions", string.Join(" union all ", Enumerable.Range(0, 330).Select(i => $"select {Many($"a{i}_{{0}}", 20)} from people")));
        yield return Case("unions without all", string.Join(" union ", Enumerable.Range(0, 330).Select(i => $"select {Many($"a{i}_{{0}}", 20)} from people")));
        yield return Case("groups", $"select {Many("(row(ssn)).*", 2000)} from people group by {Many("a{0}", 5000)}");
        yield return Case("groups by output", $"select {Many("xmlconcat(a{0})", 2500)} from people group by {Many("a{0}", 3000)}");
        yield return Case("many CTEs", $"with recursive {Many("c{0} as (select * from c{0}, d, people)", 1200)} select * from {Many("c{0}", 1200)}");
        yield return Case("subqueries in subqueries", $"select {string.Concat(Enumerable.Repeat("(select coalesce(x, ", 70))}{Many("ssn || a{0}", 3500)}{string.Concat(Enumerable.Repeat("))", 70))} from people");
        yield return Case("stars in stars", $"select * from {string.Concat(Enumerable.Repeat("(select * from ", 150))}people, {Many("t{0}", 8000)}{string.Concat(Enumerable.Range(0, 150).Select(i => $") x{i}"))}");
        yield return Case("chain of names", $"with recursive {Many("c{0} as (select coalesce(d, c{0}) as b{0}, * from c{0})", 1100)} select 1 from people");
        yield return Case("flows", $"select 1 from people, {Many("f() x (a, b, c, d, e, f, g, h)", 1800)}");
        yield return Case("conditions", $"select 1 from people where {Many("a{0}.b or exists (select from t)", 1700).Replace(",", " or ", StringComparison.Ordinal)}");
    }

    [TestCaseSource(nameof(Texts))]
    public void A_text_costs_what_is_in_proportion(string sql)
    {
        ProtectionMap map = Map();
        _ = Cost("select ssn from people", map);
        (long kept, long weight, TimeSpan parsing, TimeSpan planning) = Cost(sql, map);
        SqlStatementFacts facts = TestMasks.Parse(sql).Statements[0].Facts;

        TestContext.Out.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{sql.Length} bytes: {kept:N0} kept, weight {weight:N0}, parsed in {parsing.TotalMilliseconds:F1} ms, planned in {planning.TotalMilliseconds:F1} ms"));
        Assert.Multiple(() =>
        {
            Assert.That(sql, Has.Length.LessThanOrEqualTo(SqlParser.MostBytes));
            Assert.That(facts.Unknown, Is.Null, "it is read");
            Assert.That(kept, Is.LessThan(MostKept));
            Assert.That(weight, Is.GreaterThan(kept / 2), "what the cache takes it for");
            Assert.That(planning, Is.LessThan(MostTime));
        });
    }

    private static (long Kept, long Weight, TimeSpan Parsing, TimeSpan Planning) Cost(string sql, ProtectionMap map)
    {
        byte[] text = Encoding.UTF8.GetBytes(sql);
        long before = GC.GetTotalMemory(true);
        long start = Stopwatch.GetTimestamp();
        ParsedText parsed = SqlParser.Parse(text);
        TimeSpan parsing = Stopwatch.GetElapsedTime(start);
        long kept = GC.GetTotalMemory(true) - before;
        var input = new PlanInput(
            new JudgedText(parsed, [1]), Masks, [[.. parsed.Statements.Select(s => new RowSource(s, null))]], Path, null, OwnTables.None, 0);
        TimeSpan planning = Enumerable.Range(0, 5).Min(round =>
        {
            long begun = Stopwatch.GetTimestamp();
            _ = MaskPlanner.Plan(input, map);
            return Stopwatch.GetElapsedTime(begun);
        });
        GC.KeepAlive(parsed);
        return (kept, parsed.Weight, parsing, planning);
    }

    private static TestCaseData Case(string name, string sql) => new TestCaseData(sql).SetArgDisplayNames(name);

    private static string Many(string form, int count) =>
        string.Join(',', Enumerable.Range(0, count).Select(i => string.Format(CultureInfo.InvariantCulture, form, i)));

    private static ProtectionMap Map() => TestMasks.Map(
        Masks, [TestMasks.Relation(20_000, "people", "id", "ssn", "name"),
            .. Enumerable.Range(0, 5000).Select(i => TestMasks.Relation(20_001 + (uint)i, $"t{i}", "id", "a", "b"))]);

    private static readonly MaskSet Masks = TestMasks.Set(TestMasks.Of("pii", "hr.people.ssn"));

}
