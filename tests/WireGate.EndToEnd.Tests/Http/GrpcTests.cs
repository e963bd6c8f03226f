using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A real client and a real server of gRPC.</summary>
internal sealed class GrpcTests : HttpFixture
{
    private static readonly string[] Cases =
    [
        "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "cancel_after_begin", "cancel_after_first_response",
        "timeout_on_sleeping_server", "custom_metadata", "status_code_and_message", "special_status_message", "unimplemented_method", "echoed_secret", "denied",
        "placeholder_elsewhere",
    ];

    private readonly int _port = Ports.Free();

    protected override string Edit(string config) => config
        .Replace("masks:\n", $"  grpc: {{ protocol: http, address: \"http://127.0.0.1:{_port}\", http2: clear, hosts: [127.0.0.1], logins: {{ bot: {{ bearer: real }} }} }}\nmasks:\n", StringComparison.Ordinal)
        .Replace("targets: [nginx,", "targets: [grpc, nginx,", StringComparison.Ordinal);

    [Test]
    public async Task The_cases_of_interoperability_pass()
    {
        string script = Path.Combine(Places.Clients, "grpc.js");
        await using RunningProcess server = RunningProcess.Start("/usr/bin/env", ["node", script, "server"], Environment(("WG_PORT", _port.ToString(CultureInfo.InvariantCulture))));
        await Wait.UntilAsync(
            () => server.HasExited ? throw new InvalidOperationException($"node ended:\n{server.Error}") : server.Output.Contains("listening", StringComparison.Ordinal),
            "the server of gRPC");

        ToolResult result = await Tools.RunAsync(
            "/usr/bin/env",
            ["node", script],
            Environment(("WG_ADDRESS", $"127.0.0.1:{Gateway.ClearPort}"), ("WG_PLACEHOLDER", await TokenAsync("grpc"))));

        Assert.That(result.Succeeded().Output.Split('\n')[..^1], Is.EqualTo(Cases));
        await Wait.UntilAsync(() => server.Output.Contains("cancelled", StringComparison.Ordinal), "the server to know that its client cancelled");
    }

    private static Dictionary<string, string> Environment(params (string Name, string Value)[] variables)
    {
        var environment = variables.ToDictionary(v => v.Name, v => v.Value);
        environment["WG_REAL"] = NginxHost.Token;
        environment["NODE_PATH"] = Places.NodeModules;
        return environment;
    }
}
