using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.Http.HttpHouse;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy.Http;

/// <summary>Requests of HTTP are judged as SQL is, by the same rules.</summary>
internal sealed class HttpVerdictTests
{
    [Test]
    public void A_match_without_anything_is_any_request_that_is_known()
    {
        Assert.That(Judge(Get("/a"), Allow(Match())).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(Get("/a/.."), Allow(Match())).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Get("/a"), Allow(Everything), Deny(Match())).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Get("/a/.."), Allow(Everything), Deny(Match())).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Get("/a")).Verdict, Is.EqualTo(Verdict.Deny), "no rule");
    }

    [Test]
    public void All_that_a_match_names_must_fit()
    {
        MatchConfig match = Match("GET,HEAD", "/repos/**", "api.*", "state: open", "x-env: prod*");
        string[] headers = ["x-env: production"];

        Assert.That(Verdicts(Get("/repos/a?state=open", headers), match), Is.EqualTo((true, true)));
        Assert.That(Verdicts(Request("HEAD", "/repos/a?state=open", headers), match), Is.EqualTo((true, true)));
        Assert.That(Verdicts(Request("POST", "/repos/a?state=open", headers), match), Is.EqualTo((false, false)), "method");
        Assert.That(Verdicts(Get("/users?state=open", headers), match), Is.EqualTo((false, false)), "path");
        Assert.That(Verdicts(Get("/repos/a?state=open", headers) with { Host = "www.internal" }, match), Is.EqualTo((false, false)), "host");
        Assert.That(Verdicts(Get("/repos/a?state=closed", headers), match), Is.EqualTo((false, false)), "query");
        Assert.That(Verdicts(Get("/repos/a?state=open", "x-env: test"), match), Is.EqualTo((false, false)), "header");
        Assert.That(Verdicts(Get("/repos/a", headers), match), Is.EqualTo((false, false)), "no query");
        Assert.That(Verdicts(Get("/repos/a?state=open"), match), Is.EqualTo((false, false)), "no header");
    }

    [TestCase("get", TestName = "A_method_in_lower_case_is_covered_by_none_and_touched_as_the_one_that_some_take_it_for")]
    public void Methods_know_case_and_not_every_server_does(string method) =>
        Assert.That(Verdicts(Request(method, "/a"), Match("GET")), Is.EqualTo((false, true)));

    [TestCase("api.internal")]
    [TestCase("API.Internal")]
    [TestCase("api.internal.")]
    public void A_host_is_the_same_however_it_is_written(string host) =>
        Assert.That(Verdicts(Get("/a") with { Host = host }, Match(hosts: "api.internal")), Is.EqualTo((true, true)));

    [TestCase("/a?k=1", true, true, TestName = "Once_and_fitting_is_covered")]
    [TestCase("/a?k=2", false, false, TestName = "Another_value_is_nothing")]
    [TestCase("/a?k=1&k=1", false, true, TestName = "Twice_is_not_covered_and_is_touched")]
    [TestCase("/a?k=2&k=3", false, true, TestName = "Twice_is_touched_whatever_the_values")]
    [TestCase("/a?k=1&K=1", false, true, TestName = "Another_case_may_be_the_same_name")]
    [TestCase("/a?K=1", false, true, TestName = "Another_case_alone_is_not_covered")]
    [TestCase("/a?k=%ff", false, true, TestName = "A_value_that_cannot_be_read_may_be_any")]
    [TestCase("/a?k=1&%ff=1", false, true, TestName = "A_name_that_cannot_be_read_may_be_the_one")]
    [TestCase("/a?x=1;k=1", false, true, TestName = "Behind_a_semicolon_may_be_the_one")]
    [TestCase("/a?x=1", false, false, TestName = "Not_there_is_nothing")]
    [TestCase("/a?%6b=1", true, true, TestName = "An_escaped_name_is_that_name")]
    [TestCase("/a?k=1&k[]=2", false, true, TestName = "A_list_of_that_name_may_be_the_one")]
    [TestCase("/a?k[]=1", false, true, TestName = "A_list_alone_is_not_covered")]
    [TestCase("/a?k[0]=1", false, true)]
    [TestCase("/a?[k]=1", false, true, TestName = "A_name_in_brackets_may_be_the_one")]
    [TestCase("/a?k=1&%5Bk%5D[]=2", false, true)]
    [TestCase("/a?k%5Bx%5D=1", false, true)]
    [TestCase("/a?k[]=2", false, false, TestName = "A_list_of_another_value_is_nothing")]
    [TestCase("/a?%20k=1", false, true, TestName = "A_blank_may_be_no_part_of_a_name")]
    [TestCase("/a?%256b=1", false, true, TestName = "A_name_may_be_decoded_twice")]
    [TestCase("/a?k%3D1", false, true, TestName = "Behind_an_escaped_equals_sign_may_be_the_value")]
    [TestCase("/a?k=1&kk[]=1&x[k]=1&ak=1", true, true, TestName = "What_only_has_it_is_another_name")]
    public void Query(string target, bool covers, bool touches) => Assert.That(Verdicts(Get(target), Match(query: "k: 1")), Is.EqualTo((covers, touches)));

    [TestCase("/a?f[k]=1", true, true)]
    [TestCase("/a?[f][k]=1", false, true)]
    [TestCase("/a?%5Bf%5D%5Bk%5D=1", false, true)]
    [TestCase("/a?f[k]=1&[f][k]=2", false, true)]
    [TestCase("/a?f][k]=1", false, true)]
    [TestCase("/a?f[%20k]=1", false, true)]
    [TestCase("/a?f[k]=1&[f][kk]=1&g[k]=1&f[]=1", true, true)]
    [TestCase("/a?[f][kk]=1&fk=1&f[][k]=1", false, false)]
    public void Parameters_with_parts(string target, bool covers, bool touches) => Assert.That(Verdicts(Get(target), Match(query: "f[k]: 1")), Is.EqualTo((covers, touches)));

    [TestCase("/a?page_size=1", true, true)]
    [TestCase("/a?page_size=1&page.size=1", false, true, TestName = "Dots_and_underscores_are_one_to_PHP")]
    [TestCase("/a?page-size=1", false, true)]
    [TestCase("/a?pagesize=1", false, false)]
    [TestCase("/a?page_size_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx[]=1", false, false)]
    public void Longer_parameters(string target, bool covers, bool touches) => Assert.That(Verdicts(Get(target), Match(query: "page_size: 1")), Is.EqualTo((covers, touches)));

    [TestCase("x-env: prod", "", true, true, TestName = "A_header_once_and_fitting_is_covered")]
    [TestCase("x-env: prod", "x-env: prod", false, true, TestName = "A_header_twice_is_not_covered_and_is_touched")]
    [TestCase("x-env: test", "x-env: test", false, true, TestName = "A_header_twice_is_touched_whatever_the_values")]
    [TestCase("x-env: test", "", false, false, TestName = "A_header_of_another_value_is_nothing")]
    [TestCase("x_env: prod", "", false, true, TestName = "A_header_with_an_underscore_is_the_same_to_CGI")]
    [TestCase("x.env: prod", "", false, true, TestName = "And_with_whatever_is_no_letter_to_some")]
    [TestCase("x_env: test", "", false, false)]
    [TestCase("xxenv: prod", "", false, false)]
    [TestCase("x-env: prod", "x_env: test", false, true, TestName = "Which_of_the_two_counts_is_theirs_to_say")]
    public void Headers(string first, string second, bool covers, bool touches) =>
        Assert.That(Verdicts(Get("/a", [.. new[] { first, second }.Where(h => h.Length > 0)]), Match(headers: "x-env: prod")), Is.EqualTo((covers, touches)));

    [Test]
    public void The_headers_that_rules_of_the_session_ask_for_are_known_beforehand()
    {
        GatewayConfig config = Config(
            Allow(Match(headers: "x-env: prod, x-team: *"), "a"),
            Deny(Match(headers: "x-env: test, x-seen: 1"), "b") with { IsObserved = true },
            Deny(Match(headers: "x-other: *") with { Targets = ["another"] }, "c"));

        Assert.That(config.RuleBook.For(Alice).HttpHeaders, Is.EquivalentTo(new[] { "x-env", "x-team", "x-seen" }));
    }

    [TestCase("x-env", ExpectedResult = true)]
    [TestCase("x_env", ExpectedResult = true)]
    [TestCase("X-Env", ExpectedResult = true)]
    [TestCase("x-envy", ExpectedResult = false)]
    [TestCase("x", ExpectedResult = false)]
    public bool They_are_asked_for_in_every_spelling(string name) => Config(Allow(Match(headers: "x-env: prod"), "a")).RuleBook.For(Alice).AsksForHeader(name);

    [Test]
    public void Rules_of_other_protocols_are_nothing_to_it_and_its_rules_are_nothing_to_them()
    {
        RuleConfig[] others = [Allow(Sql((SqlEffects)63), "sql"), Allow(new MatchConfig { Ssh = new SshMatchConfig { Shell = true } }, "ssh")];

        Assert.That(Judge(Get("/a"), others).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Get("/a/.."), others).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Get("/a"), [Allow(Everything), .. others.Select(o => o with { Do = Verdict.Deny })]).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(Select(), Allow(Match())).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(new SshShell(false), Allow(Match())).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(Select(), Allow(Everything), Deny(Match())).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(new SshShell(false), Allow(Everything), Deny(Match())).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [Test]
    public void A_default_of_allow_lets_pass_what_is_known()
    {
        GatewayConfig config = Config() with { Rules = new RulesConfig { Default = Verdict.Allow } };

        Assert.That(config.RuleBook.For(Alice).Judge(Get("/a"), Now).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(config.RuleBook.For(Alice).Judge(Get("/a%2fb"), Now).Verdict, Is.EqualTo(Verdict.Deny));
    }

    [TestCase("POST", "/repos/acme/x?page=1", "x-env: prod", ExpectedResult = "rule posts would allow it but for: paths; rule reads would allow it but for: methods (POST)")]
    [TestCase("GET", "/repos/other/x?page=1", "x-env: prod", ExpectedResult = "rule reads would allow it but for: paths")]
    [TestCase("GET", "/repos/acme/x", "x-env: test",
        ExpectedResult = "rule deletes would allow it but for: methods (GET), paths; rule posts would allow it but for: methods (GET), paths; rule reads would allow it but for: query (page), headers (x-env)")]
    [TestCase("DELETE", "/", "x-env: test", ExpectedResult = "rule deletes would allow it but for: paths; rule posts would allow it but for: methods (DELETE)")]
    public string? What_no_rule_allows_says_which_came_nearest(string method, string target, string header) => Judge(
        Request(method, target, header),
        Allow(Match("GET", "/repos/acme/**", query: "page: *", headers: "x-env: prod*"), "reads"), Allow(Match("DELETE", "/x", headers: "x-env: *"), "deletes"),
        Allow(Match("POST", "/"), "posts"), Deny(Match(paths: "/never"), "never")).Near;

    [Test]
    public void What_a_rule_denies_or_allows_has_none_near()
    {
        Assert.That(Judge(Get("/x"), Deny(Match("GET")), Allow(Match("POST"))).Near, Is.Null);
        Assert.That(Judge(Get("/x"), Allow(Match("GET")), Allow(Match("POST"))).Near, Is.Null);
        Assert.That(Judge(Get("/x"), Deny(Match("POST"))).Near, Is.Null);
    }

    [Test]
    public void A_path_that_can_be_read_in_two_ways_is_told_and_not_only_the_rule_that_it_may_be_of()
    {
        RuleConfig[] rules = [Deny(Match(paths: "/admin/**"), "no-admin") with { Reason = "not for agents" }, Allow(Match(paths: "/repos/**")), Deny(Match("PUT"), "no-put")];

        Assert.That(Judge(Get("/repos//x"), rules) is { Rule: "no-admin", Reason: "the path has an empty part, and may be one that the rule names" });
        Assert.That(Judge(Get("/admin/x"), rules) is { Rule: "no-admin", Reason: "not for agents" });
        Assert.That(Judge(Get("/repos/%2f"), rules[1]) is { Rule: null, Reason: "no rule allows it: the path has an escaped slash" });
        Assert.That(Judge(Request("PUT", "/repos//x"), rules[1], rules[2]) is { Rule: "no-put", Reason: null });
    }

    [Test]
    public void Judging_a_request_allocates_nothing()
    {
        SessionRules rules = Config(
            Deny(Match("DELETE", "/repos/**/hooks"), "hooks"),
            Hold(Match(query: "force: true"), "force"),
            Allow(Match("GET", "/repos/acme/**", "api.*", headers: "x-env: prod*"), "reads")).RuleBook.For(Alice);
        HttpOperation request = Get("/repos/acme/x%3Fy?page=1&forced=%25&x[]=1", "x-env: prod");
        for (int i = 0; i < 100; i++)
        {
            rules.Judge(request, Now);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Decision decision = rules.Judge(request, Now);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(decision.Rule, Is.EqualTo("reads"));
    }

    [TestCase("GET", ExpectedResult = true)]
    [TestCase("HEAD", ExpectedResult = true)]
    [TestCase("OPTIONS", ExpectedResult = true)]
    [TestCase("TRACE", ExpectedResult = true)]
    [TestCase("get", ExpectedResult = false)]
    [TestCase("POST", ExpectedResult = false)]
    [TestCase("", ExpectedResult = false)]
    public bool Safe_methods_are_those_of_the_standard(string method) => Request(method, "/").IsSafe;

    private static (bool Covers, bool Touches) Verdicts(HttpOperation request, MatchConfig match) =>
        (Judge(request, Allow(match)).Verdict == Verdict.Allow, Judge(request, Allow(Everything), Deny(match)).Verdict == Verdict.Deny);
}
