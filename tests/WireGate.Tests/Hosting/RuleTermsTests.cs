using System.Collections.Immutable;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Hosting;
using WireGate.Testing.Admin;

namespace WireGate.Tests.Hosting;

public sealed class RuleTermsTests
{
    private static readonly Identity Alice = new() { Issuer = Identity.LocalIssuer, Subject = "alice", Groups = ["dba"] };
    private static readonly HoldTerms Terms = new([new ApproverTerms(null, ["dba"], 2)], TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(2));

    [TestCase("update a set b = 1", "writes")]
    [TestCase("select 1; update a set b = 1", "writes")]
    [TestCase("select 1", "it needs no approval: rule \"reads\" lets it pass")]
    [TestCase("drop table a", "no approval would help: rule \"no-drop\" denies it: by migrations only")]
    [TestCase("not sql", "no approval would help: it is denied: no rule allows it")]
    public async Task The_rules_say_what_is_held(string sql, string expected)
    {
        BeforehandAnswer answer = await JudgeAsync(sql, minted: true);
        Assert.That(answer.Terms?.Rule ?? answer.Refusal, Is.EqualTo(expected));
        if (answer.Terms is { } terms)
        {
            Assert.That((terms.Requester, terms.Login, terms.Terms), Is.EqualTo((Alice, "rw", Terms)));
        }
    }

    [Test]
    public async Task Without_a_placeholder_that_says_the_groups_no_grant_serves() =>
        Assert.That((await JudgeAsync("update a set b = 1", minted: false)).Refusal, Does.StartWith("no grant opens orders to alice"));

    [Test]
    public async Task A_login_that_no_grant_gives_is_refused() =>
        Assert.That((await JudgeAsync("update a set b = 1", minted: true, "ro")).Refusal, Does.StartWith("no grant opens orders as ro to alice"));

    [Test]
    public async Task Asking_uses_up_no_limit()
    {
        RuleConfig limit = new() { Name = "limit", Limit = new RateConfig(1, TimeSpan.FromHours(1), RateScope.Identity) };
        for (int i = 0; i < 3; i++)
        {
            Assert.That((await JudgeAsync("update a set b = 1", minted: true, rules: limit)).IsHeld, Is.True);
        }
    }

    private static async Task<BeforehandAnswer> JudgeAsync(string sql, bool minted, string? login = null, params ImmutableArray<RuleConfig> rules)
    {
        MemoryPlaceholders placeholders = new(TimeProvider.System);
        if (minted)
        {
            MintRequest request = new() { Identity = Alice, MintedBy = Alice, Targets = ["orders"] };
            (await placeholders.MintAsync(request, new PlaceholderConfig(), CancellationToken.None)).Minted!.Dispose();
        }

        GatewayConfig config = SampleConfig.Create("/s") with
        {
            Rules = new RulesConfig
            {
                List =
                [
                    Rule("reads", Verdict.Allow, new SqlMatchConfig { Effects = SqlEffects.Read }),
                    Rule("writes", Verdict.Hold, new SqlMatchConfig { Effects = SqlEffects.Write }) with { Hold = Terms },
                    Rule("no-drop", Verdict.Deny, new SqlMatchConfig { Statements = ["drop"] }) with { Reason = "by migrations only" },
                    .. rules,
                ],
            },
        };
        return new RuleTerms(placeholders, TimeProvider.System).Judge(config, config.Targets["orders"], "shop", login, "alice", Encoding.UTF8.GetBytes(sql));
    }

    private static RuleConfig Rule(string name, Verdict verdict, SqlMatchConfig sql) =>
        new() { Name = name, Do = verdict, Match = new MatchConfig { Sql = sql } };
}
