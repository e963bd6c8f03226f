using System.Net;
using System.Net.Sockets;
using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>Kills, restarts and reloads; each test has a gateway of its own.</summary>
internal sealed class LifecycleTests
{
    private PostgresCluster _cluster = null!;
    private GatewayProcess _gateway = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(15);
        _gateway = await GatewayProcess.StartAsync(_cluster);
    }

    [TearDown]
    public ValueTask StopAsync() => _gateway.DisposeAsync();

    [Test]
    public async Task Kill_9_loses_no_audit_record_and_no_placeholder()
    {
        Minted placeholder = await _gateway.MintAsync();
        await using NpgsqlConnection connection = await _gateway.Through(placeholder).OpenAsync();

        _gateway.Signal(Unix.SigKill);
        await _gateway.WaitForExitAsync();
        ToolResult afterKill = await _gateway.VerifyAuditAsync();
        await _gateway.StartAsync();

        Assert.That(afterKill.ExitCode, Is.Zero, afterKill.ToString());
        Assert.That(await _gateway.AuditAsync(), Does.Contain(placeholder.Id));
        await AssertServesAsync(placeholder);
        ToolResult afterRestart = await _gateway.VerifyAuditAsync();
        Assert.That(afterRestart.ExitCode, Is.Zero, afterRestart.ToString());
    }

    [Test]
    public async Task SIGTERM_waits_for_the_end_of_a_transaction_and_ends_the_other_sessions_with_57P01()
    {
        Minted placeholder = await _gateway.MintAsync();
        await using NpgsqlConnection idle = await _gateway.Through(placeholder).OpenAsync();
        await using NpgsqlConnection busy = await _gateway.Through(placeholder).OpenAsync();
        await using NpgsqlTransaction transaction = await busy.BeginTransactionAsync();
        await using var first = new NpgsqlCommand("CREATE TABLE drained AS SELECT 1 AS a", busy, transaction);
        await first.ExecuteNonQueryAsync();

        _gateway.Signal(Unix.SigTerm);
        await Wait.UntilAsync(() => _gateway.Log.Contains("draining: 2 sessions", StringComparison.Ordinal), "the drain to begin");

        await using var command = new NpgsqlCommand("SELECT 1", idle);
        Assert.That(Assert.ThrowsAsync<PostgresException>(() => command.ExecuteScalarAsync())!.SqlState, Is.EqualTo("57P01"));
        await using var second = new NpgsqlCommand("INSERT INTO drained SELECT 2 FROM pg_sleep(0.5)", busy, transaction);
        Assert.That(await second.ExecuteNonQueryAsync(), Is.EqualTo(1));
        await transaction.CommitAsync();
        Assert.That(await _gateway.WaitForExitAsync(), Is.Zero, _gateway.Log);
        Assert.That(await _cluster.AskAsync("SELECT count(*) FROM drained; DROP TABLE drained"), Does.Contain("2"));
        Assert.That((await _gateway.VerifyAuditAsync()).ExitCode, Is.Zero);
    }

    [Test]
    public async Task A_second_SIGTERM_ends_sessions_with_57P01_and_exits_with_0()
    {
        Minted placeholder = await _gateway.MintAsync();
        await using NpgsqlConnection connection = await _gateway.Through(placeholder).OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_sleep(600)", connection);
        Task running = command.ExecuteNonQueryAsync();
        await Wait.UntilAsync(
            async () => (await _cluster.AskAsync("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active'")) == "1", "it to run");
        _gateway.Signal(Unix.SigTerm);
        await Wait.UntilAsync(() => _gateway.Log.Contains("draining: 1 sessions", StringComparison.Ordinal), "the drain to begin");

        _gateway.Signal(Unix.SigTerm);

        Assert.That(Assert.ThrowsAsync<PostgresException>(() => running)!.SqlState, Is.EqualTo("57P01"));
        Assert.That(await _gateway.WaitForExitAsync(), Is.Zero, _gateway.Log);
    }

    [Test]
    public async Task SIGHUP_takes_a_good_config_and_ends_sessions_whose_grant_is_gone()
    {
        Minted placeholder = await _gateway.MintAsync();
        await using NpgsqlConnection connection = await _gateway.Through(placeholder).OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_sleep(600)", connection);
        Task running = command.ExecuteNonQueryAsync();

        Reload(text => text.Replace("groups: [agents]", "groups: [others]", StringComparison.Ordinal));

        Assert.That(Assert.ThrowsAsync<PostgresException>(() => running)!.SqlState, Is.EqualTo("57P01"));
        PostgresException? refused = Assert.ThrowsAsync<PostgresException>(() => _gateway.Through(placeholder).OpenAsync());
        Assert.That(refused!.SqlState, Is.EqualTo("28000"));
    }

    [Test]
    public async Task SIGHUP_refuses_a_bad_config_and_keeps_the_old_one()
    {
        Minted placeholder = await _gateway.MintAsync();
        await using NpgsqlConnection connection = await _gateway.Through(placeholder).OpenAsync();

        Reload(text => text.Replace("groups: [agents]", "grops: [agents]", StringComparison.Ordinal));
        await Wait.UntilAsync(() => _gateway.Log.Contains("grops", StringComparison.Ordinal), "the refusal to be logged");

        await AssertServesAsync(placeholder);
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(1));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task What_a_config_hardly_means_is_logged_at_start_and_at_SIGHUP(bool isStart)
    {
        string WithUnused(string text) => text.Replace("secrets:\n", $"secrets:\n  unused: {{ file: {_gateway.SecretFile} }}\n", StringComparison.Ordinal);
        if (isStart)
        {
            _gateway.Signal(Unix.SigKill);
            await _gateway.WaitForExitAsync();
            _gateway.ConfigText = WithUnused(_gateway.ConfigText);
            await _gateway.StartAsync();
        }
        else
        {
            Reload(WithUnused);
        }

        await Wait.UntilAsync(() => _gateway.Log.Contains("the config: secrets.unused: no login uses it", StringComparison.Ordinal), "the warning to be logged");
    }

    [Test]
    public async Task A_rotated_password_is_read_again()
    {
        Minted placeholder = await _gateway.MintAsync();
        await AssertServesAsync(placeholder);
        string role = $"ALTER ROLE {PostgresCluster.AppUser} PASSWORD";
        try
        {
            await _cluster.AskAsync($"{role} 'rotated'");
            PrivateFile.Write(_gateway.SecretFile, "rotated");

            await AssertServesAsync(placeholder);
        }
        finally
        {
            await _cluster.AskAsync($"{role} '{_cluster.Password}'");
        }
    }

    [Test]
    public async Task An_upstream_that_dies_is_reported_and_the_next_session_works()
    {
        Minted placeholder = await _gateway.MintAsync();
        await using NpgsqlConnection connection = await _gateway.Through(placeholder).OpenAsync();
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        await _cluster.AskAsync($"SELECT pg_terminate_backend({connection.ProcessID})");

        // The upstream's own words reach the client.
        PostgresException? error = Assert.ThrowsAsync<PostgresException>(() => command.ExecuteScalarAsync());

        Assert.That(error!.SqlState, Is.EqualTo("57P01"));
        await AssertServesAsync(placeholder);
    }

    [Test]
    public async Task T08_A_crowd_that_takes_all_descriptors_hurts_nobody_who_is_inside_nor_the_admin_socket()
    {
        Minted placeholder = await _gateway.MintAsync();
        await using NpgsqlConnection connection = await _gateway.Through(placeholder).OpenAsync();
        int open = Directory.GetFiles($"/proc/{_gateway.ProcessId}/fd").Length;
        // What the gateway keeps for itself, and a little more.
        (await Tools.RunAsync("/usr/bin/prlimit", [$"--pid={_gateway.ProcessId}", $"--nofile={open + 128 + 8}"])).Succeeded();
        List<Socket> crowd = [];
        try
        {
            for (int i = 0; i < 60; i++)
            {
                var one = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                crowd.Add(one);
                await one.ConnectAsync(IPAddress.Loopback, _gateway.PlainPort);
            }

            using var limit = new CancellationTokenSource(Wait.Limit);
            Assert.That(await crowd[^1].ReceiveAsync(new byte[1], limit.Token), Is.Zero, "told at once, not left waiting");
            await using var command = new NpgsqlCommand("SELECT 1", connection);
            Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(1));
            ToolResult sessions = await _gateway.CommandAsync("session", "list");
            Assert.That(sessions.Succeeded().Output, Does.Contain("alice"));
        }
        finally
        {
            crowd.ForEach(s => s.Dispose());
        }

        await Wait.UntilAsync(
            async () => (await Tools.PsqlAsync(_gateway.Through(placeholder), "SELECT 1")).ExitCode == 0, "the next session to be let in");
        await Wait.UntilAsync(
            async () => (await _gateway.AuditAsync()).Contains("descriptors run short", StringComparison.Ordinal), "who was turned away to be counted");
    }

    private void Reload(Func<string, string> edit)
    {
        string edited = edit(_gateway.ConfigText);
        Assert.That(edited, Is.Not.EqualTo(_gateway.ConfigText));
        PrivateFile.Write(_gateway.ConfigPath, edited);
        _gateway.Signal(Unix.SigHup);
    }

    private async Task AssertServesAsync(Minted placeholder)
    {
        ToolResult result = await Tools.PsqlAsync(_gateway.Through(placeholder), "SELECT count(*) FROM customers;");
        Assert.That(result.Output, Is.EqualTo("10000\n"), result.ToString());
    }
}
