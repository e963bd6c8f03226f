using System.Globalization;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Clients of other makes, and many requests at once.</summary>
internal sealed class HttpClientsTests : HttpFixture
{
    [Test]
    public async Task Node_with_200_requests_at_once_on_32_connections()
    {
        ToolResult result = await Tools.RunAsync("/usr/bin/env", ["node", Path.Combine(Places.Clients, "http_client.js")], await EnvironmentAsync());

        Assert.That(result.Succeeded().Output, Is.EqualTo("200 answers, 32 connections\n"));
        Assert.That(Node.Seen().Count(s => s.StartsWith("POST /parallel/", StringComparison.Ordinal)), Is.EqualTo(200));
    }

    [Test]
    public async Task Python()
    {
        ToolResult result = await Tools.RunAsync("/usr/bin/python3", [Path.Combine(Places.Clients, "http_client.py")], await EnvironmentAsync());

        Assert.That(result.Succeeded().Output, Is.EqualTo("urllib\nhttp.client\n"));
    }

    [TestCase("nginx")]
    [TestCase("secure")]
    public async Task Wrk_with_32_connections_sees_no_error(string target)
    {
        bool isTls = target == "secure";
        string url = isTls ? $"https://127.0.0.1:{Gateway.TlsPort}/secure/small" : Url(target, "/small");
        ToolResult result = await Tools.RunAsync("/usr/bin/wrk", ["-t", "1", "-c", "32", "-d", "2s", "-H", await BearerAsync(target), url]);

        Assert.That(result.Succeeded().Output, Does.Not.Contain("Socket errors").And.Not.Contain("Non-2xx"));
        string count = result.Output.Split('\n').Single(l => l.Contains(" requests in ", StringComparison.Ordinal)).Trim().Split(' ')[0];
        Assert.That(int.Parse(count, CultureInfo.InvariantCulture), Is.GreaterThan(500), result.Output);
    }

    private async Task<Dictionary<string, string>> EnvironmentAsync() =>
        new() { ["WG_URL"] = Url("node", ""), ["WG_PLACEHOLDER"] = await TokenAsync("node") };
}
