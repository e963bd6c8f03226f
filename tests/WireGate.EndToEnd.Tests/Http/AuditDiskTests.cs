using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A gateway whose audit log is on a disk that fills up.</summary>
internal sealed partial class AuditDiskTests
{
    [Test]
    public async Task Once_it_is_full_nothing_is_asked_of_upstreams_until_there_is_room()
    {
        await using NginxHost nginx = await NginxHost.StartAsync();
        await using NodeHost node = await NodeHost.StartAsync();

        // Room for the first file of each of two chains, and for no other.
        await using HttpGateway gateway = await HttpGateway.StartAsync(
            nginx, node, config => config.Replace("listeners:\n", "reactors: 1\nlisteners:\n", StringComparison.Ordinal), auditSize: "20m");
        string field = $"Authorization: Bearer {(await gateway.MintAsync("nginx")).Token}", url = $"http://127.0.0.1:{gateway.Port}/nginx/nothing?{new string('q', 700)}";
        Task<ToolResult> AskAsync() => Tools.RunAsync("/usr/bin/curl", ["-q", "-sS", "--noproxy", "*", "--max-time", "50", "-w", "%{http_code}", "-H", field, url]);
        ToolResult load = await Tools.RunAsync("/usr/bin/h2load", ["--h1", "-n", "60000", "-c", "4", "-H", field, url]);
        int answered = int.Parse(Succeeded().Match(load.Output).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(answered, Is.InRange(1000, 59_999), load.Output);

        int seen = nginx.Seen().Count;
        Assert.That((await AskAsync()).Succeeded().Output, Does.Contain("the gateway cannot write its audit log").And.EndWith("503"));
        Assert.That(nginx.Seen(), Has.Count.EqualTo(seen));
        Assert.That(gateway.Log, Does.Contain("The audit log cannot make its next file").And.Contain("nothing new is let in until it can"));
        Assert.That((await gateway.VerifyAuditAsync()).ExitCode, Is.Zero);
        int recorded = (await gateway.AuditAsync()).Split('\n').Count(l => l.Contains("\"path\":\"/nginx/nothing\"", StringComparison.Ordinal) && l.Contains("\"verdict\":\"allow\"", StringComparison.Ordinal));
        Assert.That((answered, seen), Is.EqualTo((seen, Math.Min(seen, recorded))), "what was answered was asked for, and what was asked for was written down before");

        await gateway.ResizeAuditAsync("60m");
        await Wait.UntilAsync(async () => (await AskAsync()).Output == "204", "the log to go on");
        Assert.That(nginx.Seen(), Has.Count.EqualTo(seen + 1));
        ToolResult verified = await gateway.VerifyAuditAsync();
        Assert.That(verified.ExitCode, Is.Zero, verified.ToString());
    }

    [GeneratedRegex("status codes: ([0-9]+) 2xx")]
    private static partial Regex Succeeded();
}
