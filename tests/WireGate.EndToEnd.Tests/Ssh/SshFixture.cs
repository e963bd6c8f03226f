namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>A gateway in front of an sshd, and a placeholder.</summary>
internal abstract class SshFixture
{
    protected SshHost Host { get; private set; } = null!;

    protected SshGateway Gateway { get; private set; } = null!;

    protected SshEndpoint Endpoint { get; private set; } = null!;

    /// <summary>Lines for the list of rules; null: everything is allowed.</summary>
    protected virtual string? Rules => null;

    /// <summary>Keys for the gateway's limits, each with a comma behind it.</summary>
    protected virtual string Limits => "";

    /// <summary>Lines for sshd_config.</summary>
    protected virtual string[] Settings => [];

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Host = await SshHost.StartAsync(Settings);
        Gateway = await SshGateway.StartAsync(Host, Rules, text => text.Replace("limits: { ", $"limits: {{ {Limits}", StringComparison.Ordinal));
        Endpoint = Gateway.Through(await Gateway.MintAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (Gateway is not null)
        {
            await Gateway.DisposeAsync();
        }

        if (Host is not null)
        {
            await Host.DisposeAsync();
        }
    }
}
