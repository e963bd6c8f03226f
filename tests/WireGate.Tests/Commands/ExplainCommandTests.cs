using System.Text.Json.Nodes;
using NUnit.Framework;
using WireGate.Commands;

namespace WireGate.Tests.Commands;

/// <summary>What would happen to an operation, without a daemon.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ExplainCommandTests : PolicyCommandFixture
{
    [TestCase("agents", "select 1", 0, "allow", "reads")]
    [TestCase("agents", "drop table t", 1, "deny", "no-drop")]
    [TestCase("agents", "delete from t", 1, "deny", null)]
    [TestCase("dba", "delete from t", 1, "hold", "writes")]
    [TestCase("dba", "delete from t; drop table t", 1, "deny", "no-drop")]
    [TestCase("agents", "select f()", 1, "deny", null)]
    [TestCase("agents", "selec 1", 1, "deny", null)]
    [TestCase("others", "select 1", 1, "deny", null)]
    public void Explain_says_what_would_happen_and_by_which_rule(string group, string sql, int exit, string decision, string? rule)
    {
        Assert.That(Explain("--group", group, "--sql", sql, "--json"), Is.EqualTo(exit), Error);

        JsonNode answer = JsonNode.Parse(Output)!;
        Assert.That(((string?)answer["decision"], (string?)answer["rule"]), Is.EqualTo((decision, rule)));
    }

    [TestCase("guests", true)]
    [TestCase("agents", false)]
    public void Explain_tells_that_the_session_waits_first(string group, bool expected)
    {
        Assert.That(Explain("--group", group, "--sql", "select 1"), Is.Zero, Error);

        Assert.That(Output.Contains("the session itself waits first, for the yes of 1 of dba: grant held holds it", StringComparison.Ordinal), Is.EqualTo(expected), Output);
    }

    [TestCase("set search_path = hr; select 1 from t", "deny")]
    [TestCase("select 1 from t", "allow")]
    public void Explain_counts_what_a_text_sets_for_what_follows_in_it(string sql, string decision)
    {
        string config = Files.Write("path.yaml", Config.Replace("  list:\n", """
              list:
                - { name: sets, match: { sql: { effects: [read, session] } }, do: allow }
                - { name: no-hr, match: { sql: { tables: ["hr.*"] } }, do: deny }

            """, StringComparison.Ordinal));

        Run(ExplainCommand.Create(), ["--subject", "alice", "--group", "agents", "--target", "orders", "--sql", sql, "--config", config, "--json"]);

        Assert.That((string?)JsonNode.Parse(Output)!["decision"], Is.EqualTo(decision), Error);
    }

    [TestCase("deny", "--application", "tableau")]
    [TestCase("deny", "--plain")]
    [TestCase("allow", "--application", "psql")]
    [TestCase("allow")]
    public void Explain_can_be_asked_about_an_application_and_without_TLS(string decision, params string[] more)
    {
        string config = Files.Write("session.yaml", Config.Replace("  list:\n", """
              list:
                - { name: no-bi, match: { session: { application: tableau } }, do: deny }
                - { name: in-clear, match: { session: { tls: false } }, do: deny }

            """, StringComparison.Ordinal));

        Run(ExplainCommand.Create(), ["--subject", "alice", "--group", "agents", "--target", "orders", "--sql", "select 1", "--config", config, "--json", .. more]);

        Assert.That((string?)JsonNode.Parse(Output)!["decision"], Is.EqualTo(decision), Error);
    }

    [Test]
    public void Explain_tells_people_what_the_statement_was_taken_for()
    {
        Explain("--group", "dba", "--sql", "delete from t where f()");

        Assert.That(Output, Does.Match("(?m)^decision  hold$").And.Match(@"(?m)^statement delete$").And.Match(@"(?m)^ +write t$").And.Match(@"(?m)^ +unknown: f\(\)$"));
        Assert.That(Output, Does.Match("(?m)^grant     staff, login rw$"));
    }

    [Test]
    public void Explain_tells_who_would_have_to_approve()
    {
        Explain("--group", "dba", "--sql", "delete from t");

        Assert.That(Output, Does.Match(@"(?m)^approval  2 of dba, within 10m, 2m in a transaction$"));
    }

    [TestCase("dba", "execute q", true)]
    [TestCase("dba", "fetch all from c", true)]
    [TestCase("dba", "select 1", false)]
    public void Explain_tells_what_only_a_session_knows(string group, string sql, bool isByName)
    {
        Explain("--group", group, "--sql", sql);
        Assert.That(Output.Contains("only a session knows", StringComparison.Ordinal), Is.EqualTo(isByName), Output);

        Explain("--group", "agents", "--sql", "select name from people", "--json");
        Assert.That(Output, Does.Contain("masks may refuse it"));
    }

    [Test]
    public void Explain_tells_masks_and_what_is_only_observed()
    {
        Explain("--group", "agents", "--sql", "select 1", "--at", "2026-03-01T03:00:00Z");
        Assert.That(Output, Does.Match("(?m)^decision  allow$").And.Match("(?m)^masks     .*names").And.Match("(?m)^observed  .*night"));

        ForgetOutput();
        Explain("--group", "agents", "--sql", "select 1", "--at", "2026-03-01T12:00:00Z");
        Assert.That(Output, Does.Not.Contain("night"));
    }

    [TestCase("no target nowhere", "--target", "nowhere")]
    [TestCase("no login none", "--target", "orders", "--login", "none")]
    [TestCase("write name=value", "--target", "orders", "--claim", "team")]
    [TestCase("no IP address", "--target", "orders", "--source", "here")]
    [TestCase("write it as", "--target", "orders", "--at", "noon")]
    public void A_question_that_cannot_be_asked_is_a_usage_error(string because, params string[] arguments)
    {
        string config = Files.Write("wiregate.yaml", Config);

        int exit = Run(ExplainCommand.Create(), ["--config", config, "--subject", "alice", "--sql", "select 1", .. arguments]);

        Assert.That((exit, Output), Is.EqualTo((2, "")));
        Assert.That(Error, Does.StartWith("wiregate: ").And.Contain(because));
    }

    [Test]
    public void A_wrong_config_is_told_and_nothing_else()
    {
        string config = Files.Write("wiregate.yaml", Config + "nonsense: 1\n");

        int exit = Run(ExplainCommand.Create(), ["--config", config, "--subject", "alice", "--target", "orders", "--sql", "select 1"]);

        Assert.That((exit, Output), Is.EqualTo((2, "")));
        Assert.That(Error, Does.Contain("nonsense: unknown key"));
    }

    private int Explain(params string[] arguments) => Run(
        ExplainCommand.Create(), ["--config", Files.Write("wiregate.yaml", Config), "--subject", "alice", "--target", "orders", .. arguments]);
}
