using System.Text.Json;
using Npgsql;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>What is held waits until people say yes, runs once as it was shown to them, or does not run.</summary>
internal sealed class HoldTests : HoldFixture
{
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
        Assert.That(Cluster.Log.Split($"statement: {sql}\n"), Has.Length.EqualTo(2), "once, byte for byte");
        Assert.That((await ApproveAsync(Second, id)).ExitCode, Is.Not.Zero, "too late");
    }

    [Test]
    public async Task A_no_is_42501_and_nothing_runs()
    {
        await using RunningProcess psql = Psql("INSERT INTO held VALUES (1)");
        string id = await IdAsync(psql);

        (await Gateway.CommandAsAsync(Approver, "approval", "deny", id, "--reason", "not on a Friday")).Succeeded();

        Assert.That(await psql.WaitForExitAsync(), Is.Not.Zero);
        Assert.That(psql.Error, Does.Match($"ERROR:  42501: approval {id} was denied: not on a Friday \\(ref [0-9A-Z]+\\)"));
        Assert.That(await CountAsync("held"), Is.Zero);
    }

    [TestCase("", "brief", "ZI")]
    [TestCase("BEGIN;", "briefer", "ZE")]
    public async Task Time_runs_out_with_57014_and_sooner_in_a_transaction(string before, string table, string expected)
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        if (before.Length > 0)
        {
            await session.AskAsync(before);
        }

        DateTime asked = DateTime.UtcNow;
        Assert.That(await session.AskAsync($"insert into {table} values (1)"), Is.EqualTo($"E57014 {expected}"));
        Assert.That(DateTime.UtcNow - asked, before.Length > 0 ? Is.LessThan(TimeSpan.FromSeconds(59)) : Is.GreaterThan(TimeSpan.FromSeconds(1.9)));
        Assert.That(await CountAsync(table), Is.Zero);
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
    public async Task Kill_9_of_theGateway_takes_every_request_back()
    {
        await using RunningProcess psql = Psql("INSERT INTO held VALUES (1)");
        string id = await IdAsync(psql);

        Gateway.Signal(Unix.SigKill);
        await Gateway.WaitForExitAsync();
        await psql.WaitForExitAsync();
        await Gateway.StartAsync();

        await AssertGoneAsync(id);
        Assert.That((await Gateway.VerifyAuditAsync()).ExitCode, Is.Zero);
    }

    [Test]
    public async Task A_prepared_statement_is_approved_with_its_values()
    {
        await using NpgsqlConnection connection = await Endpoint.OpenAsync();
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

        Assert.That(await Cluster.AskAsync("SELECT string_agg(a::text, ',' ORDER BY a) FROM held", "held"), Is.EqualTo("4711,4712"));
    }

    [Test]
    public async Task What_was_approved_beforehand_runs_once()
    {
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sql");
        await File.WriteAllTextAsync(file, "INSERT INTO held\n  VALUES (1);\n");
        try
        {
            ToolResult asked = (await Gateway.CommandAsync("approval", "request", "--target", "orders", "--database", "held", "--sql-file", file, "--for", "alice", "--json")).Succeeded();
            using JsonDocument json = JsonDocument.Parse(asked.Output);
            string id = json.RootElement.GetProperty("id").GetString()!;
            (await ApproveAsync(Approver, id)).Succeeded();

            ToolResult first = await Tools.RunAsync("psql", [.. Tools.PsqlArguments, "-f", file], Endpoint.ToEnvironment());
            Assert.That(first.ExitCode, Is.Zero, first.ToString());
            Assert.That(first.Error, Is.Empty, "it waits for nobody");
            Assert.That(await StateAsync(id), Is.EqualTo("executed"));

            await using RunningProcess second = RunningProcess.Start(Places.Program("psql"), [.. Tools.PsqlArguments, "-f", file], Endpoint.ToEnvironment());
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
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        await session.SendAsync(Run("select 1"), Run("insert into held values (1)"), Run("select 2"), Sync, Query("select 3"));
        string id = await PendingAsync([]);

        (await Gateway.CommandAsAsync(Approver, "approval", "deny", id, "--reason", "no")).Succeeded();

        Assert.That(await session.AskAsync(2), Is.EqualTo("1 2 D(1) C(SELECT 1) 1 E42501 ZI T D(3) C(SELECT 1) ZI"));
        Assert.That(await CountAsync("held"), Is.Zero);
    }

    [Test]
    public async Task A_name_that_the_server_cuts_hides_nothing()
    {
        await using RawSession session = await RawSession.OpenAsync(Endpoint);
        string name = new('n', 63);
        await session.AskAsync(1, Parse("select 1", name), Sync);

        await session.SendAsync(Close(name), Sync, Parse("insert into held values (1)", $"{name}ü"), Sync, Bind(name), Execute(), Sync, Query("select 2"));

        Assert.That(string.Join(' ', (await session.ReadAsync(3)).Select(m => m.Type)), Does.EndWith("E Z"), "it is none that could be shown");
        Assert.That(await CountAsync("held"), Is.Zero);
    }
}
