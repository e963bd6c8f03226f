using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>Held operations with real people: each is a Unix user of this machine, and the kernel says who they are.</summary>
internal sealed partial class HoldTests
{
    // Users that every Debian has. Whoever alice is on this machine, she is in the group that approves.
    private const string Approver = "games", Second = "man", Alice = "mail", Minter = "news", Unmapped = "bin";

    private const string Admin = $$"""
          roles:
            admin: { unix: [root] }
            mint: { unix: [{{Minter}}] }
            approve: { issuer: unix, groups: [dba] }
        identity:
          unix:
            - { user: {{Approver}}, subject: ann, groups: [dba] }
            - { user: {{Second}}, subject: ben, groups: [dba] }
            - { user: {{Alice}}, subject: alice, groups: [dba] }
            - { user: {{Minter}}, subject: minnie, groups: [dba] }

        """;

    private const string Rules = """
        rules:
          list:
            - { name: reads, match: { sql: { effects: [read, session] } }, do: allow }
            - { name: writes, match: { sql: { effects: [write], tables: [public.held, public.twice] } }, do: hold, approvers: { groups: [dba] }, within: 10m, inTransaction: 2m }
            - { name: both, match: { sql: { effects: [write], tables: [public.twice] } }, do: hold, approvers: { groups: [dba], count: 2 }, within: 10m }
            - { name: soon, match: { sql: { effects: [write], tables: [public.brief] } }, do: hold, approvers: { groups: [dba] }, within: 2s, inTransaction: 1s }

        """;

    private PostgresCluster _cluster = null!;
    private GatewayProcess _gateway = null!;
    private Endpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Assert.That(Unix.IsRoot, "only root can run a command as somebody else");
        _cluster = await Machine.ClusterAsync(15);
        await _cluster.AskAsync($"CREATE DATABASE held OWNER {PostgresCluster.AppUser}");
        await _cluster.AskAsync("ALTER DATABASE held SET log_statement = 'all'");
        _gateway = await GatewayProcess.StartAsync(_cluster, text =>
            text[..text.IndexOf("rules:", StringComparison.Ordinal)]
                .Replace("mode: \"0600\" }\n", "mode: \"0666\" }\n" + Admin, StringComparison.Ordinal)
                .Replace("bench]", "bench, held]", StringComparison.Ordinal) + Rules);
        _endpoint = _gateway.Through(await _gateway.MintAsync(), database: "held");
    }

    [SetUp]
    public async Task FillAsync()
    {
        await using NpgsqlConnection connection = await _cluster.Direct(tls: false, "held").OpenAsync();
        await using var command = new NpgsqlCommand(
            "DROP TABLE IF EXISTS held, twice, brief; CREATE TABLE held (a int); CREATE TABLE twice (a int); CREATE TABLE brief (a int);", connection);
        await command.ExecuteNonQueryAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _cluster.AskAsync("DROP DATABASE held WITH (FORCE)");
    }

    [Test]
    public async Task Psql_is_told_at_once_and_what_was_approved_runs_once_as_it_was_shown()
    {
        string sql = $"INSERT INTO held VALUES (1) /* grüß\tdich {Guid.NewGuid():N} */";
        await using RunningProcess psql = Psql(sql);
        string id = await IdAsync(psql);
        Assert.That(psql.Error, Does.Match($"NOTICE:  00000: waiting for approval {id} by 1 of dba until \\d\\d:\\d\\d:\\d\\dZ"));
        Assert.That(psql.Error, Does.Match($"HINT:  Somebody else decides: wiregate approval approve {id} \\(wiregate approval show {id}[^\n]*\\)"));
        Assert.That(await CountAsync("held"), Is.Zero, "it waits");
        JsonElement shown = await ShowAsync(id);
        Assert.That(shown.GetProperty("statement").GetString(), Is.EqualTo(sql));

        (await ApproveAsync(Approver, id)).Succeeded();

        Assert.That(await psql.WaitForExitAsync(), Is.Zero, psql.Error);
        Assert.That(await CountAsync("held"), Is.EqualTo(1));
        Assert.That(await StateAsync(id), Is.EqualTo("executed"));
        Assert.That(_cluster.Log.Split($"statement: {sql}\n"), Has.Length.EqualTo(2), "once, byte for byte");
        Assert.That((await ApproveAsync(Second, id)).ExitCode, Is.Not.Zero, "too late");
    }

    [Test]
    public async Task A_no_is_42501_and_nothing_runs()
    {
        await using RunningProcess psql = Psql("INSERT INTO held VALUES (1)");
        string id = await IdAsync(psql);

        (await _gateway.CommandAsAsync(Approver, "approval", "deny", id, "--reason", "not on a Friday")).Succeeded();

        Assert.That(await psql.WaitForExitAsync(), Is.Not.Zero);
        Assert.That(psql.Error, Does.Match($"ERROR:  42501: approval {id} was denied: not on a Friday \\(ref [0-9A-Z]+\\)"));
        Assert.That(await CountAsync("held"), Is.Zero);
    }

    [TestCase("", "ZI")]
    [TestCase("BEGIN;", "ZE")]
    public async Task Time_runs_out_with_57014_and_sooner_in_a_transaction(string before, string expected)
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        if (before.Length > 0)
        {
            await session.AskAsync(before);
        }

        DateTime asked = DateTime.UtcNow;
        Assert.That(await session.AskAsync("insert into brief values (1)"), Is.EqualTo($"E57014 {expected}"));
        Assert.That(DateTime.UtcNow - asked, before.Length > 0 ? Is.LessThan(TimeSpan.FromSeconds(1.9)) : Is.GreaterThan(TimeSpan.FromSeconds(1.9)));
        Assert.That(await CountAsync("brief"), Is.Zero);
    }

    [Test]
    public async Task Ctrl_C_is_57014_and_takes_the_request_back()
    {
        await using RunningProcess psql = Psql("INSERT INTO held VALUES (1)", "SELECT 'still here'");
        string id = await IdAsync(psql);

        psql.Signal(Unix.SigInt);
        await psql.WaitForExitAsync();

        Assert.That(psql.Error, Does.Contain($"57014: approval {id} was withdrawn"));
        await AssertGoneAsync(id);
    }

    [Test]
    public async Task A_client_that_leaves_takes_its_request_back()
    {
        await using RunningProcess psql = Psql("INSERT INTO held VALUES (1)");
        string id = await IdAsync(psql);

        psql.Signal(Unix.SigKill);

        await Wait.UntilAsync(async () => await StateAsync(id) == "withdrawn", "the request to be taken back");
        await AssertGoneAsync(id);
    }

    [Test]
    public async Task Kill_9_of_the_gateway_takes_every_request_back()
    {
        await using RunningProcess psql = Psql("INSERT INTO held VALUES (1)");
        string id = await IdAsync(psql);

        _gateway.Signal(Unix.SigKill);
        await _gateway.WaitForExitAsync();
        await psql.WaitForExitAsync();
        await _gateway.StartAsync();

        await AssertGoneAsync(id);
        Assert.That((await _gateway.VerifyAuditAsync()).ExitCode, Is.Zero);
    }

    [TestCase(Alice)]
    [TestCase("root")]
    [TestCase(Unmapped)]
    public async Task Some_never_approve(string user)
    {
        await using RunningProcess psql = Psql("INSERT INTO held VALUES (1)");
        string id = await IdAsync(psql);

        ToolResult refused = await ApproveAsync(user, id);

        Assert.That(refused.ExitCode, Is.Not.Zero, refused.ToString());
        Assert.That(await StateAsync(id), Is.EqualTo("pending"));
        (await ApproveAsync(Approver, id)).Succeeded();
        Assert.That(await psql.WaitForExitAsync(), Is.Zero);
    }

    [Test]
    public async Task Whoever_minted_the_placeholder_never_approves_what_is_done_with_it()
    {
        ToolResult minted = (await _gateway.CommandAsAsync(
            Minter, "placeholder", "mint", "--subject", "carol", "--group", "agents", "--target", "orders", "--json")).Succeeded();
        using JsonDocument json = JsonDocument.Parse(minted.Output);
        Endpoint carol = _endpoint with { User = "carol", Password = json.RootElement.GetProperty("token").GetString()! };
        await using RunningProcess psql = Psql(carol, "INSERT INTO held VALUES (1)");
        string id = await IdAsync(psql);

        ToolResult refused = await ApproveAsync(Minter, id);

        Assert.That(refused.ExitCode, Is.Not.Zero, refused.ToString());
        Assert.That(refused.Error, Does.Contain("somebody else"));
        (await ApproveAsync(Approver, id)).Succeeded();
        Assert.That(await psql.WaitForExitAsync(), Is.Zero, psql.Error);
    }

    [Test]
    public async Task Two_are_two_people()
    {
        await using RunningProcess psql = Psql("INSERT INTO twice VALUES (1)");
        string id = await IdAsync(psql);

        Assert.That((await ApproveAsync(Approver, id)).Succeeded().Output, Does.Contain("more people are needed"));
        Assert.That((await ApproveAsync(Approver, id)).ExitCode, Is.Not.Zero, "the same again");
        Assert.That(await StateAsync(id), Is.EqualTo("pending"));
        Assert.That(await CountAsync("twice"), Is.Zero);
        (await ApproveAsync(Second, id)).Succeeded();

        Assert.That(await psql.WaitForExitAsync(), Is.Zero, psql.Error);
        Assert.That(await CountAsync("twice"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_prepared_statement_is_approved_with_its_values()
    {
        await using NpgsqlConnection connection = await _endpoint.OpenAsync();
        await using var command = new NpgsqlCommand("INSERT INTO held VALUES ($1)", connection);
        NpgsqlParameter value = command.Parameters.Add(new NpgsqlParameter { Value = 4711 });
        await command.PrepareAsync();
        var seen = new List<string>();
        foreach (int number in (int[])[4711, 4712])
        {
            value.Value = number;
            Task running = command.ExecuteNonQueryAsync();
            string id = await PendingAsync(seen);
            seen.Add(id);
            Assert.That((await ShowAsync(id)).GetProperty("statement").GetString(), Does.Contain("INSERT INTO held VALUES ($1)").And.Contain($"{number:x8}"));
            Assert.That(await CountAsync("held"), Is.EqualTo(seen.Count - 1), "each set of values waits for a yes of its own");
            (await ApproveAsync(Approver, id)).Succeeded();
            await running;
        }

        Assert.That(await _cluster.AskAsync("SELECT string_agg(a::text, ',' ORDER BY a) FROM held", "held"), Is.EqualTo("4711,4712"));
    }

    [Test]
    public async Task What_was_approved_beforehand_runs_once()
    {
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sql");
        await File.WriteAllTextAsync(file, "INSERT INTO held\n  VALUES (1);\n");
        try
        {
            ToolResult asked = (await _gateway.CommandAsync("approval", "request", "--target", "orders", "--sql-file", file, "--for", "alice", "--json")).Succeeded();
            using JsonDocument json = JsonDocument.Parse(asked.Output);
            string id = json.RootElement.GetProperty("id").GetString()!;
            (await ApproveAsync(Approver, id)).Succeeded();

            ToolResult first = await Tools.RunAsync("psql", [.. Tools.PsqlArguments, "-f", file], _endpoint.ToEnvironment());
            Assert.That(first.ExitCode, Is.Zero, first.ToString());
            Assert.That(first.Error, Is.Empty, "it waits for nobody");
            Assert.That(await StateAsync(id), Is.EqualTo("executed"));

            await using RunningProcess second = RunningProcess.Start(Places.Program("psql"), [.. Tools.PsqlArguments, "-f", file], _endpoint.ToEnvironment());
            Assert.That(await IdAsync(second), Is.Not.EqualTo(id), "a second time is another");
            Assert.That(await CountAsync("held"), Is.EqualTo(1));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public async Task What_was_pipelined_behind_a_held_statement_waits_and_falls_with_it()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        await session.SendAsync(Run("select 1"), Run("insert into held values (1)"), Run("select 2"), Sync, Query("select 3"));
        string id = await PendingAsync([]);

        (await _gateway.CommandAsAsync(Approver, "approval", "deny", id, "--reason", "no")).Succeeded();

        Assert.That(await session.AskAsync(2), Is.EqualTo("1 2 D(1) C(SELECT 1) 1 2 E42501 ZI T D(3) C(SELECT 1) ZI"));
        Assert.That(await CountAsync("held"), Is.Zero);
    }

    [Test]
    public async Task A_name_that_the_server_cuts_hides_nothing()
    {
        await using RawSession session = await RawSession.OpenAsync(_endpoint);
        string name = new('n', 63);
        await session.AskAsync(1, Parse("select 1", name), Sync);

        await session.SendAsync(Close(name), Sync, Parse("insert into held values (1)", $"{name}ü"), Sync, Bind(name), Execute(), Sync, Query("select 2"));

        Assert.That(string.Join(' ', (await session.ReadAsync(3)).Select(m => m.Type)), Does.EndWith("E Z"), "it is none that could be shown");
        Assert.That(await CountAsync("held"), Is.Zero);
    }

    private RunningProcess Psql(params string[] statements) => Psql(_endpoint, statements);

    private static RunningProcess Psql(Endpoint endpoint, params string[] statements) => RunningProcess.Start(
        Places.Program("psql"), [.. Tools.PsqlArguments, .. statements.SelectMany(s => (string[])["-c", s])], endpoint.ToEnvironment());

    private static async Task<string> IdAsync(RunningProcess psql)
    {
        await Wait.UntilAsync(() => Waiting().IsMatch(psql.Error) || psql.HasExited, "the notice");
        return Waiting().Match(psql.Error) is { Success: true } found ? found.Groups[1].Value : throw new InvalidOperationException($"not held:\n{psql.Error}");
    }

    private async Task<string> PendingAsync(IReadOnlyCollection<string> seen)
    {
        string? id = null;
        await Wait.UntilAsync(
            async () =>
            {
                ToolResult list = (await _gateway.CommandAsync("approval", "list", "--state", "pending", "--json")).Succeeded();
                using JsonDocument json = JsonDocument.Parse(list.Output);
                id = json.RootElement.EnumerateArray().Select(a => a.GetProperty("id").GetString()!).FirstOrDefault(i => !seen.Contains(i));
                return id is not null;
            },
            "somebody to be asked");
        return id!;
    }

    private Task<ToolResult> ApproveAsync(string user, string id) => _gateway.CommandAsAsync(user, "approval", "approve", id);

    private async Task<JsonElement> ShowAsync(string id)
    {
        using JsonDocument json = JsonDocument.Parse((await _gateway.CommandAsync("approval", "show", id, "--json")).Succeeded().Output);
        return json.RootElement.Clone();
    }

    private async Task<string?> StateAsync(string id) => (await ShowAsync(id)).GetProperty("state").GetString();

    /// <summary>Nobody's yes can make it run any more.</summary>
    private async Task AssertGoneAsync(string id)
    {
        Assert.That(await StateAsync(id), Is.EqualTo("withdrawn"));
        Assert.That((await ApproveAsync(Approver, id)).ExitCode, Is.Not.Zero);
        Assert.That(await CountAsync("held"), Is.Zero);
    }

    private async Task<int> CountAsync(string table) =>
        int.Parse((await _cluster.AskAsync($"SELECT count(*) FROM public.{table}", "held"))!, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("waiting for approval (apr_[a-z2-7]{16})")]
    private static partial Regex Waiting();
}
