using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Real clients and real servers of gRPC: @grpc/grpc-js and gRPC's C core, by its Python, also behind an nginx that passes them on.</summary>
internal sealed class GrpcTests : HttpFixture
{
    private static readonly string[] Cases =
    [
        "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "cancel_after_begin", "cancel_after_first_response",
        "timeout_on_sleeping_server", "custom_metadata", "status_code_and_message", "special_status_message", "unimplemented_method", "echoed_secret", "denied",
        "placeholder_elsewhere",
    ];

    private static readonly string[] CasesOfPython =
    [
        "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "cancel_after_first_response", "timeout_on_sleeping_server",
        "custom_metadata", "status_code_and_message", "special_status_message", "unimplemented_method", "echoed_secret", "denied_by_a_rule",
    ];

    private readonly int _port = Ports.Free();

    protected override string Edit(string config) => config
        .Replace("masks:\n", $"  grpc: {{ protocol: http, address: \"http://127.0.0.1:{_port}\", http2: clear, hosts: [127.0.0.1], logins: {{ bot: {{ bearer: real }} }} }}\nmasks:\n", StringComparison.Ordinal)
        .Replace("targets: [nginx,", "targets: [grpc, nginx,", StringComparison.Ordinal);

    [TestCase("node", "node", "clear")]
    [TestCase("node", "python", "clear")]
    [TestCase("python", "node", "clear")]
    [TestCase("python", "python", "clear")]
    [TestCase("node", "node", "tls")]
    [TestCase("python", "python", "tls")]
    [TestCase("node", "node", "nginx")]
    [TestCase("node", "python", "nginx")]
    public async Task The_cases_of_interoperability_pass(string server, string client, string way)
    {
        await using RunningProcess serving = RunningProcess.Start(
            "/usr/bin/env", [.. Program(server), "server"], Environment(("WG_PORT", _port.ToString(CultureInfo.InvariantCulture))));
        await Wait.UntilAsync(
            () => serving.HasExited ? throw new InvalidOperationException($"the server ended:\n{serving.Error}") : serving.Output.Contains("listening", StringComparison.Ordinal),
            "the server of gRPC");
        int port = way switch
        {
            "tls" => Gateway.TlsPort,
            "nginx" => Ports.Free(),
            _ => Gateway.ClearPort,
        };
        await using NginxFront? front = way == "nginx"
            ? await NginxFront.StartAsync(port, $"listen 127.0.0.1:{port} http2; client_max_body_size 0; location / {{ grpc_pass grpc://127.0.0.1:{Gateway.ClearPort}; }}") : null;

        ToolResult result = await Tools.RunAsync(
            "/usr/bin/env", Program(client), Environment(("WG_ADDRESS", $"127.0.0.1:{port}"), ("WG_AUTHORITY", way == "tls" ? Gateway.Authority : ""), ("WG_PLACEHOLDER", await TokenAsync("grpc"))));

        Assert.That(result.Succeeded().Output.Split('\n')[..^1], Is.EqualTo(client == "node" ? Cases : CasesOfPython));
        if (server == "node")
        {
            await Wait.UntilAsync(() => serving.Output.Contains("cancelled", StringComparison.Ordinal), "the server to know that its client cancelled");
        }
    }

    private static string[] Program(string name) =>
        name == "node" ? ["node", Path.Combine(Places.Clients, "grpc.js")] : ["/usr/bin/python3", Path.Combine(Places.Clients, "grpc_python.py")];

    private static Dictionary<string, string> Environment(params (string Name, string Value)[] variables)
    {
        var environment = variables.ToDictionary(v => v.Name, v => v.Value);
        environment["WG_REAL"] = NginxHost.Token;
        environment["NODE_PATH"] = Places.NodeModules;
        return environment;
    }
}
