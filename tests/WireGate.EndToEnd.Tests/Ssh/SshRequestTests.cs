using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>Requests that are not known here reach an upstream that knows them, if a rule names them.</summary>
internal sealed class SshRequestTests
{
    private const string Rules = """
            - { name: everything, match: { operations: all }, do: allow }
            - { name: extension, match: { requests: ["*@example.com"] }, do: allow }
            - { name: no-extension, match: { requests: [denied@example.com] }, do: deny }

        """;

    [Test]
    public async Task What_is_named_is_answered_by_the_upstream_and_the_rest_here()
    {
        await using SshHost host = await SshHost.StartAsync();
        int port = Ports.Free();
        await using RunningProcess server = RunningProcess.Start("/usr/bin/python3", ["-W", "ignore", Path.Combine(Places.Clients, "requests_server.py")], new Dictionary<string, string>
        {
            ["WG_ROOT"] = host.Root,
            ["WG_PORT"] = port.ToString(CultureInfo.InvariantCulture),
        });
        await Wait.UntilAsync(
            () => server.HasExited ? throw new InvalidOperationException($"the server ended:\n{server.Error}") : Task.FromResult(server.Output.Contains("ready", StringComparison.Ordinal)),
            "the server to listen");
        await using SshGateway gateway = await SshGateway.StartAsync(
            host, Rules, text => text.Replace($"address: 127.0.0.1:{host.Port}", $"address: 127.0.0.1:{port}", StringComparison.Ordinal));
        SshEndpoint endpoint = gateway.Through(await gateway.MintAsync());

        ToolResult result = await Tools.RunAsync("/usr/bin/python3", ["-W", "ignore", Path.Combine(Places.Clients, "requests_of_asyncssh.py")], new Dictionary<string, string>
        {
            ["WG_PORT"] = endpoint.Port.ToString(CultureInfo.InvariantCulture),
            ["WG_USER"] = endpoint.User,
            ["WG_PLACEHOLDER"] = endpoint.Password,
            ["WG_KNOWN_HOSTS"] = endpoint.KnownHosts,
        });
        Assert.That(result.Succeeded().Output, Is.EqualTo("ok\n"));

        string audit = await gateway.AuditAsync();
        Assert.That(audit, Does.Match("\"verdict\":\"allow\",\"rule\":\"extension\".*\"request\":\"echo@example.com\",\"of\":\"connection\""));
        Assert.That(audit, Does.Match("\"verdict\":\"allow\",\"rule\":\"extension\".*\"request\":\"level@example.com\",\"of\":\"channel\""));
        Assert.That(audit, Does.Match("\"verdict\":\"deny\",\"rule\":\"no-extension\".*\"request\":\"denied@example.com\""));
        Assert.That(audit, Does.Not.Contain("example.org"));
    }
}
