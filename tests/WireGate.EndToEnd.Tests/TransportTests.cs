using System.Text.Json;
using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>What moves a session's bytes, with the config that everybody starts from and with the other choice.</summary>
internal sealed class TransportTests
{
    /// <summary>The chain of whoever is not a reactor; each reactor writes to a chain of its own, from 0 on.</summary>
    private const int SharedChain = -1;

    [Test]
    public async Task A_session_lives_on_a_reactor_by_default()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(await Machine.ClusterAsync(15));

        Assert.That(gateway.ConfigText, Does.Not.Contain("transport:"));
        Assert.That(await ChainOfASessionAsync(gateway), Is.GreaterThan(SharedChain), gateway.Log);
        Assert.That(ThreadNames(gateway.ProcessId), Has.Some.StartsWith("reactor "));
        Assert.That(() => gateway.Log, Does.Contain("epoll").After(10_000, 50));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_session_lives_on_streams_where_the_config_says_so(bool tls)
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(
            await Machine.ClusterAsync(15), text => $"transport: streams\n{text}");

        Assert.That(await ChainOfASessionAsync(gateway, tls), Is.EqualTo(SharedChain), gateway.Log);
        Assert.That(ThreadNames(gateway.ProcessId), Has.None.StartsWith("reactor "));
    }

    /// <summary>Opens a session that does some work, and finds the chain that the thread which served it writes to.</summary>
    private static async Task<int> ChainOfASessionAsync(GatewayProcess gateway, bool tls = false)
    {
        Minted placeholder = await gateway.MintAsync();
        await using NpgsqlConnection connection = await gateway.Through(placeholder, tls).OpenAsync();
        await using var command = new NpgsqlCommand("SELECT count(*) FROM customers", connection);
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(10_000L));

        string record = (await gateway.AuditAsync()).Split('\n')
            .Single(l => l.Contains("\"session-authenticated\"", StringComparison.Ordinal) && l.Contains(placeholder.Id, StringComparison.Ordinal));
        using JsonDocument json = JsonDocument.Parse(record);
        return json.RootElement.GetProperty("chain").GetInt32();
    }

    private static IEnumerable<string> ThreadNames(int processId) =>
        [.. Directory.EnumerateDirectories($"/proc/{processId}/task").Select(t => File.ReadAllText(Path.Combine(t, "comm")).TrimEnd())];
}
