using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Commands;
using WireGate.Core.Audit;
using WireGate.Tests.Configuration;

namespace WireGate.Tests.Commands;

/// <summary>What the rules say, without a daemon.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PolicyCommandTests : IDisposable
{
    private const string Config = """
        store: sqlite:/s.db
        audit: { to: /audit }
        listeners: [{ name: pg, protocol: postgres, address: 127.0.0.1 }]
        secrets: { s: { env: S } }
        targets: { orders: { protocol: postgres, address: db, logins: { ro: { user: app_ro, password: s }, rw: { user: app, password: s } } } }
        grants:
          - { name: agents, to: { issuer: local, groups: [agents] }, targets: [orders] }
          - { name: staff, to: { issuer: local, groups: [dba] }, targets: [orders], login: rw }
          - { name: held, to: { issuer: local, groups: [guests] }, targets: [orders], hold: { approvers: { groups: [dba] } } }
        rules:
          list:
            - { name: reads, match: { sql: { effects: [read] } }, do: allow, mask: [names] }
            - { name: writes, match: { login: rw, sql: { effects: [write] } }, do: hold, approvers: { groups: [dba], count: 2 }, within: 10m }
            - { name: no-drop, match: { sql: { statements: [drop] } }, do: deny, reason: "migrations only" }
            - { name: night, match: { hours: "Mon-Sun 00:00-06:00 UTC", sql: { effects: [read] } }, do: deny, mode: observe }
        masks: { names: { columns: [public.people.name], with: redact } }

        """;

    private readonly TemporaryDirectory _directory = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    private string Output => _output.ToString();

    private string Error => _error.ToString();

    public void Dispose()
    {
        _directory.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

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

        _output.GetStringBuilder().Clear();
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
        string config = _directory.Write("wiregate.yaml", Config);

        int exit = Run(ExplainCommand.Create(), ["--config", config, "--subject", "alice", "--sql", "select 1", .. arguments]);

        Assert.That((exit, Output), Is.EqualTo((2, "")));
        Assert.That(Error, Does.StartWith("wiregate: ").And.Contain(because));
    }

    [Test]
    public void A_wrong_config_is_told_and_nothing_else()
    {
        string config = _directory.Write("wiregate.yaml", Config + "nonsense: 1\n");

        int exit = Run(ExplainCommand.Create(), ["--config", config, "--subject", "alice", "--target", "orders", "--sql", "select 1"]);

        Assert.That((exit, Output), Is.EqualTo((2, "")));
        Assert.That(Error, Does.Contain("nonsense: unknown key"));
    }

    [Test]
    public void Test_is_content_when_every_fixture_gets_its_answer()
    {
        Assert.That(Test("""
            fixtures:
              - { name: reading, given: { subject: alice, groups: [agents], target: orders, sql: "select 1" }, expect: { decision: allow, rule: reads, masks: [names] } }
              - { name: writing, given: { subject: alice, groups: [dba], target: orders, sql: "delete from t" }, expect: { decision: hold } }
              - { name: dropping, given: { subject: alice, groups: [dba], target: orders, sql: "drop table t" }, expect: { decision: deny, rule: no-drop } }
              - { name: at night, given: { subject: alice, groups: [dba], target: orders, sql: "select 1", at: "2026-03-01T03:00:00Z" }, expect: { decision: allow } }

            """), Is.Zero, Output + Error);

        Assert.That(Output, Is.EqualTo("4 of 4 fixtures as expected\n"), "and no rule is left out");
    }

    [TestCase("decision: deny", "expected deny, got allow by reads")]
    [TestCase("decision: allow, rule: writes", "expected rule writes, got reads")]
    [TestCase("decision: allow, masks: []", "expected the masks [], got [names]")]
    public void Test_names_each_fixture_that_got_another_answer(string expect, string what)
    {
        string fixtures = $$"""fixtures: [{ name: reading, given: { subject: alice, groups: [agents], target: orders, sql: "select 1" }, expect: { {{expect}} } }]""";

        Assert.That(Test(fixtures), Is.EqualTo(1));

        Assert.That(Output, Does.Contain($"FAILED fixture.yaml: reading: {what}").And.Contain("0 of 1 fixtures as expected"));
    }

    [Test]
    public void Test_names_the_rules_that_no_fixture_touches()
    {
        string fixtures = """fixtures: [{ name: noon, given: { subject: alice, groups: [agents], target: orders, sql: "select 1", at: "2026-03-01T12:00:00Z" }, expect: { decision: allow } }]""";

        Assert.That(Test(fixtures, "--json"), Is.Zero, Error);

        JsonNode answer = JsonNode.Parse(Output)!;
        Assert.That(((bool)answer["ok"]!, (int)answer["fixtures"]!), Is.EqualTo((true, 1)));
        Assert.That(answer["untouchedRules"]!.AsArray().Select(r => (string?)r), Is.EqualTo(new[] { "writes", "no-drop", "night" }));
    }

    [TestCase("fixtures: []", "fixtures")]
    [TestCase("fixtures: [{ name: x }]", "given")]
    [TestCase("""fixtures: [{ name: x, given: { subject: a, target: orders, sql: "x" }, expect: { decision: maybe } }]""", "expected one of allow, hold, deny")]
    [TestCase("""fixtures: [{ name: x, given: { subject: a, target: orders, sql: "x", at: noon }, expect: { decision: deny } }]""", "expected a time")]
    [TestCase("""fixtures: [{ name: x, given: { subject: a, target: orders, sql: "x", colour: red }, expect: { decision: deny } }]""", "unknown key")]
    [TestCase("""fixtures: [{ name: x, given: { subject: a, target: nowhere, sql: "x" }, expect: { decision: deny } }]""", "no target nowhere")]
    [TestCase("fixtures: [", "fixture.yaml")]
    public void Test_refuses_wrong_fixtures(string fixtures, string because)
    {
        Assert.That(Test(fixtures), Is.EqualTo(2));
        Assert.That(Error, Does.Contain(because));
        Assert.That(Output, Is.Empty);
    }

    [Test]
    public void Test_of_nothing_is_a_usage_error()
    {
        string config = _directory.Write("wiregate.yaml", Config);
        string empty = Directory.CreateDirectory(Path.Combine(_directory.Path, "empty")).FullName;

        Assert.That(Run(PolicyCommand.Create(), ["test", empty, "--config", config]), Is.EqualTo(2));
        Assert.That(Run(PolicyCommand.Create(), ["test", empty + "/missing", "--config", config]), Is.EqualTo(2));
        Assert.That(Error, Does.Contain("no fixture in any *.yaml").And.Contain("there is no directory"));
    }

    [Test]
    public async Task Diff_tells_what_would_be_decided_otherwise()
    {
        string log = await RecordAsync();
        string old = _directory.Write("old.yaml", Config);
        string changed = _directory.Write("new.yaml", Config.Replace("statements: [drop]", "statements: [select]", StringComparison.Ordinal));

        Assert.That(Run(PolicyCommand.Create(), ["diff", old, changed, "--against", log, "--json"]), Is.EqualTo(1), Error);

        JsonNode[] lines = [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];
        Assert.That(lines.Select(l => (string?)l["sql"]), Is.EqualTo(new[] { "select 1", "select 1" }), "twice, the second time by its digest");
        Assert.That(((string?)lines[0]["recorded"], (string?)lines[0]["old"], (string?)lines[0]["new"]), Is.EqualTo(("allow", "allow (reads, masks names)", "deny (no-drop)")));
        Assert.That(((string?)lines[0]["identity"], (string?)lines[0]["target"], (string?)lines[0]["session"]), Is.EqualTo(("local:alice", "orders", "s1")));
    }

    [Test]
    public async Task Diff_counts_what_cannot_be_asked_again()
    {
        string log = await RecordAsync();
        string config = _directory.Write("old.yaml", Config);

        Assert.That(Run(PolicyCommand.Create(), ["diff", config, config, "--against", log]), Is.Zero, Error);

        Assert.That(Output, Is.EqualTo("0 of 4 recorded operations would be decided otherwise\n1 cannot be asked again: the log does not have their whole text, or a config not their target\n4 are of sessions of which the log does not tell TLS and the application's name: assumed are TLS and no name\n"));
    }

    [Test]
    public async Task Diff_counts_what_was_held_once_whatever_became_of_it()
    {
        string log = await RecordAsync(
            "",
            """ "statement":"01","verdict":"hold","rule":"writes","searchPath":"public","sql":"delete from t" """,
            """ "statement":"01","verdict":"allow","rule":"writes","searchPath":"public","approval":"apr_1" """,
            """ "statement":"01","verdict":"hold","rule":"writes","searchPath":"public" """,
            """ "statement":"01","verdict":"deny","rule":"writes","searchPath":"public","ref":"ABCDEF" """,
            """ "statement":"01","verdict":"deny","rule":"writes","searchPath":"public","ref":"ABCDEG" """);
        string config = _directory.Write("old.yaml", Config);

        Assert.That(Run(PolicyCommand.Create(), ["diff", config, config, "--against", log]), Is.Zero, Error);

        Assert.That(Output, Does.StartWith("0 of 3 recorded operations would be decided otherwise\n"));
    }

    [TestCase("\"tls\":false,\"application\":\"batch\"", 1)]
    [TestCase("\"tls\":true,\"application\":\"batch\"", 0)]
    [TestCase("\"tls\":false", 0)]
    public async Task Diff_asks_with_what_was_recorded_of_the_session(string recorded, int different)
    {
        string log = await RecordAsync(recorded, """ "statement":"01","verdict":"allow","rule":"reads","searchPath":"public","sql":"select 1" """);
        string old = _directory.Write("old.yaml", Config);
        string changed = _directory.Write("new.yaml", Config.Replace(
            "    - { name: night,", "    - { name: batch, match: { session: { tls: false, application: batch } }, do: deny }\n    - { name: night,", StringComparison.Ordinal));

        Assert.That(Run(PolicyCommand.Create(), ["diff", old, changed, "--against", log]), Is.EqualTo(different), Error);

        Assert.That(Output, Does.Contain($"{different} of 1 recorded").And.Not.Contain("assumed"));
    }

    [Test]
    public async Task Diff_says_what_it_assumed_where_the_log_does_not_tell()
    {
        string log = await RecordAsync();
        string old = _directory.Write("old.yaml", Config);
        string changed = _directory.Write("new.yaml", Config.Replace("statements: [drop]", "statements: [select]", StringComparison.Ordinal));

        Run(PolicyCommand.Create(), ["diff", old, changed, "--against", log]);
        Assert.That(Output, Does.EndWith("4 are of sessions of which the log does not tell TLS and the application's name: assumed are TLS and no name\n"));

        _output.GetStringBuilder().Clear();
        Run(PolicyCommand.Create(), ["diff", old, changed, "--against", log, "--json"]);
        Assert.That(JsonNode.Parse(Output.Split('\n')[0])!["assumed"]!.ToJsonString(), Is.EqualTo("""["tls","application"]"""));
    }

    [Test]
    public void Diff_tells_machines_what_is_wrong()
    {
        string config = _directory.Write("old.yaml", Config + "nonsense: 1\n");

        Assert.That(Run(PolicyCommand.Create(), ["diff", config, config, "--against", "/nowhere", "--json"]), Is.EqualTo(2));

        Assert.That(Error, Is.Empty);
        JsonNode said = JsonNode.Parse(Output)!;
        Assert.That(((bool)said["ok"]!, (string?)said["errors"]![0]!["path"], (int)said["errors"]![0]!["column"]!), Is.EqualTo((false, "nonsense", 1)));
    }

    [Test]
    public void Diff_against_no_log_is_a_usage_error()
    {
        string config = _directory.Write("old.yaml", Config);

        Assert.That(Run(PolicyCommand.Create(), ["diff", config, config, "--against", "/nowhere"]), Is.EqualTo(2));
        Assert.That(Error, Does.Contain("no audit log in /nowhere"));
        Assert.That(Run(PolicyCommand.Create(), ["diff", config, config, "--against", "/nowhere", "--json"]), Is.EqualTo(2));
        Assert.That((string?)JsonNode.Parse(Output)!["errors"]![0]!["message"], Does.Contain("no audit log in /nowhere"));
    }

    private int Explain(params string[] arguments) => Run(
        ExplainCommand.Create(), ["--config", _directory.Write("wiregate.yaml", Config), "--subject", "alice", "--target", "orders", .. arguments]);

    private int Test(string fixtures, params string[] arguments)
    {
        string config = _directory.Write("wiregate.yaml", Config);
        string directory = Directory.CreateDirectory(Path.Combine(_directory.Path, "fixtures")).FullName;
        File.WriteAllText(Path.Combine(directory, "fixture.yaml"), fixtures);
        return Run(PolicyCommand.Create(), ["test", directory, "--config", config, .. arguments]);
    }

    /// <summary>A log with a session that reads twice, drops, and runs a text too long to be written whole.</summary>
    private Task<string> RecordAsync() => RecordAsync(
        "",
        """ "statement":"01","verdict":"allow","rule":"reads","searchPath":"public","sql":"select 1" """,
        """ "statement":"01","verdict":"allow","rule":"reads","searchPath":"public" """,
        """ "statement":"02","verdict":"deny","rule":"no-drop","searchPath":"public","sql":"drop table t" """,
        """ "statement":"03","verdict":"deny","searchPath":"public","sql":"select 1 /* ","sqlBytes":99999 """);

    /// <param name="session">Members that the session's record has besides.</param>
    /// <param name="operations">Members of the operations.</param>
    private async Task<string> RecordAsync(string session, params string[] operations)
    {
        string directory = Directory.CreateDirectory(Path.Combine(_directory.Path, "audit")).FullName;
        await using AuditLog log = AuditLog.Open(directory, 1, TimeProvider.System, NullLogger.Instance);
        string more = session.Length > 0 ? $",{session}" : "";
        log.Append(Encoding.UTF8.GetBytes(
            $$"""
            "event":"session-authenticated","session":"s1","source":"127.0.0.1:4000","identity":{"issuer":"local","subject":"alice","groups":["agents"]},"target":"orders","login":"ro"{{more}}
            """));
        foreach (string operation in operations)
        {
            Append(log, operation);
        }

        return directory;
    }

    private static void Append(AuditLog log, string members) =>
        log.Append(Encoding.UTF8.GetBytes($"\"event\":\"operation\",\"session\":\"s1\",\"config\":\"c\",{members.Trim()}"));

    private int Run(Command command, string[] arguments) =>
        command.Parse(arguments).Invoke(new InvocationConfiguration { Output = _output, Error = _error });
}
