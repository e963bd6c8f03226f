using System.Text;
using NUnit.Framework;
using WireGate.Commands;
using WireGate.Core.Audit;
using WireGate.Core.Sessions;

namespace WireGate.Tests.Commands;

public sealed class SessionAndWhyCommandTests
{
    [Test]
    public async Task Lists_sessions_and_disarms_what_a_client_chose()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        daemon.Sessions.Open.Add(Session("s1", "orders\u001b[2J\n"));
        (int code, string output, _) = await daemon.RunAsync("session", "list");
        string[] lines = output.TrimEnd('\n').Split('\n');
        Assert.That(code, Is.Zero);
        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(lines[0], Does.StartWith("ID  PHASE     IDENTITY"));
        Assert.That(lines[1], Does.Contain(@"orders\u{1b}[2J\u{a}").And.Not.Contain("\u001b"));
    }

    [Test]
    public async Task Kills_by_subject_and_says_no_when_nothing_matches()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        daemon.Sessions.Open.Add(Session("s1", "orders"));
        Assert.That((await daemon.RunAsync("session", "kill")).Code, Is.EqualTo(2));
        Assert.That(await daemon.RunAsync("session", "kill", "--identity", "alice"), Is.EqualTo((0, "1 sessions end\n", "")));
        Assert.That(await daemon.RunAsync("session", "kill", "s1"), Is.EqualTo((1, "", "wiregate: no open session matches\n")));
    }

    [Test]
    public async Task Why_prints_the_record()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        byte[] json = Encoding.UTF8.GetBytes("""{"event":"session-refused","detail":"the placeholder has expired"}""");
        daemon.References.Records["7F3K2Q"] = new ReferencedRecord(new AuditPosition(1, 9), DateTimeOffset.UnixEpoch, json);
        (int code, string output, _) = await daemon.RunAsync("why", "7F3K2Q");
        Assert.That(code, Is.Zero);
        Assert.That(output, Does.Contain("the placeholder has expired").And.Contain("1970-01-01 00:00:00Z").And.Contain("1/9"));
        Assert.That((await daemon.RunAsync("why", "ZZZZZZ")).Code, Is.EqualTo(1));
    }

    [Test]
    public async Task Why_tells_whose_session_it_was_and_says_nothing_twice()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        byte[] json = Encoding.UTF8.GetBytes("""{"time":"1970-01-01T00:00:00Z","event":"operation","session":"s1","sql":"drop table t","ref":"7F3K2Q"}""");
        byte[] session = Encoding.UTF8.GetBytes("""{"event":"session-authenticated","session":"s1","identity":{"subject":"alice"},"target":"orders","login":"ro"}""");
        daemon.References.Records["7F3K2Q"] = new ReferencedRecord(new AuditPosition(1, 9), DateTimeOffset.UnixEpoch, json, session);

        (_, string output, _) = await daemon.RunAsync("why", "7F3K2Q");

        string[] lines = output.TrimEnd('\n').Split('\n');
        Assert.That(lines.Select(l => l.Split(' ')[0]), Is.EqualTo(new[] { "REFERENCE", "time", "record", "event", "session", "sql", "identity", "target", "login" }));
        Assert.That(output, Does.Contain("""{"subject":"alice"}""").And.Contain("orders"));
    }

    [TestCase]
    [TestCase("--json")]
    public async Task Why_tells_a_fault_without_where_in_the_program_it_was(params string[] options)
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        byte[] json = Encoding.UTF8.GetBytes("""{"event":"operation","fault":"System.InvalidOperationException: nothing is there\n   at WireGate.X()"}""");
        daemon.References.Records["7F3K2Q"] = new ReferencedRecord(new AuditPosition(1, 9), DateTimeOffset.UnixEpoch, json);

        (_, string output, _) = await daemon.RunAsync(["why", "7F3K2Q", .. options]);

        Assert.That(output, Does.Contain("InvalidOperationException: nothing is there").And.Not.Contain("WireGate.X").And.Not.Contain("System."));
    }

    [Test]
    public async Task Says_in_one_line_that_no_daemon_answers()
    {
        (int code, string output, string error) = await CliHarness.RunBareAsync("session", "list", "--config", "/nowhere/wiregate.yaml");
        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(error, Is.EqualTo(
            "wiregate: the daemon does not answer at /nowhere/wiregate.yaml.sock: is it running? systemctl status wiregate\n"));
    }

    [TestCase(null, null, AdminSocketPath.Default)]
    [TestCase(null, "/c", "/of/c")]
    [TestCase("/s", "/c", "/s")]
    public void The_socket_is_the_named_one_or_that_of_the_config_or_the_default(string? socket, string? config, string path) =>
        Assert.That(AdminSocketPath.Resolve(socket, config, c => "/of" + c), Is.EqualTo(path));

    private static SessionInfo Session(string id, string database) => new()
    {
        Id = id,
        Listener = "pg",
        Opened = DateTimeOffset.UnixEpoch,
        Phase = SessionPhase.Relaying,
        Identity = new Identity { Issuer = Identity.LocalIssuer, Subject = "alice" },
        Database = database,
    };
}
