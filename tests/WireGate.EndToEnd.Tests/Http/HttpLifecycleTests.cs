using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>What is left when the gateway is killed.</summary>
internal sealed class HttpLifecycleTests : HttpFixture
{
    [Test]
    public async Task Kill_9_within_an_upload_loses_no_audit_record()
    {
        await using RunningProcess upload = RunningProcess.Start(
            "/usr/bin/curl",
            [.. CurlBase, "-H", await BearerAsync("node"), "-T", Noise("cut", 50_000_000), "--limit-rate", "5M", Url("node", "/cut")]);
        await Wait.UntilAsync(() => Node.HasBodyOf("/cut"), "the beginning of the body at the upstream");

        await Gateway.KillAsync();

        Assert.That(await upload.WaitForExitAsync(), Is.Not.Zero, "cut, not complete");
        ToolResult verified = await Gateway.VerifyAuditAsync();
        Assert.That(verified.ExitCode, Is.Zero, verified.ToString());
        string[] operations = [.. (await Gateway.AuditAsync()).Split('\n').Where(l => l.Contains("\"method\":\"PUT\"", StringComparison.Ordinal))];
        Assert.That(operations, Has.One.Contains("\"path\":\"/node/cut\"").And.One.Contains("\"verdict\":\"allow\""));
        Assert.That(Node.Seen(), Is.EqualTo(new[] { "PUT /cut" }));
    }
}
