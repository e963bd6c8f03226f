using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>A bigger login under a grant that is itself held: real clients wait for a real person before the upstream is touched.</summary>
internal sealed partial class HeldSessionTests
{
    private const string Approver = "games";

    private PostgresCluster _cluster = null!;
    private GatewayProcess _gateway = null!;
    private Minted _placeholder = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Assert.That(Unix.IsRoot, "only root can run a command as somebody else");
        _cluster = await Machine.ClusterAsync(15);
        _gateway = await GatewayProcess.StartAsync(_cluster, text => text
            .Replace("mode: \"0600\" }\n", $$"""
                mode: "0666" }
                  roles: { admin: { unix: [root] }, approve: { issuer: unix, groups: [dba] } }
                identity: { unix: [{ user: {{Approver}}, subject: ann, groups: [dba] }] }

                """, StringComparison.Ordinal)
            .Replace("grants:\n", """
                grants:
                  - { name: bigger, to: { issuer: local, groups: [waiting] }, targets: [orders], for: 30m, hold: { approvers: { groups: [dba] }, within: 5m } }

                """, StringComparison.Ordinal));
        _placeholder = await _gateway.MintAsync("waiting");
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _gateway.DisposeAsync();

    [TestCase(false)]
    [TestCase(true)]
    public async Task Psql_waits_for_a_yes_and_then_works(bool tls)
    {
        await using RunningProcess psql = Psql(_gateway.Through(_placeholder, tls));
        string id = await IdAsync(psql);
        Assert.That(psql.Error, Does.Contain("held by grant \"bigger\"").Or.Not.Contain("DETAIL"), "as verbose as psql is at that moment");
        Assert.That((await _gateway.CommandAsync("session", "list", "--json")).Succeeded().Output, Does.Contain("\"held\""));

        (await ApproveAsync(id)).Succeeded();

        Assert.That(await psql.WaitForExitAsync(), Is.Zero, psql.Error);
        Assert.That(psql.Output, Does.Contain("42"));
        JsonElement authenticated = (await RecordsAsync("session-authenticated")).Last();
        Assert.That(authenticated.GetProperty("approval").GetString(), Is.EqualTo(id));
    }

    [Test]
    public async Task A_no_is_fatal_and_says_why()
    {
        await using RunningProcess psql = Psql(_gateway.Through(_placeholder));
        string id = await IdAsync(psql);

        (await _gateway.CommandAsAsync(Approver, "approval", "deny", id, "--reason", "not on a Friday")).Succeeded();

        Assert.That(await psql.WaitForExitAsync(), Is.EqualTo(2), psql.Error);
        Assert.That(psql.Error, Does.Match($"FATAL:.* approval {id} was denied: not on a Friday \\(ref [0-9A-Z]+\\)"));
    }

    [Test]
    public async Task A_client_that_leaves_takes_its_request_back()
    {
        await using RunningProcess psql = Psql(_gateway.Through(_placeholder));
        string id = await IdAsync(psql);

        psql.Signal(Unix.SigKill);

        await Wait.UntilAsync(async () => await StateAsync(id) == "withdrawn", "the request to be taken back");
        Assert.That((await ApproveAsync(id)).ExitCode, Is.Not.Zero, "nobody's yes can open it any more");
    }

    [Test]
    public async Task Revoking_the_placeholder_takes_it_back()
    {
        Minted placeholder = await _gateway.MintAsync("waiting");
        await using RunningProcess psql = Psql(_gateway.Through(placeholder));
        string id = await IdAsync(psql);

        (await _gateway.CommandAsync("placeholder", "revoke", placeholder.Id)).Succeeded();

        Assert.That(await psql.WaitForExitAsync(), Is.EqualTo(2), psql.Error);
        Assert.That(await StateAsync(id), Is.EqualTo("withdrawn"));
    }

    [Test]
    public async Task Npgsql_waits_as_well()
    {
        Task<NpgsqlConnection> opening = _gateway.Through(_placeholder).OpenAsync();
        (await ApproveAsync(await PendingAsync())).Succeeded();
        await using NpgsqlConnection connection = await opening;
        await using var command = new NpgsqlCommand("SELECT 42", connection);
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(42));
    }

    [Test]
    public async Task Drivers_of_other_languages_wait_as_well()
    {
        foreach (Func<Task<ToolResult>> run in (Func<Task<ToolResult>>[])
            [() => Tools.PythonAsync("with_asyncpg.py", Held()), () => Tools.PythonAsync("with_psycopg2.py", Held()), () => Tools.NodeAsync("node_postgres.js", Held())])
        {
            using var stop = new CancellationTokenSource();
            Task approving = ApproveAllAsync(stop.Token);
            ToolResult result = await run();
            await stop.CancelAsync();
            await approving;
            Assert.That(result.ExitCode, Is.Zero, result.ToString());
        }

        Endpoint Held() => _gateway.Through(_placeholder);
    }

    [Test]
    public async Task Kill_9_of_the_gateway_takes_every_request_back()
    {
        await using RunningProcess psql = Psql(_gateway.Through(_placeholder));
        string id = await IdAsync(psql);

        _gateway.Signal(Unix.SigKill);
        await _gateway.WaitForExitAsync();
        await psql.WaitForExitAsync();
        await _gateway.StartAsync();

        Assert.That(await StateAsync(id), Is.EqualTo("withdrawn"));
        Assert.That((await _gateway.VerifyAuditAsync()).ExitCode, Is.Zero);
    }

    private static RunningProcess Psql(Endpoint endpoint) =>
        RunningProcess.Start(Places.Program("psql"), [.. Tools.PsqlArguments, "-c", "SELECT 42"], endpoint.ToEnvironment());

    private Task<ToolResult> ApproveAsync(string id) => _gateway.CommandAsAsync(Approver, "approval", "approve", id);

    private async Task ApproveAllAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            foreach (string id in await PendingNowAsync())
            {
                await ApproveAsync(id);
            }
        }
    }

    private async Task<string> PendingAsync()
    {
        string? id = null;
        await Wait.UntilAsync(async () => (id = (await PendingNowAsync()).FirstOrDefault()) is not null, "somebody to be asked");
        return id!;
    }

    private async Task<string[]> PendingNowAsync()
    {
        using JsonDocument json = JsonDocument.Parse((await _gateway.CommandAsync("approval", "list", "--state", "pending", "--json")).Succeeded().Output);
        return [.. json.RootElement.EnumerateArray().Select(a => a.GetProperty("id").GetString()!)];
    }

    private async Task<string?> StateAsync(string id)
    {
        using JsonDocument json = JsonDocument.Parse((await _gateway.CommandAsync("approval", "show", id, "--json")).Succeeded().Output);
        return json.RootElement.GetProperty("state").GetString();
    }

    private async Task<JsonElement[]> RecordsAsync(string kind) =>
    [
        .. (await _gateway.AuditAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonDocument.Parse(l).RootElement).Where(r => r.GetProperty("event").GetString() == kind),
    ];

    private static async Task<string> IdAsync(RunningProcess psql)
    {
        await Wait.UntilAsync(() => Waiting().IsMatch(psql.Error) || psql.HasExited, "the notice");
        return Waiting().Match(psql.Error) is { Success: true } found ? found.Groups[1].Value : throw new InvalidOperationException($"not held:\n{psql.Error}");
    }

    [GeneratedRegex("waiting for approval (apr_[a-z2-7]{16})")]
    private static partial Regex Waiting();
}
