using System.Text.Json.Nodes;
using NUnit.Framework;
using WireGate.Commands;

namespace WireGate.Tests.Commands;

/// <summary>Rules held against fixtures.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PolicyCommandTests : PolicyCommandFixture
{
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
        string config = Files.Write("wiregate.yaml", Config);
        string empty = Directory.CreateDirectory(Path.Combine(Files.Path, "empty")).FullName;

        Assert.That(Run(PolicyCommand.Create(), ["test", empty, "--config", config]), Is.EqualTo(2));
        Assert.That(Run(PolicyCommand.Create(), ["test", empty + "/missing", "--config", config]), Is.EqualTo(2));
        Assert.That(Error, Does.Contain("no fixture in any *.yaml").And.Contain("there is no directory"));
    }

    private int Test(string fixtures, params string[] arguments)
    {
        string config = Files.Write("wiregate.yaml", Config);
        string directory = Directory.CreateDirectory(Path.Combine(Files.Path, "fixtures")).FullName;
        File.WriteAllText(Path.Combine(directory, "fixture.yaml"), fixtures);
        return Run(PolicyCommand.Create(), ["test", directory, "--config", config, .. arguments]);
    }
}
