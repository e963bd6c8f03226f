using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy;

/// <summary>A schema that the search_path names and that is not there.</summary>
internal sealed class SearchPathTests
{
    private static readonly SqlOperation Reads = Select("orders") with { SearchPath = SqlSearchPath.Of(["public"], ["app"]) };

    [Test]
    public void Nothing_lies_in_it_for_what_is_allowed() =>
        Assert.That(Judge(Reads, Allow(Sql(tables: "public.orders"))).Verdict, Is.EqualTo(Verdict.Allow));

    [Test]
    public void Something_may_lie_in_it_for_what_is_denied_or_held()
    {
        RuleConfig all = Allow(Sql(SqlEffects.Read));

        Assert.That(Judge(Reads, all, Deny(Sql(tables: "app.orders"))).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Reads, all, Hold(Sql(tables: "app.*"))).Verdict, Is.EqualTo(Verdict.Hold));
        Assert.That(Judge(Reads, all, Deny(Sql(tables: "other.orders"))).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [Test]
    public void A_schema_that_is_there_is_not_absent() => Assert.That(SqlSearchPath.Of(["public", "app"], ["app", "later"]).Absent, Is.EqualTo(new[] { "later" }));
}
