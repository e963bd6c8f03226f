using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>Rules that hold, and real people: each is a Unix user of this machine, and the kernel says who they are.</summary>
internal abstract partial class HoldFixture
{
    // Users that every Debian has. Whoever alice is on this machine, she is in the group that approves.
    protected const string Approver = "games", Second = "man", Alice = "mail", Minter = "news", Unmapped = "bin";

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
            - { name: soon, match: { sql: { effects: [write], tables: [public.brief] } }, do: hold, approvers: { groups: [dba] }, within: 2s }
            - { name: sooner, match: { sql: { effects: [write], tables: [public.briefer] } }, do: hold, approvers: { groups: [dba] }, within: 60s, inTransaction: 1s }

        """;

    /// <summary>Lines for the list of rules, for what a fixture needs beside them.</summary>
    protected virtual string MoreRules => "";

    protected PostgresCluster Cluster { get; private set; } = null!;

    protected GatewayProcess Gateway { get; private set; } = null!;

    protected Endpoint Endpoint { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Assert.That(Unix.IsRoot, "only root can run a command as somebody else");
        Cluster = await Machine.ClusterAsync(15);
        await Cluster.AskAsync($"CREATE DATABASE held OWNER {PostgresCluster.AppUser}");
        await Cluster.AskAsync("ALTER DATABASE held SET log_statement = 'all'");
        Gateway = await GatewayProcess.StartAsync(Cluster, text =>
            text[..text.IndexOf("rules:", StringComparison.Ordinal)]
                .Replace("mode: \"0600\" }\n", "mode: \"0666\" }\n" + Admin, StringComparison.Ordinal)
                .Replace("bench]", "bench, held]", StringComparison.Ordinal) + Rules + MoreRules);
        Endpoint = Gateway.Through(await Gateway.MintAsync(), database: "held");
    }

    [SetUp]
    public async Task FillAsync()
    {
        await using NpgsqlConnection connection = await Cluster.Direct(tls: false, "held").OpenAsync();
        await using var command = new NpgsqlCommand(
            "DROP TABLE IF EXISTS held, twice, brief, briefer; CREATE TABLE held (a int); CREATE TABLE twice (a int); CREATE TABLE brief (a int); CREATE TABLE briefer (a int);", connection);
        await command.ExecuteNonQueryAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await Gateway.DisposeAsync();
        await Cluster.AskAsync("DROP DATABASE held WITH (FORCE)");
    }

    protected RunningProcess Psql(params string[] statements) => Psql(Endpoint, statements);

    protected static RunningProcess Psql(Endpoint endpoint, params string[] statements) => RunningProcess.Start(
        Places.Program("psql"), [.. Tools.PsqlArguments, .. statements.SelectMany(s => (string[])["-c", s])], endpoint.ToEnvironment());

    protected static async Task<string> IdAsync(RunningProcess psql)
    {
        await Wait.UntilAsync(() => Waiting().IsMatch(psql.Error) || psql.HasExited, "the notice");
        return Waiting().Match(psql.Error) is { Success: true } found ? found.Groups[1].Value : throw new InvalidOperationException($"not held:\n{psql.Error}");
    }

    protected async Task<string> PendingAsync(IReadOnlyCollection<string> seen)
    {
        string? id = null;
        await Wait.UntilAsync(
            async () =>
            {
                ToolResult list = (await Gateway.CommandAsync("approval", "list", "--state", "pending", "--json")).Succeeded();
                using JsonDocument json = JsonDocument.Parse(list.Output);
                id = json.RootElement.EnumerateArray().Select(a => a.GetProperty("id").GetString()!).FirstOrDefault(i => !seen.Contains(i));
                return id is not null;
            },
            "somebody to be asked");
        return id!;
    }

    protected Task<ToolResult> ApproveAsync(string user, string id) => Gateway.CommandAsAsync(user, "approval", "approve", id);

    protected async Task<JsonElement> ShowAsync(string id)
    {
        using JsonDocument json = JsonDocument.Parse((await Gateway.CommandAsync("approval", "show", id, "--json")).Succeeded().Output);
        return json.RootElement.Clone();
    }

    protected async Task<string?> StateAsync(string id) => (await ShowAsync(id)).GetProperty("state").GetString();

    protected async Task ReloadAsync(string text)
    {
        int seen = Loaded();
        PrivateFile.Write(Gateway.ConfigPath, text);
        Gateway.Signal(Unix.SigHup);
        await Wait.UntilAsync(() => Loaded() > seen, "the config to be taken");

        int Loaded() => Gateway.Log.Split("config", StringSplitOptions.None).Length;
    }

    /// <summary>Nobody's yes can make it run any more.</summary>
    protected async Task AssertGoneAsync(string id)
    {
        Assert.That(await StateAsync(id), Is.EqualTo("withdrawn"));
        Assert.That((await ApproveAsync(Approver, id)).ExitCode, Is.Not.Zero);
        Assert.That(await CountAsync("held"), Is.Zero);
    }

    protected async Task<int> CountAsync(string table) =>
        int.Parse((await Cluster.AskAsync($"SELECT count(*) FROM public.{table}", "held"))!, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("waiting for approval (apr_[a-z2-7]{16})")]
    private static partial Regex Waiting();
}
