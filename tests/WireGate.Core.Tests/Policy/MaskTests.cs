using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy;

internal sealed class MaskTests
{
    private static readonly RuleConfig Reads = Allow(Sql(SqlEffects.Read), "reads");
    private static readonly SessionFacts Masked = Alice with { Target = Orders with { Mask = ["pii"] } };

    [Test]
    public void The_masks_of_the_target_are_always_on()
    {
        Assert.That(Masks(Judge(Masked, Select(), Reads)), Is.EqualTo("pii"));
        Assert.That(Masks(Judge(Masked, Select(), Hold(Sql(SqlEffects.Read)))), Is.EqualTo("pii"), "an approved operation's too");
        Assert.That(Judge(Select(), Reads).Masks, Is.SameAs(MaskSet.None));
    }

    [Test]
    public void A_rule_adds_masks_without_giving_a_verdict()
    {
        RuleConfig mask = Mask(Sql(tables: "public.cards"));
        Decision decision = Judge(Masked, Text(Statement("select", "read public.orders", "read public.cards")), Reads, mask);

        Assert.That((decision.Verdict, decision.Rule, Masks(decision)), Is.EqualTo((Verdict.Allow, "reads", "cards, pii")));
        Assert.That(Judge(Select("public.cards"), mask).Verdict, Is.EqualTo(Verdict.Deny), "a mask allows nothing");
        Assert.That(Masks(Judge(Select("public.orders"), Reads, mask)), Is.Empty);
    }

    [Test]
    public void A_replication_session_has_the_masks_of_rules_that_name_tables()
    {
        RuleConfig mask = Mask(Sql(tables: "public.cards"));
        SessionFacts replication = Alice with { IsReplication = true };

        Assert.That(Masks(Judge(replication, Select("public.orders"), Reads, mask)), Is.EqualTo("cards"), "no statement says of which tables the log is");
        Assert.That(Masks(Judge(Alice, Select("public.orders"), Reads, mask)), Is.Empty);
        Assert.That(Masks(Judge(replication, Select("public.orders"), Reads, mask with { IsObserved = true })), Is.Empty, "only observed");
    }

    [Test]
    public void An_allow_that_does_not_cover_all_still_masks_what_it_touches()
    {
        RuleConfig one = Allow(Sql(SqlEffects.Read, tables: "public.cards"), "one") with { Mask = ["cards"] };

        Assert.That(Masks(Judge(Text(Statement("select", "read public.orders", "read public.cards")), Reads, one)), Is.EqualTo("cards"));
    }

    [Test]
    public void A_mask_is_lifted_only_if_all_of_the_operation_is_covered()
    {
        RuleConfig lift = Lift(Sql(SqlEffects.Read, tables: "public.orders"));

        Assert.That(Masks(Judge(Masked, Select(), Reads, lift)), Is.Empty);
        Assert.That(Masks(Judge(Masked, Text(Statement("select", "read public.orders", "read public.cards")), Reads, lift)), Is.EqualTo("pii"));
        Assert.That(Masks(Judge(Masked, Text(Statement("select", "read public.orders"), Statement("select", "read public.cards")), Reads, lift)), Is.EqualTo("pii"));
        Assert.That(Masks(Judge(Masked, Text(Statement("select", "read public.cards"), Statement("select", "read public.orders")), Reads, lift)), Is.EqualTo("pii"));
        Assert.That(Masks(Judge(Masked, Text(Statement("begin"), Statement("select", "read public.orders")), Reads, lift)), Is.Empty);
    }

    [Test]
    public void A_mask_is_not_lifted_for_somebody_else()
    {
        RuleConfig lift = Lift(Sql(SqlEffects.Read) with { From = new CallerConfig { Groups = ["fraud"] } });

        Assert.That(Masks(Judge(Masked, Select(), Reads, lift)), Is.EqualTo("pii"));
    }

    [Test]
    public void A_lift_lifts_what_rules_put_on_too() =>
        Assert.That(
            Masks(Judge(Masked, Select(), Reads, Mask(Sql(SqlEffects.Read)), Lift(Sql(SqlEffects.Read)) with { Unmask = ["cards"] })), Is.EqualTo("pii"));

    [Test]
    public void An_observed_mask_is_listed_and_not_put_on()
    {
        Decision decision = Judge(Select(), Reads, Mask(Sql(SqlEffects.Read)) with { IsObserved = true });

        Assert.That(decision.Masks.IsEmpty, Is.True);
        Assert.That(decision.Observed, Is.EqualTo(new[] { "mask: mask" }));
    }

    [Test]
    public void Equal_sets_are_the_same_object()
    {
        RuleBook book = Config(Reads, Mask(Sql(SqlEffects.Read))).RuleBook;

        Assert.That(book.For(Alice).Judge(Select(), Now).Masks, Is.SameAs(book.For(Alice).Judge(Select("public.b"), Now).Masks).And.Not.SameAs(MaskSet.None));
    }

    [Test]
    public void A_mask_that_does_not_exist_is_no_book() =>
        Assert.That(() => Config(Reads with { Mask = ["gone"] }).RuleBook, Throws.ArgumentException);

    [Test]
    public void Of_a_response_members_and_what_detectors_find_are_masked_and_columns_are_not()
    {
        GatewayConfig config = Config(Allow(new MatchConfig { Http = new HttpMatchConfig() }));
        config = config with
        {
            Targets = config.Targets.Values.Select(t => t with { Mask = ["columns", "members", "found"] }).ToFrozenDictionary(t => t.Name),
            Masks = new[]
            {
                new MaskConfig { Name = "columns" },
                new MaskConfig { Name = "members", Json = [JsonPath.TryParse("$..a", out JsonPath? path, out _) ? path : throw new InvalidOperationException()] },
                new MaskConfig { Name = "found", Detect = [MaskDetector.Email] },
            }.ToFrozenDictionary(m => m.Name),
        };

        Assert.That(Masks(config.RuleBook.For(Alice with { Target = config.Targets["orders"] }).Judge(Http.HttpHouse.Get("/a"), Now)), Is.EqualTo("found, members"));
    }

    private static string Masks(Decision decision) => decision.Masks.ToString();

    private static RuleConfig Mask(MatchConfig match) => new() { Name = "mask", Match = match, Mask = ["cards"] };

    private static RuleConfig Lift(MatchConfig match) => new() { Name = "lift", Match = match, Unmask = ["pii"] };
}
