using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy;

internal sealed class VerdictTests
{
    private static readonly MatchConfig Reads = Sql(SqlEffects.Read);
    private static readonly RuleConfig Everything = Allow(new MatchConfig { AllOperations = true }, "everything");

    [Test]
    public void The_default_value_of_a_decision_refuses()
    {
        Decision none = default;

        Assert.That(none.Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(none.Reason, Is.EqualTo("no decision was made"));
        Assert.That((none.Masks, none.Observed.Length, none.Config, none.IsStable), Is.EqualTo((MaskSet.None, 0, "", false)));
    }

    [Test]
    public void Without_any_rule_nothing_passes()
    {
        Decision decision = Judge(Select());

        Assert.That((decision.Verdict, decision.Rule, decision.Reason), Is.EqualTo((Verdict.Deny, (string?)null, "no rule allows it")));
        Assert.That(decision.Config, Is.EqualTo("c0ffee"));
    }

    [Test]
    public void A_deny_comes_before_a_hold_and_a_hold_before_an_allow()
    {
        Assert.That(Judge(Select(), Allow(Reads), Hold(Reads), Deny(Reads)).Rule, Is.EqualTo("deny"));
        Assert.That(Judge(Select(), Allow(Reads), Hold(Reads)).Rule, Is.EqualTo("hold"));
        Assert.That(Judge(Select(), Allow(Reads)).Rule, Is.EqualTo("allow"));
    }

    [Test]
    public void Of_several_statements_the_worst_decides()
    {
        SqlStatementFacts read = Statement("select", "read public.a");
        SqlStatementFacts write = Statement("insert", "write public.a");
        RuleConfig hold = Hold(Sql(SqlEffects.Write));

        Assert.That(Judge(Text(read, write), Allow(Reads)).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Text(read, write, read), Allow(Reads), hold).Verdict, Is.EqualTo(Verdict.Hold));
        Assert.That(Judge(Text(write, read), Allow(Reads), hold).Rule, Is.EqualTo("hold"));
        Assert.That(Judge(Text(write, Statement("drop", "ddl public.a")), Allow(Reads), hold).Verdict, Is.EqualTo(Verdict.Deny), "no rule is about the drop");
    }

    [Test]
    public void Several_statements_may_be_allowed_by_several_rules() =>
        Assert.That(
            Judge(Text(Statement("select", "read public.a"), Statement("select", "read public.b")),
                Allow(Sql(SqlEffects.Read, tables: "public.a"), "a"), Allow(Sql(SqlEffects.Read, tables: "public.b"), "b")).Verdict,
            Is.EqualTo(Verdict.Allow));

    [Test]
    public void One_statement_is_not_covered_by_two_rules_together() =>
        Assert.That(
            Judge(Text(Statement("select", "read public.a", "read public.b")),
                Allow(Sql(SqlEffects.Read, tables: "public.a"), "a"), Allow(Sql(SqlEffects.Read, tables: "public.b"), "b")).Verdict,
            Is.EqualTo(Verdict.Deny));

    [Test]
    public void Several_holds_must_all_be_met_in_the_shortest_time()
    {
        var security = new ApproverTerms("corp", ["security"], 1);
        Decision held = Judge(
            Select(), Hold(Reads, "a", minutes: 10), Hold(Reads, "b", security, 5), Hold(Reads, "c", TwoDbas with { Count = 3 }, 20));

        Assert.That(held.Hold!.Approvers, Is.EqualTo(new[] { TwoDbas with { Count = 3 }, security }));
        Assert.That(held.Hold.Within, Is.EqualTo(TimeSpan.FromMinutes(5)));
        Assert.That(held.Hold.InTransaction, Is.EqualTo(HoldTerms.DefaultInTransaction));
    }

    [Test]
    public void The_holds_of_all_statements_must_be_met()
    {
        Decision held = Judge(
            Text(Statement("insert", "write public.a"), Statement("drop", "ddl public.a")),
            Hold(Sql(SqlEffects.Write), "writes"),
            Hold(Sql(SqlEffects.Ddl), "schema", new ApproverTerms(null, ["owners"], 1)));

        Assert.That(held.Hold!.Approvers.Select(a => a.Groups[0]), Is.EqualTo(new[] { "dba", "owners" }));
    }

    [Test]
    public void The_default_can_be_to_allow_but_never_what_cannot_be_known()
    {
        GatewayConfig config = Config(Deny(Sql(statements: "drop")));
        SessionRules rules = (config with { Rules = config.Rules with { Default = Verdict.Allow } }).RuleBook.For(Alice);

        Assert.That(rules.Judge(Text(Statement("create", "ddl public.a")), Now).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(rules.Judge(Text(Statement("drop", "ddl public.a")), Now).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(rules.Judge(Text(Statement("do", "unknown")), Now).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(rules.Judge(Text(Statement("select") with { UnknownFunctions = [Name("public.f")] }), Now).Verdict, Is.EqualTo(Verdict.Deny));
    }

    [Test]
    public void An_error_while_deciding_is_a_denial_that_can_be_seen()
    {
        Decision broken = Judge(new SqlOperation(new SqlFacts([new SqlStatementFacts { Kinds = default, Accesses = default }]), Public), Everything, Deny(Reads));

        Assert.That(broken.Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That((broken.Fault, broken.Reason), Is.EqualTo((broken.Fault, "an error came up while deciding")));
        Assert.That(broken.Fault, Is.Not.Null);
        Assert.That(broken.IsStable, Is.False);
    }

    [Test]
    public void A_hold_that_nobody_could_approve_is_a_denial() =>
        Assert.That(Judge(Select(), Everything, Hold(Reads) with { Hold = null }).Verdict, Is.EqualTo(Verdict.Deny));

    [Test]
    public void An_operation_of_an_unknown_kind_is_denied() =>
        Assert.That(Judge(new Strange(), Everything).Verdict, Is.EqualTo(Verdict.Deny));

    [Test]
    public void An_observed_rule_decides_nothing_and_is_listed()
    {
        RuleConfig deny = Deny(Reads, "late") with { IsObserved = true };
        RuleConfig hold = Hold(Reads, "ask") with { IsObserved = true };
        RuleConfig other = Deny(Sql(SqlEffects.Ddl), "other") with { IsObserved = true };
        Decision decision = Judge(Select(), Everything, deny, hold, other);

        Assert.That((decision.Verdict, decision.Rule), Is.EqualTo((Verdict.Allow, "everything")));
        Assert.That(decision.Observed, Is.EquivalentTo(new[] { "late: deny", "ask: hold" }));
        Assert.That(Judge(Select(), Hold(Reads), hold).Observed, Is.Empty, "it is held anyway");
    }

    [Test]
    public void Facts_are_needed_only_where_a_rule_asks_for_them()
    {
        GatewayConfig open = Config(Everything);
        open = open with { Rules = open.Rules with { DeniesCredentialMinting = false } };
        GatewayConfig asks = open with { Rules = open.Rules with { List = [Everything, Deny(Sql(statements: "drop"))] } };

        Assert.That(open.RuleBook.For(Alice).NeedsSqlFacts, Is.False);
        Assert.That(asks.RuleBook.For(Alice).NeedsSqlFacts, Is.True);
        Assert.That(Config(Everything).RuleBook.For(Alice).NeedsSqlFacts, Is.True, "the built-in rule does");
    }

    [Test]
    public void A_book_is_made_once_of_a_config_and_never_taken_over_by_another()
    {
        GatewayConfig config = Config(Everything);

        Assert.That(config.RuleBook, Is.SameAs(config.RuleBook));
        Assert.That((config with { Version = "other" }).RuleBook.Version, Is.EqualTo("other"));
    }

    [Test]
    public void The_order_of_rules_means_nothing()
    {
        var random = new Random(20260304);
        RuleConfig[] pool = [.. Enumerable.Range(0, 12).Select(i => RandomRules.Next(random, $"r{i}"))];
        for (int round = 0; round < 400; round++)
        {
            RuleConfig[] rules = random.GetItems(pool, 6).DistinctBy(r => r.Name).ToArray();
            SqlOperation operation = RandomRules.Operation(random);
            Decision before = Judge(operation, rules);

            random.Shuffle(rules);

            Assert.That(RandomRules.Show(Judge(operation, rules)), Is.EqualTo(RandomRules.Show(before)), $"round {round}");
        }
    }

    [Test]
    public void One_more_deny_or_hold_or_mask_never_makes_it_looser()
    {
        var random = new Random(4711);
        for (int round = 0; round < 400; round++)
        {
            RuleConfig[] rules = [.. Enumerable.Range(0, 5).Select(i => RandomRules.Next(random, $"r{i}") with { Unmask = [] })];
            SqlOperation operation = RandomRules.Operation(random);
            RuleConfig deny = RandomRules.Next(random, "more") with { Do = Verdict.Deny, Unmask = [] };

            Assert.That(Judge(operation, [.. rules, deny]).Verdict, Is.LessThanOrEqualTo(Judge(operation, rules).Verdict), $"round {round}");
        }
    }

    private sealed record Strange : Operation;
}
