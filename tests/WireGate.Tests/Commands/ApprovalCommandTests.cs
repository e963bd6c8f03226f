using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Tests.Commands;

public sealed class ApprovalCommandTests
{
    private static readonly string[] Ask = ["approval", "request", "--target", "orders", "--for", "alice"];

    [Test]
    public async Task Asks_lists_and_shows()
    {
        await using CliHarness daemon = await StartAsync();
        (int code, string output, string error) = await daemon.RunAsync([.. Ask, "--sql", "update a\nset b = '\u202e'", "--reason", "ticket 7"]);
        Assert.That((code, error), Is.EqualTo((0, "")));
        Assert.That(output, Does.Match(@"^apr_[a-z2-7]{16} waits for 2 of dba\|sre until .*Z, digest [0-9a-f]{16}\n$"));
        string id = output.Split(' ')[0];

        (_, string list, _) = await daemon.RunAsync("approval", "list", "--state", "pending");
        Assert.That(list.Split('\n')[0], Does.Match("^ID +STATE +REQUESTER +TARGET +LOGIN +NEEDS +YES +UNTIL +STATEMENT$"));
        Assert.That(list, Does.Contain(id).And.Contain(@"update a set b = '\u{202e}'"));

        (code, string shown, _) = await daemon.RunAsync("approval", "show", id);
        Assert.That(code, Is.Zero);
        Assert.That(shown, Does.Contain("  | update a\n  | set b = '\\u{202e}'\n").And.Contain("ticket 7").And.Contain("rule writes").And.Contain("local:alice"));
    }

    [Test]
    public async Task Shows_the_grant_that_holds_a_session()
    {
        await using CliHarness daemon = await StartAsync();
        Approval held = await daemon.Approvals.AskAsync(new ApprovalRequest
        {
            Kind = ApprovalKind.Session,
            Requester = new Identity { Issuer = Identity.LocalIssuer, Subject = "alice" },
            Session = "s1",
            Target = "orders",
            Login = "rw",
            Protocol = "postgres",
            Digest = new byte[32],
            Key = new byte[32],
            Display = "a session",
            Context = new Dictionary<string, string> { [ApprovalRequest.GrantContext] = "bigger" }.ToFrozenDictionary(),
            Config = "c",
            Terms = new HoldTerms([new ApproverTerms(null, ["dba"], 1)], TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(2)),
        }, CancellationToken.None);

        (_, string shown, _) = await daemon.RunAsync("approval", "show", held.Id);

        Assert.That(shown, Does.Match(@"\nheld by +grant bigger, config c\n"));
    }

    [Test]
    public async Task Prints_json()
    {
        await using CliHarness daemon = await StartAsync();
        (_, string asked, _) = await daemon.RunAsync([.. Ask, "--sql", "update a", "--json"]);
        Assert.That(asked, Does.StartWith("{\"id\":\"apr_").And.Contain("\"state\":\"pending\"").And.Contain("\"approvers\":[{\"count\":2,\"groups\":[\"dba\",\"sre\"]}]"));
        Assert.That((await daemon.RunAsync("approval", "list", "--json")).Output, Does.StartWith("[{\"id\":\"apr_"));
    }

    [Test]
    public async Task Takes_a_files_text()
    {
        await using CliHarness daemon = await StartAsync();
        string path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, "\ufeffupdate b;\n");
        Assert.That((await daemon.RunAsync([.. Ask, "--sql-file", path])).Code, Is.Zero);
        Assert.That(daemon.Terms.Asked, Is.EqualTo("update b;"u8.ToArray()));
        await File.WriteAllBytesAsync(path, [0xff]);
        Assert.That((await daemon.RunAsync([.. Ask, "--sql-file", path])).Error, Does.Contain("is not UTF-8"));
        File.Delete(path);
        Assert.That((await daemon.RunAsync([.. Ask, "--sql-file", path])).Code, Is.EqualTo(1));
    }

    [Test]
    public async Task Whoever_may_not_decide_is_told_so()
    {
        // The tests run as the daemon's own user, whom no config names.
        await using CliHarness daemon = await StartAsync();
        string id = (await daemon.RunAsync([.. Ask, "--sql", "update a"])).Output.Split(' ')[0];
        (int code, string output, string error) = await daemon.RunAsync("approval", "approve", id, "--digest", "0123abcd");
        Assert.That((code, output), Is.EqualTo((1, "")));
        Assert.That(error, Does.Contain("may not do approval approve"));
        Assert.That((await daemon.RunAsync("approval", "deny", id, "--reason", "no")).Code, Is.EqualTo(1));
    }

    [Test]
    public async Task Says_no_where_there_is_nothing_to_approve()
    {
        await using CliHarness daemon = await StartAsync();
        daemon.Terms.Answer = BeforehandAnswer.Refused("it needs no approval");
        Assert.That(await daemon.RunAsync([.. Ask, "--sql", "select 1"]), Is.EqualTo((1, "", "wiregate: it needs no approval\n")));
        Assert.That((await daemon.RunAsync("approval", "show", "apr_aaaaaaaaaaaaaaaa")).Code, Is.EqualTo(1));
    }

    [TestCase("approval request --target orders --for alice")]
    [TestCase("approval request --target orders --for alice --sql x --sql-file y")]
    [TestCase("approval request --target orders --sql x")]
    [TestCase("approval list --state open")]
    [TestCase("approval approve apr_x --digest 1234567")]
    [TestCase("approval approve apr_x --digest zzzzzzzz")]
    [TestCase("approval deny apr_x")]
    [TestCase("approval show")]
    public async Task A_wrong_command_line_is_a_usage_error(string line) =>
        Assert.That((await CliHarness.RunBareAsync(line.Split(' '))).Code, Is.EqualTo(2));

    private static async Task<CliHarness> StartAsync()
    {
        CliHarness daemon = new();
        HoldTerms terms = new([new ApproverTerms(null, ["dba", "sre"], 2)], TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(2));
        Identity alice = new() { Issuer = Identity.LocalIssuer, Subject = "alice" };
        daemon.Terms.Answer = BeforehandAnswer.Held(new BeforehandTerms(alice, "rw", "writes", terms));
        return await daemon.StartAsync();
    }
}
