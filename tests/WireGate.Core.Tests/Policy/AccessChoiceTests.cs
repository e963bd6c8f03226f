using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Core.Tests.Sessions;

namespace WireGate.Core.Tests.Policy;

/// <summary>Over the sample's target orders, whose logins are ro and rw, least first.</summary>
public class AccessChoiceTests
{
    private static readonly TargetConfig Orders = SessionHouse.Config.Targets["orders"];

    [TestCase("rw", null, ExpectedResult = "rw", TestName = "The_login_is_the_grants")]
    [TestCase(null, null, ExpectedResult = "ro", TestName = "A_grant_that_names_none_opens_the_first")]
    [TestCase("rw,ro", null, ExpectedResult = "ro", TestName = "Of_several_grants_the_least_login_wins")]
    [TestCase("rw,-", null, ExpectedResult = "ro", TestName = "One_that_names_none_is_among_the_least")]
    [TestCase("rw,ro", "rw", ExpectedResult = "rw", TestName = "A_bigger_one_can_be_asked_for")]
    [TestCase("rw", "ro", ExpectedResult = null, TestName = "What_no_grant_opens_is_not_given_even_if_it_is_less")]
    [TestCase("ro", "rw", ExpectedResult = null, TestName = "A_placeholder_cannot_ask_for_more_than_its_grants")]
    [TestCase("ro", "none", ExpectedResult = null, TestName = "A_login_that_does_not_exist_is_not_given")]
    [TestCase("", null, ExpectedResult = null, TestName = "Without_a_grant_there_is_nothing")]
    public string? Choice(string? grants, string? asked) =>
        AccessChoice.Of(Config(grants), Caller.Of(SessionHouse.Placeholder(login: asked)), Orders)?.Login.Name;

    [Test]
    public void A_placeholder_reaches_no_target_but_its_own()
    {
        Assert.That(AccessChoice.Of(Config("ro"), Caller.Of(SessionHouse.Placeholder(targets: "billing")), Orders), Is.Null);
        Assert.That(AccessChoice.Of(Config("ro"), Caller.Of(SessionHouse.Placeholder(targets: ["billing", "orders"])), Orders), Is.Not.Null);
    }

    [Test]
    public void The_grant_that_opened_it_is_named() =>
        Assert.That(AccessChoice.Of(Config("rw,ro"), Caller.Of(SessionHouse.Placeholder()), Orders)?.Grant.Name, Is.EqualTo("g1"));

    [Test]
    public void What_was_chosen_stands_as_long_as_target_login_and_some_grant_do()
    {
        GatewayConfig before = Config("ro");
        Access access = AccessChoice.Of(before, Caller.Of(SessionHouse.Placeholder()), Orders)!;
        Assert.That(StillStands(before), Is.True);
        Assert.That(StillStands(Config("rw,ro")), Is.True, "another grant opens the same");
        Assert.That(StillStands(Config("rw")), Is.False, "no grant opens that login any more");
        Assert.That(StillStands(Config("")), Is.False, "no grant");
        Assert.That(StillStands(WithOrders(null)), Is.False, "no target");
        Assert.That(StillStands(WithOrders(Orders with { Addresses = SessionHouse.Config.Targets["orders"].Addresses.Add(Other) })), Is.False, "moved");
        Assert.That(StillStands(WithOrders(Orders with { Logins = [Orders.Logins[1]] })), Is.False, "no login");
        Assert.That(
            StillStands(WithOrders(Orders with { Logins = [Orders.Logins[0] with { User = "else" }, Orders.Logins[1]] })), Is.False, "another account");

        Assert.That(StillStands(WithOrders(Orders with { Databases = ["shop"] }), "shop"), Is.True);
        Assert.That(StillStands(WithOrders(Orders with { Databases = ["shop"] }), "stock"), Is.False, "another database");
        Assert.That(StillStands(before, replication: true), Is.False, "no grant to replicate");
        Assert.That(
            StillStands(before with { Grants = [.. before.Grants.Select(g => g with { Replication = true })] }, replication: true), Is.True);

        bool StillStands(GatewayConfig config, string? database = null, bool replication = false) =>
            AccessChoice.StillStands(config, Caller.Of(SessionHouse.Placeholder()), access, database, replication);
    }

    [Test]
    public void A_stream_of_changes_does_not_stand_where_masks_hold_for_whatever_is_asked()
    {
        GatewayConfig before = Config("ro") with { Grants = [.. Config("ro").Grants.Select(g => g with { Replication = true })] };
        Access access = AccessChoice.Of(before, Caller.Of(SessionHouse.Placeholder()), Orders)!;
        var rule = new RuleConfig { Name = "hides", Mask = ["pii"] };
        GatewayConfig masked = before with { Targets = new[] { Orders with { Mask = ["pii"] } }.ToFrozenDictionary(t => t.Name) };

        Assert.That(StillStands(before), Is.True);
        Assert.That(StillStands(masked), Is.False);
        Assert.That(StillStands(masked, replication: false), Is.True, "each operation is judged");
        Assert.That(StillStands(With(rule)), Is.False, "by a rule");
        Assert.That(
            StillStands(With(rule with { Match = new MatchConfig { Sql = RuleHouse.Sql(tables: "public.cards").Sql } })), Is.False, "a rule that names tables");
        Assert.That(StillStands(With(rule with { IsObserved = true })), Is.True, "only observed");
        Assert.That(StillStands(With(rule with { Match = new MatchConfig { Targets = ["else"] } })), Is.True, "another target");

        GatewayConfig With(RuleConfig one) => before with { Rules = new RulesConfig { List = [one] } };

        bool StillStands(GatewayConfig config, bool replication = true) =>
            AccessChoice.StillStands(config, Caller.Of(SessionHouse.Placeholder()), access, null, replication);
    }

    private static Address Other => Address.TryParse("other:5432", 0, out Address? address) ? address : throw new InvalidOperationException();

    /// <summary>Grants g0, g1 … on orders to everybody; "-" names no login.</summary>
    private static GatewayConfig Config(string? logins) => SessionHouse.Config with
    {
        Grants =
        [
            .. (logins is null ? ["-"] : logins.Split(',', StringSplitOptions.RemoveEmptyEntries)).Select((login, i) => new GrantConfig
            {
                Name = $"g{i}",
                Targets = ["orders"],
                Login = login == "-" ? null : login,
            }),
        ],
    };

    private static GatewayConfig WithOrders(TargetConfig? orders) => Config("ro") with
    {
        Targets = (orders is null ? [] : new[] { orders }).ToFrozenDictionary(t => t.Name),
    };
}
