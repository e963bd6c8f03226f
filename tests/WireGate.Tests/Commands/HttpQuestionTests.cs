using System.Text.Json.Nodes;
using NUnit.Framework;
using WireGate.Commands;

namespace WireGate.Tests.Commands;

/// <summary>What would happen to a request of HTTP, and fixtures of it.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class HttpQuestionTests : PolicyCommandFixture
{
    private static readonly string HttpConfig = Config
        .Replace(
            "orders: { protocol: postgres, address: db, logins: { ro: { user: app_ro, password: s }, rw: { user: app, password: s } } }",
            "orders: { protocol: http, address: \"https://api\", hosts: [api.internal], logins: { ro: { bearer: s }, rw: { bearer: s } } }", StringComparison.Ordinal)
        .Replace("  list:\n", """
          list:
            - { name: repos, match: { http: { methods: [GET], paths: ["/repos/acme/**", "/@*%2f*"] } }, do: allow }
            - { name: open, match: { http: { query: { state: open }, hosts: ["*.internal"] } }, do: allow }
            - { name: test, match: { http: { methods: [POST], headers: { X-Env: "test*" } } }, do: allow }
            - { name: deletes, match: { http: { methods: [DELETE] } }, do: hold, approvers: { groups: [dba] } }
            - { name: pays, match: { http: { methods: [PUT], body: { /kind: charge }, bodySize: { max: 64B } } }, do: allow }
            - { name: no-pages, match: { http: { response: { status: 2xx, contentType: text/html } } }, do: deny }
            - { name: no-hooks, match: { http: { paths: ["/repos/**/hooks"] } }, do: deny, reason: hooks are ours }
            - { name: no-refunds, match: { http: { body: { /kind: refund } } }, do: deny }

        """, StringComparison.Ordinal);

    [TestCase("allow", "repos", "--http", "GET /repos/acme/x")]
    [TestCase("allow", "repos", "--http", "GET https://other:8443/repos/acme")]
    [TestCase("deny", null, "--http", "POST /repos/acme/x")]
    [TestCase("allow", "repos", "--http", "GET /@scope%2Fname")]
    [TestCase("deny", "no-hooks", "--http", "GET /repos/acme%2fhooks")]
    [TestCase("deny", "no-hooks", "--http", "GET /repos/acme/hooks")]
    [TestCase("deny", "no-hooks", "--http", "GET /repos/acme/%2e%2e/x")]
    [TestCase("allow", "open", "--http", "GET /issues?state=open")]
    [TestCase("allow", "open", "--http", "PUT HTTPS://API.INTERNAL?state=open")]
    [TestCase("deny", null, "--http", "GET https://elsewhere/issues?state=open")]
    [TestCase("deny", null, "--http", "GET /issues?state=open&state=closed")]
    [TestCase("hold", "deletes", "--http", "DELETE /v1/x?y=1")]
    [TestCase("allow", "test", "--http", "POST /x", "--header", "x-env:testing")]
    [TestCase("deny", null, "--http", "POST /x", "--header", "x-env: prod")]
    [TestCase("deny", null, "--http", "POST /x")]
    [TestCase("deny", null, "--http", "OPTIONS *")]
    [TestCase("allow", "pays", "--http", "PUT /pay", "--body", "{\"kind\":\"charge\"}")]
    [TestCase("deny", "no-refunds", "--http", "PUT /pay", "--body", "{\"kind\":\"refund\"}")]
    [TestCase("allow", "repos", "--http", "GET /repos/acme/x", "--body", "")]
    [TestCase("deny", "no-refunds", "--http", "GET /repos/acme/x", "--body", "no JSON")]
    [TestCase("deny", null, "--http", "PUT /pay", "--body", "{\"kind\":\"charge\",\"x\":\"                                        too long\"}")]
    [TestCase("deny", null, "--http", "PUT /pay")]
    [TestCase("allow", "repos", "--http", "GET /repos/acme/x", "--response", "200 application/json")]
    [TestCase("deny", "no-pages", "--http", "GET /repos/acme/x", "--response", "200 Text/HTML; charset=utf-8")]
    [TestCase("allow", "repos", "--http", "GET /repos/acme/x", "--response", "204")]
    public void Explain_says_what_would_happen_and_by_which_rule(string decision, string? rule, params string[] asked)
    {
        Assert.That(Explain([.. asked, "--json"]), Is.EqualTo(decision == "allow" ? 0 : 1), Error);

        JsonNode answer = JsonNode.Parse(Output)!;
        Assert.That(((string?)answer["decision"], (string?)answer["rule"]), Is.EqualTo((decision, rule)));
        Assert.That((string?)answer["operation"]!["what"], Does.StartWith(asked[1].Split(' ')[0]));
    }

    [Test]
    public void Explain_says_which_rule_was_near_and_what_of_a_request_it_would_not_take()
    {
        Explain("--http", "POST /repos/acme/x");
        Assert.That(Output, Does.Match("(?m)^why       no rule allows it$").And.Match(@"(?m)^near      .*rule repos would allow it but for: methods \(POST\)"));

        ForgetOutput();
        Explain("--http", "PUT /pay", "--body", "{\"kind\":\"charge\",\"x\":\"                                        too long\"}");
        Assert.That(Output, Does.Match(@"(?m)^near      .*rule pays would allow it but for: bodySize \(72 bytes\)"));

        ForgetOutput();
        Explain("--http", "GET /repos//x");
        Assert.That(Output, Does.Match("(?m)^why       the path has an empty part, and may be one that the rule names$").And.Not.Match("(?m)^near"));
    }

    [Test]
    public void Explain_of_a_hold_says_nothing_of_transactions()
    {
        Explain("--http", "DELETE /v1/x");

        Assert.That(Output, Does.Match("(?m)^approval  1 of dba, within [0-9a-z]+$"));
    }

    [Test]
    public void Explain_tells_people_what_a_request_was_taken_for()
    {
        Explain("--http", "GET /a/../b?k=a b&l=\u001b");

        Assert.That(Output, Does.Contain("operation GET api.internal/a/../b?k=a%20b&l=%1B\n").And.Contain("unknown: the path has a part that is a dot, or two; no rule"));
    }

    [Test]
    public void Explain_tells_people_what_of_an_answer_passes()
    {
        Explain("--http", "GET /repos/acme/x", "--response", "200 text/html");

        Assert.That(Output, Does.Contain("answer    200 text/html: the request is made by then"));
    }

    [TestCase("--http GET: write METHOD PATH", "--http", "GET")]
    [TestCase("--http /a: write METHOD PATH", "--http", "/a")]
    [TestCase("--http GET a: write METHOD PATH", "--http", "GET a")]
    [TestCase("--http GET https:///a: write METHOD PATH", "--http", "GET https:///a")]
    [TestCase("--response ok: write STATUS or STATUS TYPE", "--http", "GET /a", "--response", "ok")]
    [TestCase("--header x: write NAME: VALUE", "--http", "GET /a", "--header", "x")]
    [TestCase("write one of --sql, --exec, --shell, --subsystem, --sftp, --forward, --request, --http and --kube", "--http", "GET /a", "--sql", "select 1")]
    public void A_question_that_cannot_be_asked_is_a_usage_error(string because, params string[] asked)
    {
        Assert.That((Explain(asked), Output), Is.EqualTo((2, "")));
        Assert.That(Error, Does.StartWith("wiregate: ").And.Contain(because));
    }

    [Test]
    public void Test_holds_the_rules_against_fixtures_of_HTTP()
    {
        Assert.That(Test("""
            fixtures:
              - { name: read, given: { subject: a, groups: [dba], target: orders, http: "GET /repos/acme/x" }, expect: { decision: allow, rule: repos } }
              - { name: hook, given: { subject: a, groups: [dba], target: orders, http: "GET /repos/acme/hooks" }, expect: { decision: deny, rule: no-hooks } }
              - { name: header, given: { subject: a, groups: [dba], target: orders, http: "POST /x", headers: { X-Env: test } }, expect: { decision: allow, rule: test } }
              - { name: body, given: { subject: a, groups: [dba], target: orders, http: "PUT /pay", body: '{"kind":"charge"}' }, expect: { decision: allow, rule: pays } }
              - { name: page, given: { subject: a, groups: [dba], target: orders, http: "GET /repos/acme/x", response: "200 text/html" }, expect: { decision: deny, rule: no-pages } }
              - { name: host, given: { subject: a, groups: [dba], target: orders, http: "GET https://elsewhere/?state=open" }, expect: { decision: deny } }

            """), Is.Zero, Output + Error);

        Assert.That(Output, Does.StartWith("6 of 6 fixtures as expected\n").And.Not.Contain("rule repos").And.Contain("rule deletes"));
    }

    [TestCase(", http: GET", "expected METHOD PATH")]
    [TestCase(", http: \"GET /a\", exec: ls", "write one of sql, exec, shell, subsystem, sftp, forward, request, http and kube")]
    [TestCase(", http: \"GET /a\", response: good", "expected STATUS")]
    [TestCase(", exec: ls, body: x", "only a request has it")]
    [TestCase(", exec: ls, headers: { a: b }", "only a request has it")]
    public void Test_refuses_wrong_fixtures(string asked, string because)
    {
        Assert.That(Test($"fixtures: [{{ name: x, given: {{ subject: a, target: orders{asked} }}, expect: {{ decision: deny }} }}]"), Is.EqualTo(2));
        Assert.That(Error, Does.Contain(because));
    }

    private int Explain(params string[] arguments) => Run(
        ExplainCommand.Create(), ["--config", Files.Write("wiregate.yaml", HttpConfig), "--subject", "alice", "--group", "dba", "--target", "orders", .. arguments]);

    private int Test(string fixtures)
    {
        string config = Files.Write("wiregate.yaml", HttpConfig);
        string directory = Directory.CreateDirectory(Path.Combine(Files.Path, "fixtures")).FullName;
        File.WriteAllText(Path.Combine(directory, "fixture.yaml"), fixtures);
        return Run(PolicyCommand.Create(), ["test", directory, "--config", config]);
    }
}
