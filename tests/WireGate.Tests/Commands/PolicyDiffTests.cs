using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Commands;
using WireGate.Core.Audit;

namespace WireGate.Tests.Commands;

/// <summary>What a change of the rules would have made of what was recorded.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PolicyDiffTests : PolicyCommandFixture
{
    [Test]
    public async Task Diff_tells_what_would_be_decided_otherwise()
    {
        string log = await RecordAsync();
        string old = Files.Write("old.yaml", Config);
        string changed = Files.Write("new.yaml", Config.Replace("statements: [drop]", "statements: [select]", StringComparison.Ordinal));

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
        string config = Files.Write("old.yaml", Config);

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
        string config = Files.Write("old.yaml", Config);

        Assert.That(Run(PolicyCommand.Create(), ["diff", config, config, "--against", log]), Is.Zero, Error);

        Assert.That(Output, Does.StartWith("0 of 3 recorded operations would be decided otherwise\n"));
    }

    [TestCase("\"tls\":false,\"application\":\"batch\"", 1)]
    [TestCase("\"tls\":true,\"application\":\"batch\"", 0)]
    [TestCase("\"tls\":false", 0)]
    public async Task Diff_asks_with_what_was_recorded_of_the_session(string recorded, int different)
    {
        string log = await RecordAsync(recorded, """ "statement":"01","verdict":"allow","rule":"reads","searchPath":"public","sql":"select 1" """);
        string old = Files.Write("old.yaml", Config);
        string changed = Files.Write("new.yaml", Config.Replace(
            "    - { name: night,", "    - { name: batch, match: { session: { tls: false, application: batch } }, do: deny }\n    - { name: night,", StringComparison.Ordinal));

        Assert.That(Run(PolicyCommand.Create(), ["diff", old, changed, "--against", log]), Is.EqualTo(different), Error);

        Assert.That(Output, Does.Contain($"{different} of 1 recorded").And.Not.Contain("assumed"));
    }

    [Test]
    public async Task Diff_asks_what_was_recorded_of_SSH()
    {
        string log = await RecordAsync(
            "\"tls\":false",
            """ "verdict":"allow","rule":"a","exec":"uptime" """,
            """ "verdict":"allow","rule":"a","exec":"uptime","pty":true """,
            """ "verdict":"hold","rule":"a","shell":"","pty":true """,
            """ "verdict":"hold","rule":"a","subsystem":"netconf" """,
            """ "verdict":"deny","rule":"a","subsystem":"netconf","ref":"ABCDEF" """,
            """ "verdict":"allow","rule":"a","shell":"","pty":true,"approval":"apr_1" """,
            """ "verdict":"allow","rule":"a","forward":"listen:localhost:8080" """,
            """ "verdict":"allow","rule":"a","sftp":["read","write"],"paths":["/srv/a"] """,
            """ "verdict":"allow","rule":"a","sftp":["rename"],"paths":["/srv/a, b","/srv/c:d"] """,
            """ "verdict":"allow","rule":"a","exec":"git-upload-pack '/srv/x.git'","copy":"git","operations":["read"],"paths":["/srv/x.git"] """,
            """ "verdict":"hold","rule":"a","exec":"scp -f /srv/x","copy":"scp","operations":["read"],"paths":["/srv/x"] """,
            """ "verdict":"deny","rule":"a","exec":"scp -f /srv/x","copy":"scp","operations":["read"],"paths":["/srv/x"],"ref":"ABCDEF" """,
            """ "verdict":"allow","rule":"a","request":"name@example.com","of":"connection","unknown":"what it means is not known here" """,
            """ "verdict":"deny","exec":"","unknown":"it is not UTF-8" """,
            """ "verdict":"deny","exec":"cut","sha256":"00" """);
        string Text(string rules) => Files.Write($"{rules.Length}.yaml", Config.Replace("orders: { protocol: postgres, address: db, logins: { ro: { user: app_ro, password: s }, rw: { user: app, password: s } } }",
            "orders: { protocol: ssh, address: db, hostKeys: [\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICNFFCUHypZEh8KiM2qnE+pYJ0jZkAUcCjfqwTjT9k1w\"], logins: { ro: { user: a, password: s }, rw: { user: b, password: s } } }", StringComparison.Ordinal)
            .Replace("  list:\n", $"  list:\n    - {{ name: all, match: {{ operations: all }}, do: allow }}\n{rules}", StringComparison.Ordinal));
        string old = Text("");
        string changed = Text("    - { name: no, match: { protocol: ssh, exec: [uptime], shell: true, forward: [{ listen: \"localhost:8080\" }], sftp: { operations: [rename], paths: [\"/srv/c:d\"] }, copy: { with: [git] } }, do: deny }\n"
            + "    - { name: extension, match: { requests: [name@example.com] }, do: allow }\n");

        Assert.That(Run(PolicyCommand.Create(), ["diff", old, changed, "--against", log]), Is.EqualTo(1), Error + Output);

        Assert.That(Output.Split('\n').Select(l => l[(l.LastIndexOf("  ", StringComparison.Ordinal) + 1)..].Trim()), Is.EqualTo(new[]
        {
            "exec uptime", "exec uptime (with a terminal)", "shell (with a terminal)", "forward listen:localhost:8080", "sftp rename /srv/a, b, /srv/c:d", "exec git-upload-pack '/srv/x.git'", "request name@example.com",
            "7 of 12 recorded operations would be decided otherwise", "2 cannot be asked again: the log does not have their whole text, or a config not their target", "",
        }), Error);
    }

    [Test]
    public async Task Diff_asks_what_was_recorded_of_HTTP()
    {
        string log = await RecordAsync(
            "\"tls\":true",
            """ "verdict":"allow","rule":"all","method":"GET","host":"api.internal","path":"/a/%62" """,
            """ "verdict":"allow","rule":"all","method":"GET","host":"api.internal","path":"/c","query":"k=1&l=a+b" """,
            """ "verdict":"allow","rule":"all","method":"GET","host":"www.internal","path":"/c","query":"k=1" """,
            """ "verdict":"hold","rule":"all","method":"DELETE","host":"api.internal","path":"/a/.." """,
            """ "verdict":"allow","rule":"all","method":"DELETE","host":"api.internal","path":"/a/..","approval":"apr_1" """);
        string Text(string rules) => Files.Write($"{rules.Length}.yaml", Config.Replace("orders: { protocol: postgres, address: db, logins: { ro: { user: app_ro, password: s }, rw: { user: app, password: s } } }",
            "orders: { protocol: http, address: \"https://api\", path: /api, logins: { ro: { bearer: s }, rw: { bearer: s } } }", StringComparison.Ordinal)
            .Replace("  list:\n", $"  list:\n    - {{ name: all, match: {{ operations: all }}, do: allow }}\n{rules}", StringComparison.Ordinal));
        string old = Text("");
        string changed = Text("    - { name: no, match: { http: { paths: [/a/b] } }, do: deny }\n    - { name: no-k, match: { http: { hosts: [api.*], query: { k: \"1\" } } }, do: deny }\n");

        Assert.That(Run(PolicyCommand.Create(), ["diff", old, changed, "--against", log]), Is.EqualTo(1), Error + Output);

        Assert.That(Output.Split('\n').Select(l => l[(l.LastIndexOf("  ", StringComparison.Ordinal) + 1)..].Trim()), Is.EqualTo(new[]
        {
            "GET api.internal/a/%62", "GET api.internal/c?k=1&l=a%20b", "DELETE api.internal/a/..", "3 of 4 recorded operations would be decided otherwise", "",
        }), Error);

        ForgetOutput();
        string asking = Text("    - { name: no, match: { http: { headers: { x-env: prod } } }, do: deny }\n");
        Assert.That(Run(PolicyCommand.Create(), ["diff", old, asking, "--against", log]), Is.Zero, Error + Output);
        Assert.That(Output, Does.Contain("4 cannot be asked again"), "the log has no headers");

        ForgetOutput();
        Run(PolicyCommand.Create(), ["diff", old, changed, "--against", log, "--json"]);
        Assert.That((string?)JsonNode.Parse(Output.Split('\n')[0])!["http"], Is.EqualTo("GET api.internal/a/%62"));
    }

    [Test]
    public async Task Diff_says_what_it_assumed_where_the_log_does_not_tell()
    {
        string log = await RecordAsync();
        string old = Files.Write("old.yaml", Config);
        string changed = Files.Write("new.yaml", Config.Replace("statements: [drop]", "statements: [select]", StringComparison.Ordinal));

        Run(PolicyCommand.Create(), ["diff", old, changed, "--against", log]);
        Assert.That(Output, Does.EndWith("4 are of sessions of which the log does not tell TLS and the application's name: assumed are TLS and no name\n"));

        ForgetOutput();
        Run(PolicyCommand.Create(), ["diff", old, changed, "--against", log, "--json"]);
        Assert.That(JsonNode.Parse(Output.Split('\n')[0])!["assumed"]!.ToJsonString(), Is.EqualTo("""["tls","application"]"""));
    }

    [Test]
    public void Diff_tells_machines_what_is_wrong()
    {
        string config = Files.Write("old.yaml", Config + "nonsense: 1\n");

        Assert.That(Run(PolicyCommand.Create(), ["diff", config, config, "--against", "/nowhere", "--json"]), Is.EqualTo(2));

        Assert.That(Error, Is.Empty);
        JsonNode said = JsonNode.Parse(Output)!;
        Assert.That(((bool)said["ok"]!, (string?)said["errors"]![0]!["path"], (int)said["errors"]![0]!["column"]!), Is.EqualTo((false, "nonsense", 1)));
    }

    [Test]
    public void Diff_against_no_log_is_a_usage_error()
    {
        string config = Files.Write("old.yaml", Config);

        Assert.That(Run(PolicyCommand.Create(), ["diff", config, config, "--against", "/nowhere"]), Is.EqualTo(2));
        Assert.That(Error, Does.Contain("no audit log in /nowhere"));
        Assert.That(Run(PolicyCommand.Create(), ["diff", config, config, "--against", "/nowhere", "--json"]), Is.EqualTo(2));
        Assert.That((string?)JsonNode.Parse(Output)!["errors"]![0]!["message"], Does.Contain("no audit log in /nowhere"));
    }

    [Test]
    public void Diff_against_a_directory_without_a_log_does_not_say_that_nothing_changes()
    {
        string config = Files.Write("old.yaml", Config);

        Assert.That(Run(PolicyCommand.Create(), ["diff", config, config, "--against", Files.Path]), Is.EqualTo(2));

        Assert.That((Output, Error), Is.EqualTo(("", $"wiregate: there is no audit log in {Files.Path}: name the directory that audit.to of the config says\n")));
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
        string directory = Directory.CreateDirectory(Path.Combine(Files.Path, "audit")).FullName;
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
}
