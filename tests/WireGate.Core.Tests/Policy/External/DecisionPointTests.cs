using System.Net;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.External;
using WireGate.Core.Policy.Facts;
using WireGate.Testing.Peers;
using static WireGate.Testing.Peers.ScriptedDecisionPoint;

namespace WireGate.Core.Tests.Policy.External;

/// <summary>A decision point elsewhere makes a decision stricter, or has no say; what is no answer denies.</summary>
internal sealed class DecisionPointTests
{
    private static readonly DecisionPoint Point = new();

    private static readonly Decision Allowed = new() { Verdict = Verdict.Allow, Rule = "reads", Config = "v1", IsStable = true };

    private static readonly Decision Held = Allowed with
    {
        Verdict = Verdict.Hold,
        Rule = "fixes",
        Hold = new HoldTerms([RuleHouse.TwoDbas], HoldTerms.DefaultWithin, HoldTerms.DefaultInTransaction),
    };

    private static readonly Decision Denied = Allowed with { Verdict = Verdict.Deny, Rule = "no-drop" };

    private ScriptedDecisionPoint _far = null!;

    [SetUp]
    public void Start() => _far = ScriptedDecisionPoint.Open();

    [TearDown]
    public ValueTask StopAsync() => _far.DisposeAsync();

    [Test]
    public async Task Asks_with_what_rules_see()
    {
        SqlOperation operation = RuleHouse.Text(
            RuleHouse.Statement("update", "read public.orders", "write public.orders") with { HasWhere = true, Functions = [RuleHouse.Name("pg_catalog.now")] },
            RuleHouse.Statement("do", "unknown") with { Unknown = "a DO block" });
        SessionFacts session = RuleHouse.Alice with { Source = IPAddress.Parse("192.0.2.7"), Method = "scram", IsTls = true };

        await AskAsync(Allowed, session, operation);

        using JsonDocument asked = JsonDocument.Parse(_far.Asked.Single());
        JsonElement input = asked.RootElement.GetProperty("input");
        JsonElement identity = input.GetProperty("identity"), facts = input.GetProperty("session"), sql = input.GetProperty("sql");
        Assert.Multiple(() =>
        {
            Assert.That(input.GetProperty("time").GetDateTimeOffset(), Is.EqualTo(RuleHouse.Now));
            Assert.That(identity.GetRawText(), Is.EqualTo("""{"issuer":"local","subject":"alice","groups":["dba"],"claims":{}}"""));
            Assert.That(
                ((string[])["target", "protocol", "login", "grant", "placeholder", "source", "database", "application", "method"]).Select(n => facts.GetProperty(n).GetString()),
                Is.EqualTo((string[])["orders", RuleHouse.Orders.Protocol, "rw", "dba", "0123456789", "192.0.2.7", "shop", "psql", "scram"]));
            Assert.That(facts.GetProperty("tls").GetBoolean());
            Assert.That(input.GetProperty("decision").GetRawText(), Is.EqualTo("""{"verdict":"allow","rule":"reads","config":"v1"}"""));
            Assert.That(sql.GetProperty("searchPath").GetRawText(), Is.EqualTo("""["public"]"""));
            JsonElement[] statements = [.. sql.GetProperty("statements").EnumerateArray()];
            Assert.That(statements, Has.Length.EqualTo(2));
            Assert.That(statements[0].GetProperty("kinds").GetRawText(), Is.EqualTo("""["update"]"""));
            Assert.That(
                statements[0].GetProperty("accesses").GetRawText(),
                Is.EqualTo("""[{"effect":"read","schema":"public","relation":"orders"},{"effect":"write","schema":"public","relation":"orders"}]"""));
            Assert.That(statements[0].GetProperty("functions").GetRawText(), Is.EqualTo("""["pg_catalog.now"]"""));
            Assert.That(statements[0].GetProperty("hasWhere").GetBoolean());
            Assert.That(statements[1].GetProperty("unknown").GetString(), Is.EqualTo("a DO block"));
        });
    }

    [Test]
    public async Task A_search_path_that_is_not_known_is_not_told()
    {
        await AskAsync(Allowed, RuleHouse.Alice, new SqlOperation(RuleHouse.Select().Facts, SqlSearchPath.Unknown));

        Assert.That(_far.Asked.Single(), Does.Not.Contain("searchPath"));
    }

    [Test]
    public async Task Its_yes_changes_nothing()
    {
        foreach (Decision own in (Decision[])[Allowed, Held])
        {
            Decision decision = await AskAsync(own);
            Assert.That((decision.Verdict, decision.Rule, decision.Hold?.Approvers.Length, decision.IsStable), Is.EqualTo((own.Verdict, own.Rule, own.Hold?.Approvers.Length, false)));
        }
    }

    [Test]
    public async Task What_is_denied_here_is_not_asked_about()
    {
        Assert.That((await AskAsync(Denied)).Rule, Is.EqualTo("no-drop"));
        Assert.That(_far.Asked, Is.Empty);
    }

    [Test]
    public async Task Its_no_wins_and_says_why()
    {
        _far.Says(Result("""{"decision":"deny","reason":"not on a Friday"}"""));

        foreach (Decision own in (Decision[])[Allowed, Held])
        {
            Decision decision = await AskAsync(own);
            Assert.That((decision.Verdict, decision.Rule, decision.Reason, decision.Hold), Is.EqualTo((Verdict.Deny, DecisionPoint.RuleName, "not on a Friday", (HoldTerms?)null)));
        }
    }

    [Test]
    public async Task Its_hold_wins_over_an_allow_and_joins_a_hold()
    {
        _far.Says(Result("""{"decision":"hold","approvers":{"issuer":"unix","groups":["duty"],"count":2}}"""));

        Decision allowed = await AskAsync(Allowed), held = await AskAsync(Held);

        Assert.That((allowed.Verdict, allowed.Rule), Is.EqualTo((Verdict.Hold, DecisionPoint.RuleName)));
        ApproverTerms terms = allowed.Hold!.Approvers.Single();
        Assert.That((terms.Issuer, terms.Groups.Single(), terms.Count), Is.EqualTo(("unix", "duty", 2)));
        Assert.That(held.Hold!.Approvers, Has.Length.EqualTo(2), "both have to agree");
    }

    [TestCase("200 OK", "", TestName = "Denies_without_an_answer(nothing)")]
    [TestCase("200 OK", "allow", TestName = "Denies_without_an_answer(no JSON)")]
    [TestCase("200 OK", "[]", TestName = "Denies_without_an_answer(a list)")]
    [TestCase("200 OK", "{}", TestName = "Denies_without_an_answer(no result: the rule is not defined)")]
    [TestCase("200 OK", """{"result":true}""", TestName = "Denies_without_an_answer(a bare yes)")]
    [TestCase("200 OK", """{"result":{"allow":true}}""", TestName = "Denies_without_an_answer(another form)")]
    [TestCase("200 OK", """{"result":{"decision":"Allow"}}""", TestName = "Denies_without_an_answer(another case)")]
    [TestCase("200 OK", """{"result":{"decision":["allow"]}}""", TestName = "Denies_without_an_answer(a list of decisions)")]
    [TestCase("200 OK", """{"result":{"decision":"deny","decision":"allow"}}""", TestName = "Denies_without_an_answer(two decisions)")]
    [TestCase("200 OK", """{"result":{"decision":"hold"}}""", TestName = "Denies_without_an_answer(a hold for nobody)")]
    [TestCase("200 OK", """{"result":{"decision":"hold","approvers":{"groups":["dba"],"count":0}}}""", TestName = "Denies_without_an_answer(a hold for no people)")]
    [TestCase("200 OK", """{"result":{"decision":"hold","approvers":{"groups":["dba"],"count":1.5}}}""", TestName = "Denies_without_an_answer(a hold for one and a half)")]
    [TestCase("200 OK", """{"result":{"decision":"hold","approvers":{"groups":["dba"],"count":99999999999}}}""", TestName = "Denies_without_an_answer(a hold for more than there are)")]
    [TestCase("200 OK", """{"result":{"decision":"hold","approvers":{"groups":"dba"}}}""", TestName = "Denies_without_an_answer(groups that are no list)")]
    [TestCase("201 Created", "", TestName = "Denies_without_an_answer(created)")]
    [TestCase("401 Unauthorized", """{"result":{"decision":"allow"}}""", TestName = "Denies_without_an_answer(401)")]
    [TestCase("500 Internal Server Error", """{"result":{"decision":"allow"}}""", TestName = "Denies_without_an_answer(500)")]
    public async Task Denies_without_an_answer(string status, string body)
    {
        _far.Says(Response(status, body));

        await AssertDeniedAsync();
    }

    [Test]
    public async Task Denies_what_is_no_HTTP()
    {
        _far.Says("E 42501 no\r\n\r\n");

        await AssertDeniedAsync();
    }

    [Test]
    public async Task Denies_where_nobody_listens()
    {
        await _far.StopAsync();

        await AssertDeniedAsync();
    }

    [Test]
    public async Task Denies_what_is_too_long_to_be_an_answer()
    {
        _far.Says(Result($$"""{"decision":"allow","reason":"{{new string('x', 70_000)}}"}"""));

        await AssertDeniedAsync();
    }

    [Test]
    public async Task T30_Follows_no_redirect()
    {
        await using var elsewhere = ScriptedDecisionPoint.Open();
        _far.Says(Response("307 Temporary Redirect", "", $"Location: {elsewhere.Address}"));

        Decision decision = await AssertDeniedAsync();

        Assert.That(decision.Reason, Does.Contain("307"));
        Assert.That(elsewhere.Asked, Is.Empty);
    }

    [TestCase("http://169.254.169.254/v1/data")]
    [TestCase("http://2852039166/v1/data")]
    [TestCase("http://0xa9fea9fe/v1/data")]
    [TestCase("http://0251.0376.0251.0376/v1/data")]
    [TestCase("http://[::ffff:169.254.169.254]/v1/data")]
    [TestCase("http://[fd00:ec2::254]/v1/data")]
    [TestCase("https://169.254.169.254/v1/data")]
    public async Task T30_Is_not_asked_where_no_upstream_is(string address)
    {
        Decision decision = await Point.AskAsync(
            new ExternalRulesConfig(new Uri(address), TimeSpan.FromSeconds(20)), RuleHouse.Alice, RuleHouse.Select(), Allowed, RuleHouse.Now);

        Assert.That((decision.Verdict, decision.Reason), Is.EqualTo((Verdict.Deny, "the external decision point cannot be reached")));
        Assert.That(decision.Fault?.ToString(), Does.Contain("link-local"));
    }

    [Test]
    public async Task Denies_when_time_is_up()
    {
        var never = new TaskCompletionSource<string>();
        _far.Answer = _ => never.Task;

        Decision decision = await AssertDeniedAsync(TimeSpan.FromMilliseconds(50));

        Assert.That(decision.Reason, Does.Contain("in time"));
        never.SetResult("");
    }

    [TestCase("""{"result":{"decision":"allow"}}""", Verdict.Allow, null)]
    [TestCase("""{"result":{"decision":"deny","reason":"not today"}}""", Verdict.Deny, "not today")]
    [TestCase("""{"result":{"decision":"deny"}}""", Verdict.Deny, "denies it")]
    [TestCase("""{"result":{"decision":"hold","approvers":{"groups":["dba"]}}}""", Verdict.Hold, null)]
    [TestCase("""{"result":{"decision":"hold"}}""", Verdict.Deny, "names nobody who could approve")]
    [TestCase("""{"result":{"decision":"hold","approvers":{"groups":["dba"],"count":1.5}}}""", Verdict.Deny, "names nobody who could approve")]
    [TestCase("""{"result":{"decision":"hold","approvers":{"groups":["dba"],"count":"1"}}}""", Verdict.Deny, "names nobody who could approve")]
    [TestCase("""{"result":{"decision":"deny","decision":"allow"}}""", Verdict.Deny, "no answer that can be understood")]
    [TestCase("""{"result":{"decision":"alow"}}""", Verdict.Deny, "no answer that can be understood")]
    [TestCase("""{"result":{"decision":7}}""", Verdict.Deny, "no answer that can be understood")]
    [TestCase("""{"result":true}""", Verdict.Deny, "without \"decision\"")]
    [TestCase("{}", Verdict.Deny, "not there or undefined")]
    [TestCase("[]", Verdict.Deny, "not there or undefined")]
    [TestCase("<html>", Verdict.Deny, "no answer that can be understood")]
    public async Task Takes_an_answer_of_its_form_and_no_other(string answer, Verdict verdict, string? reason)
    {
        _far.Says(Response("200 OK", answer));

        Decision decision = await AskAsync(Allowed);

        Assert.That(decision.Verdict, Is.EqualTo(verdict));
        Assert.That(decision.Reason ?? "", reason is null ? Is.Empty : Does.Contain(reason));
    }

    [Test]
    public async Task A_reason_is_one_line_of_bounded_length()
    {
        _far.Says(Result($$"""{"decision":"deny","reason":"two\r\nlines\u0000{{new string('x', 60_000)}}"}"""));

        Decision decision = await AskAsync(Allowed);

        Assert.That(decision.Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(decision.Reason, Has.Length.LessThanOrEqualTo(501).And.StartsWith("two").And.Matches(@"^[^\u0000-\u001f\u007f]*$"));
    }

    private async Task<Decision> AssertDeniedAsync(TimeSpan? timeout = null)
    {
        Decision decision = await AskAsync(Allowed, timeout: timeout);

        Assert.That((decision.Verdict, decision.Rule, decision.IsStable), Is.EqualTo((Verdict.Deny, DecisionPoint.RuleName, false)));
        Assert.That(decision.Reason, Does.StartWith("the external decision point ").And.Not.Contain("\n"));
        return decision;
    }

    private Task<Decision> AskAsync(Decision own, SessionFacts? session = null, SqlOperation? operation = null, TimeSpan? timeout = null) =>
        Point.AskAsync(
            new ExternalRulesConfig(_far.Address, timeout ?? TimeSpan.FromSeconds(20)), session ?? RuleHouse.Alice, operation ?? RuleHouse.Select(), own, RuleHouse.Now);
}
