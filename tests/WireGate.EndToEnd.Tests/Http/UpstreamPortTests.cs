using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Ports towards an upstream: of who closes a connection first the port is taken for a minute more, and there are 28,000.</summary>
internal sealed class UpstreamPortTests : HttpFixture
{
    private const int Requests = 100;

    // The state of a connection that was closed first from here (include/net/tcp_states.h: TCP_TIME_WAIT).
    private const string TimeWait = "06";

    protected override string Edit(string config) => config
        .Replace("targets:\n", $$"""
            targets:
              never: { protocol: http, address: "http://127.0.0.1:{{Node.Port}}", reuse: never, path: /never, logins: { bot: { bearer: real } } }
              secure-off:
                protocol: http
                address: "https://127.0.0.1:{{Nginx.TlsPort}}"
                http2: off
                tls: { ca: {{Nginx.Authority}} }
                path: /secure-off
                logins: { bot: { bearer: real } }

            """, StringComparison.Ordinal)
        .Replace("grants:\n", "grants:\n  - { name: ports, to: { issuer: local, groups: [agents] }, targets: [never, secure-off] }\n", StringComparison.Ordinal);

    [TestCase("nginx", true)]
    [TestCase("node", true)]
    [TestCase("node2-off", true)]
    [TestCase("secure-off", true)]
    [TestCase("never", false)]
    public async Task Requests_whose_connections_are_not_used_again_leave_no_port_taken(string target, bool hasBody)
    {
        int port = target switch
        {
            "nginx" => Nginx.Port,
            "secure-off" => Nginx.TlsPort,
            "node2-off" => Node.TlsPort,
            _ => Node.Port,
        };
        int before = TakenTowards(port);
        ToolResult done = await CurlAsync(
            [.. hasBody ? (string[])["-d", "a=b"] : [], "-H", await BearerAsync(target), "-w", "%{http_code} %{num_connects}\n", Url(target, $"/missing?[1-{Requests}]")]);
        Assert.That(done.Succeeded().Output.Split('\n').Count(l => l.EndsWith(" 0", StringComparison.Ordinal) || l.EndsWith(" 1", StringComparison.Ordinal)), Is.EqualTo(Requests));
        Assert.That(TakenTowards(port), Is.EqualTo(before));
    }

    //   sl  local_address rem_address   st tx_queue rx_queue …            (Documentation/networking/proc_net_tcp.rst)
    private static int TakenTowards(int port)
    {
        string end = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        return File.ReadLines("/proc/net/tcp").Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Count(f => f.Length > 3 && f[2].EndsWith(end, StringComparison.Ordinal) && f[3] == TimeWait);
    }
}
