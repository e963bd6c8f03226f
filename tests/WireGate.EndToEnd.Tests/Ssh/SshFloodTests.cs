using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Connections that prove nothing have half of the house's places for sure, and none beyond all: as sshd's MaxStartups.</summary>
internal sealed class SshFloodTests
{
    private const int Most = 20;

    private SshHost _host = null!;
    private SshGateway _gateway = null!;
    private SshEndpoint _endpoint = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await SshHost.StartAsync();
        _gateway = await SshGateway.StartAsync(_host, edit: text => text.Replace(
            "failurePenalty: 1ms", $"failurePenalty: 1ms, authentication: 60s, sessionsPerListener: {Most}, unprovenPerSource: 1", StringComparison.Ordinal));
        _endpoint = _gateway.Through(await _gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Test]
    public async Task Who_floods_keeps_nobody_out_for_longer_than_he_stays()
    {
        var held = new List<RawSshClient>();
        try
        {
            await HoldAsync(held, Most / 2);
            (await _endpoint.ExecAsync("true")).Succeeded();

            await HoldAsync(held, Most);
            ToolResult refused = await _endpoint.ExecAsync("true");
            Assert.That(refused.ExitCode, Is.EqualTo(255), "nobody is let in who cannot be told from those");
            Assert.That(refused.Error, Does.Contain("onnection closed").Or.Contain("onnection reset"));
            await Wait.UntilAsync(
                async () => (await _gateway.AuditAsync()).Contains("too many connections on this listener that have proven nothing yet", StringComparison.Ordinal),
                "the word of it in the audit log", TimeSpan.FromMinutes(2));
        }
        finally
        {
            foreach (RawSshClient client in held)
            {
                await client.DisposeAsync();
            }
        }

        await Wait.UntilAsync(async () => (await _endpoint.ExecAsync("true")).ExitCode == 0, "the places of those who left");
    }

    /// <summary>Connects until so many have heard the gateway's version line.</summary>
    private async Task HoldAsync(List<RawSshClient> held, int count)
    {
        while (held.Count < count)
        {
            RawSshClient client = await RawSshClient.ConnectAsync(_gateway.Port);
            bool isClosed = false;
            await Wait.UntilAsync(() => (isClosed = client.IsClosed()) || client.Received.Count > 0, "a word, or none");
            if (isClosed)
            {
                await client.DisposeAsync();
            }
            else
            {
                held.Add(client);
            }
        }
    }
}
