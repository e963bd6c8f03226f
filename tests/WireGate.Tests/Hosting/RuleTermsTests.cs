using System.Collections.Frozen;
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

    [TestCase("POST /pay HTTP/1.1\nHost: api.test\nContent-Type: application/json\n\n{\"kind\":\"refund\"}", "refunds")]
    [TestCase("POST /pay HTTP/1.1\nHost: api.test\nContent-Type: application/json\n\n{\"kind\":\"charge\"}", "it needs no approval: rule \"posts\" lets it pass")]
    [TestCase("GET /pay HTTP/1.1\nHost: api.test\n\n", "no approval would help: it is denied: no rule allows it")]
    [TestCase("GET /pay", "the request is none that can be asked about: no empty line behind its fields")]
    public async Task The_rules_say_what_request_is_held(string request, string expected)
    {
        MemoryPlaceholders placeholders = new(TimeProvider.System);
        MintRequest minted = new() { Identity = Alice, MintedBy = Alice, Targets = ["api"] };
        (await placeholders.MintAsync(minted, new PlaceholderConfig(), CancellationToken.None)).Minted!.Dispose();
        GatewayConfig sample = SampleConfig.Create("/s");
        TargetConfig api = sample.Targets["billing"] with
        {
            Name = "api",
            Protocol = ProtocolNames.Http,
            Hosts = ["api.test"],
            Logins = [new LoginConfig { Name = "bot", User = "", Http = new HttpLoginConfig { Secret = "s", Surface = HttpSurface.Header, Name = "Authorization", Before = "Bearer " } }],
        };
        HttpMatchConfig posts = new() { Methods = ["POST"] };
        HttpMatchConfig refunds = posts with { Body = [KeyValuePair.Create(JsonPointer.TryParse("/kind", out JsonPointer? kind) ? kind : throw new InvalidOperationException(), (ImmutableArray<NamePattern>)[new NamePattern("refund")])] };
        GatewayConfig config = sample with
        {
            Listeners = [SampleConfig.Listener("[::]:8443") with { Protocol = ProtocolNames.Http }],
            Targets = new[] { api }.ToFrozenDictionary(t => t.Name),
            Grants = [new GrantConfig { Name = "dba", Groups = ["dba"], Targets = ["api"] }],
            Rules = new RulesConfig
            {
                List =
                [
                    new RuleConfig { Name = "posts", Do = Verdict.Allow, Match = new MatchConfig { Http = posts } },
                    new RuleConfig { Name = "refunds", Do = Verdict.Hold, Hold = Terms, Match = new MatchConfig { Http = refunds } },
                ],
            },
        };

        BeforehandAnswer answer = new RuleTerms(placeholders, TimeProvider.System).JudgeRequest(config, api, null, "alice", Encoding.UTF8.GetBytes(request));

        Assert.That(answer.Terms?.Rule ?? answer.Refusal, Is.EqualTo(expected));
        Assert.That(answer.Terms?.Text?.Display, answer.IsHeld ? Does.StartWith("POST http").And.Contain("***").And.EndWith("refund\"}") : Is.Null);
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
