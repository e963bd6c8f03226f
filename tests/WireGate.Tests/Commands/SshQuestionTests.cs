using System.Text.Json.Nodes;
using NUnit.Framework;
using WireGate.Commands;

namespace WireGate.Tests.Commands;

/// <summary>What would happen to an operation of SSH, and fixtures of it.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SshQuestionTests : PolicyCommandFixture
{
    private static readonly string SshConfig = Config.Replace("  list:\n", """
          list:
            - { name: deploys, match: { exec: ["cd /srv && make", { argv: [git-upload-pack, "/srv/*"] }], subsystem: netconf, pty: false }, do: allow }
            - { name: shells, match: { shell: true }, do: hold, approvers: { groups: [dba] } }
            - { name: files, match: { sftp: { operations: [read, write, rename], paths: ["/srv/**"] } }, do: allow }
            - { name: repositories, match: { copy: { with: [git, rsync], operations: [read], paths: ["/srv/**"] } }, do: allow }
            - { name: extension, match: { requests: ["*@example.com"] }, do: allow }
            - { name: ports, match: { forward: ["db.internal:5432", "[::1]:80", /run/x.sock, { listen: "*:8080" }, agent] }, do: allow }

        """, StringComparison.Ordinal);

    [TestCase("allow", "deploys", "--exec", "cd /srv && make")]
    [TestCase("allow", "deploys", "--exec", "git-upload-pack '/srv/a b.git'")]
    [TestCase("deny", null, "--exec", "git-upload-pack --exec=id")]
    [TestCase("deny", null, "--exec", "cd /srv && make", "--pty")]
    [TestCase("deny", null, "--exec", "git-upload-archive '/srv/a.git'")]
    [TestCase("allow", "repositories", "--exec", "rsync --server --sender -re.iLs . /srv/a")]
    [TestCase("deny", null, "--exec", "rsync --server -re.iLs . /srv/a")]
    [TestCase("deny", null, "--exec", "scp -f /srv/a")]
    [TestCase("allow", "extension", "--request", "name@example.com")]
    [TestCase("deny", null, "--request", "name@example.org")]
    [TestCase("hold", "shells", "--shell")]
    [TestCase("hold", "shells", "--shell", "--pty")]
    [TestCase("allow", "deploys", "--subsystem", "netconf")]
    [TestCase("allow", "files", "--subsystem", "sftp")]
    [TestCase("allow", "files", "--sftp", "read:/srv/a:b")]
    [TestCase("allow", "files", "--sftp", "read,write:/srv/a")]
    [TestCase("deny", null, "--sftp", "read,stat:/srv/a")]
    [TestCase("allow", "files", "--sftp", "rename:/srv/a:/srv/b")]
    [TestCase("deny", null, "--sftp", "rename:/srv/a:/etc/b")]
    [TestCase("deny", "credential-minting", "--sftp", "write:/srv/authorized_keys")]
    [TestCase("allow", "ports", "--forward", "DB.internal:5432")]
    [TestCase("allow", "ports", "--forward", "[::1]:80")]
    [TestCase("allow", "ports", "--forward", "/run/x.sock")]
    [TestCase("allow", "ports", "--forward", "listen::8080")]
    [TestCase("allow", "ports", "--forward", "agent")]
    [TestCase("deny", null, "--forward", "x11")]
    [TestCase("deny", null, "--forward", "tun")]
    [TestCase("deny", null, "--forward", "listen:/run/x.sock")]
    public void Explain_says_what_would_happen_and_by_which_rule(string decision, string? rule, params string[] asked)
    {
        Assert.That(Explain([.. asked, "--json"]), Is.EqualTo(decision == "allow" ? 0 : 1), Error);

        JsonNode answer = JsonNode.Parse(Output)!;
        Assert.That(((string?)answer["decision"], (string?)answer["rule"]), Is.EqualTo((decision, rule)));
        Assert.That((string?)answer["operation"]!["what"], Is.Not.Empty);
    }

    [Test]
    public void Explain_tells_people_what_a_command_was_taken_for()
    {
        Explain("--exec", "a; b\u001b");
        Assert.That(Output, Does.Contain(@"operation exec a; b\u{1b}").And.Contain("cannot be told").And.Not.Contain("\u001b"));

        ForgetOutput();
        Explain("--exec", "rsync --server --sender -re.iLs --remove-source-files . /srv/a /srv/b");
        Assert.That(Output, Does.Contain("copy with rsync: read, write /srv/a, /srv/b"));

        ForgetOutput();
        Explain("--exec", "git status");
        Assert.That(Output, Does.Contain("not as a client of git sends it"));

        ForgetOutput();
        Explain("--exec", "git-receive-pack '/srv/a'", "--json");
        Assert.That(JsonNode.Parse(Output)!["operation"]!["copy"]!.ToJsonString(), Is.EqualTo("""{"with":"git","operations":["write"],"paths":["/srv/a"]}"""));

        ForgetOutput();
        Explain("--sftp", "other:/srv/a");
        Assert.That(Output, Does.Contain("operation sftp other /srv/a").And.Contain("unknown: it is no request that is known here"));
    }

    [TestCase("write one of --sql, --exec")]
    [TestCase("write one of --sql, --exec", "--sql", "select 1", "--exec", "ls")]
    [TestCase("write one of --sql, --exec", "--shell", "--subsystem", "sftp")]
    [TestCase("--sftp read: write OPERATION:PATH", "--sftp", "read")]
    [TestCase("--sftp reed:/a: write OPERATION:PATH", "--sftp", "reed:/a")]
    [TestCase("--sftp rename:/a: write OPERATION:PATH", "--sftp", "rename:/a")]
    [TestCase("--sftp rename:/a:/b:/c: write OPERATION:PATH", "--sftp", "rename:/a:/b:/c")]
    [TestCase("--request exec: write the name of a request", "--request", "exec")]
    [TestCase("--forward db: write HOST:PORT", "--forward", "db")]
    [TestCase("--forward db:ssh: write HOST:PORT", "--forward", "db:ssh")]
    public void A_question_that_cannot_be_asked_is_a_usage_error(string because, params string[] asked)
    {
        Assert.That((Explain(asked), Output), Is.EqualTo((2, "")));
        Assert.That(Error, Does.StartWith("wiregate: ").And.Contain(because));
    }

    [Test]
    public void Test_holds_the_rules_against_fixtures_of_SSH()
    {
        Assert.That(Test("""
            fixtures:
              - { name: command, given: { subject: a, groups: [dba], target: orders, exec: "cd /srv && make" }, expect: { decision: allow, rule: deploys } }
              - { name: terminal, given: { subject: a, groups: [dba], target: orders, exec: "cd /srv && make", pty: true }, expect: { decision: deny } }
              - { name: shell, given: { subject: a, groups: [dba], target: orders, shell: true }, expect: { decision: hold, rule: shells } }
              - { name: subsystem, given: { subject: a, groups: [dba], target: orders, subsystem: netconf }, expect: { decision: allow } }
              - { name: file, given: { subject: a, groups: [dba], target: orders, sftp: "read:/srv/a" }, expect: { decision: allow, rule: files } }
              - { name: copy, given: { subject: a, groups: [dba], target: orders, exec: "git upload-pack /srv/x" }, expect: { decision: allow, rule: repositories } }
              - { name: request, given: { subject: a, groups: [dba], target: orders, request: name@example.com }, expect: { decision: allow, rule: extension } }
              - { name: port, given: { subject: a, groups: [dba], target: orders, forward: "db.internal:22" }, expect: { decision: deny } }
              - { name: agent, given: { subject: a, groups: [dba], target: orders, forward: agent }, expect: { decision: allow, rule: ports } }

            """), Is.Zero, Output + Error);

        Assert.That(Output, Does.StartWith("9 of 9 fixtures as expected\n").And.Not.Contain("rule deploys").And.Not.Contain("rule ports"));
    }

    [TestCase("", "write one of sql, exec, shell, subsystem, sftp, forward, request, http and kube")]
    [TestCase(", sql: x, exec: y", "write one of sql, exec, shell, subsystem, sftp, forward, request, http and kube")]
    [TestCase(", shell: false", "it would mean nothing, remove it or write true")]
    [TestCase(", sftp: read", "expected OPERATION:PATH")]
    [TestCase(", request: exec", "expected the name of a request")]
    [TestCase(", forward: db", "expected HOST:PORT")]
    public void Test_refuses_wrong_fixtures(string asked, string because)
    {
        Assert.That(Test($"fixtures: [{{ name: x, given: {{ subject: a, target: orders{asked} }}, expect: {{ decision: deny }} }}]"), Is.EqualTo(2));
        Assert.That(Error, Does.Contain(because));
    }

    private int Explain(params string[] arguments) => Run(
        ExplainCommand.Create(), ["--config", Files.Write("wiregate.yaml", SshConfig), "--subject", "alice", "--group", "dba", "--target", "orders", .. arguments]);

    private int Test(string fixtures)
    {
        string config = Files.Write("wiregate.yaml", SshConfig);
        string directory = Directory.CreateDirectory(Path.Combine(Files.Path, "fixtures")).FullName;
        File.WriteAllText(Path.Combine(directory, "fixture.yaml"), fixtures);
        return Run(PolicyCommand.Create(), ["test", directory, "--config", config]);
    }
}
