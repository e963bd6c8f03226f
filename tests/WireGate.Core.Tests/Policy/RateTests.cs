using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy;

internal sealed class RateTests
{
    private static readonly RuleConfig Reads = Allow(Sql(SqlEffects.Read | SqlEffects.Write), "reads");

    [Test]
    public void Over_the_limit_it_is_denied_by_name()
    {
        SessionRules rules = Config(Reads, Limit(2)).RuleBook.For(Alice);

        Assert.That(Passed(rules, 3), Is.EqualTo(2));
        Decision denied = rules.Judge(Select(), Now);
        Assert.That((denied.Verdict, denied.Rule, denied.Reason), Is.EqualTo((Verdict.Deny, "limit", "no more than 2 operations in 1m")));
    }

    [Test]
    public void What_was_taken_comes_back_with_time()
    {
        SessionRules rules = Config(Reads, Limit(2)).RuleBook.For(Alice);
        Passed(rules, 2);

        Assert.That(Passed(rules, 1, Now.AddSeconds(29)), Is.Zero);
        Assert.That(Passed(rules, 2, Now.AddSeconds(30)), Is.EqualTo(1));
        Assert.That(Passed(rules, 5, Now.AddHours(1)), Is.EqualTo(2), "never more than the limit at once");
    }

    [Test]
    public void A_clock_that_is_set_back_gives_nothing()
    {
        SessionRules rules = Config(Reads, Limit(1)).RuleBook.For(Alice);
        Passed(rules, 1);

        Assert.That(Passed(rules, 1, Now.AddHours(-1)), Is.Zero);
        Assert.That(Passed(rules, 1, Now.AddHours(-1).AddMinutes(1)), Is.EqualTo(1));
    }

    [TestCase(RateScope.Identity, ExpectedResult = "1 1 2", TestName = "An_identity_shares_its_operations")]
    [TestCase(RateScope.Placeholder, ExpectedResult = "1 2 2", TestName = "A_placeholder_shares_its_operations")]
    [TestCase(RateScope.Session, ExpectedResult = "2 2 2", TestName = "A_session_shares_with_nobody")]
    public string Scope(RateScope by)
    {
        return string.Join(
            ' ',
            Two(Alice, Alice),
            Two(Alice, Alice with { Placeholder = "9876543210" }),
            Two(Alice, Alice with { Placeholder = "9876543210", Identity = new Identity { Issuer = "local", Subject = "bob" } }));

        int Two(SessionFacts first, SessionFacts second)
        {
            RuleBook book = Config(Reads, Limit(1, by)).RuleBook;
            return Passed(book.For(first), 1) + Passed(book.For(second), 1);
        }
    }

    [Test]
    public void What_is_denied_anyway_is_not_counted()
    {
        SessionRules rules = Config(Reads, Limit(1), Deny(Sql(statements: "drop"))).RuleBook.For(Alice);
        rules.Judge(Text(Statement("drop", "ddl public.a")), Now);

        Assert.That(Passed(rules, 1), Is.EqualTo(1));
    }

    [Test]
    public void Each_statement_of_a_text_is_counted()
    {
        SessionRules rules = Config(Reads, Limit(3)).RuleBook.For(Alice);
        SqlStatementFacts read = Statement("select", "read public.a");

        Assert.That(rules.Judge(Text(read, read), Now).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(rules.Judge(Text(read, read), Now), Has.Property("Verdict").EqualTo(Verdict.Deny).And.Property("Rule").EqualTo("limit"));
        Assert.That(Passed(rules, 2), Is.EqualTo(1), "what is refused takes nothing");
    }

    [Test]
    public void Of_a_text_only_the_statements_that_a_limit_touches_are_counted()
    {
        SessionRules rules = Config(Reads, Limit(1) with { Match = Sql(SqlEffects.Write) }).RuleBook.For(Alice);
        SqlStatementFacts read = Statement("select", "read public.a");

        Assert.That(rules.Judge(Text(read, Statement("insert", "write public.a"), read), Now).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [Test]
    public void An_observed_limit_counts_each_statement_of_a_text()
    {
        SessionRules rules = Config(Reads, Limit(1) with { IsObserved = true }).RuleBook.For(Alice);
        SqlStatementFacts read = Statement("select", "read public.a");

        Assert.That(rules.Judge(Text(read, read), Now).Observed, Is.EqualTo(new[] { "limit: limit" }));
    }

    [Test]
    public void A_text_without_a_statement_is_one_operation()
    {
        SessionRules rules = Config(Reads, Limit(1)).RuleBook.For(Alice);

        Assert.That(rules.Judge(Text(), Now).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(rules.Judge(Text(), Now).Verdict, Is.EqualTo(Verdict.Deny));
    }

    [Test]
    public void What_a_limit_does_not_touch_is_not_limited()
    {
        SessionRules rules = Config(Reads, Limit(1) with { Match = Sql(SqlEffects.Write) }).RuleBook.For(Alice);

        Assert.That(Passed(rules, 5), Is.EqualTo(5));
        Assert.That(rules.Judge(Select(), Now).IsStable, Is.True);
    }

    [Test]
    public void An_allow_with_a_limit_is_both()
    {
        SessionRules rules = Config(Reads with { Limit = Limit(1).Limit }).RuleBook.For(Alice);

        Assert.That(rules.Judge(Select(), Now), Has.Property("Verdict").EqualTo(Verdict.Allow).And.Property("IsStable").False);
        Assert.That(Passed(rules, 1), Is.Zero);
    }

    [Test]
    public void An_observed_limit_is_listed_once_it_is_over()
    {
        SessionRules rules = Config(Reads, Limit(1) with { IsObserved = true }).RuleBook.For(Alice);

        Assert.That(rules.Judge(Select(), Now).Observed, Is.Empty);
        Assert.That(rules.Judge(Select(), Now), Has.Property("Verdict").EqualTo(Verdict.Allow).And.Property("Observed").EqualTo(new[] { "limit: limit" }));
    }

    [Test]
    public void Buckets_that_are_full_again_are_not_kept()
    {
        var buckets = new RateBuckets(new RateConfig(1, TimeSpan.FromMinutes(1), RateScope.Placeholder));
        for (int i = 0; i < 100_000; i++)
        {
            Assert.That(buckets.TryTake($"p{i}", Now.AddSeconds(i)), Is.True);
        }

        Assert.That(buckets.Count, Is.LessThan(3000));
    }

    [Test]
    public void Buckets_that_are_not_full_survive_a_clearing()
    {
        var buckets = new RateBuckets(new RateConfig(1, TimeSpan.FromMinutes(1), RateScope.Placeholder));
        buckets.TryTake("spent", Now);
        for (int i = 0; i < 5000; i++)
        {
            buckets.TryTake($"p{i}", Now);
        }

        Assert.That(buckets.TryTake("spent", Now), Is.False);
    }

    [Test]
    public void Many_threads_together_take_no_more_than_there_is()
    {
        var buckets = new RateBuckets(new RateConfig(100, TimeSpan.FromDays(1), RateScope.Identity));
        int taken = 0;

        Parallel.For(0, 1000, _ => Interlocked.Add(ref taken, buckets.TryTake("alice", Now) ? 1 : 0));

        Assert.That(taken, Is.EqualTo(100));
    }

    private static int Passed(SessionRules rules, int times, DateTimeOffset? now = null) =>
        Enumerable.Range(0, times).Count(_ => rules.Judge(Select(), now ?? Now).Verdict == Verdict.Allow);

    private static RuleConfig Limit(int operations, RateScope by = RateScope.Identity) =>
        new() { Name = "limit", Limit = new RateConfig(operations, TimeSpan.FromMinutes(1), by) };
}
