using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>What real clients get to see of a target with masks.</summary>
internal sealed class MaskTests : HttpFixture
{
    private const string Shown = """{"items":[{"email":"****.com","token":"****6789"},{"token":null}],"note":"pay ****1111"}""";

    [Test]
    public async Task Curl_gets_JSON_without_what_is_hidden()
    {
        ToolResult result = await CurlAsync("masked", "/secrets", "--compressed", "-i", "-r", "0-20");

        Assert.That(result.Succeeded().Output, Does.StartWith("HTTP/1.1 200 OK\r\n").And.Contain("Transfer-Encoding: chunked\r\n").And.EndWith("\r\n\r\n" + Shown));
        Assert.That(result.Output, Does.Not.Contain("ETag").And.Not.Contain("Content-Length").And.Contain("Accept-Ranges: none\r\n"));
        Assert.That((await CurlAsync("masked", "/secrets", "-0")).Succeeded().Output, Is.EqualTo(Shown));
        Assert.That((await CurlAsync("node", "/secrets")).Succeeded().Output, Does.Contain("tok_123456789"), "another target of the same upstream has no mask");
    }

    [Test]
    public async Task Node_gets_JSON_without_what_is_hidden()
    {
        const string Script =
            "fetch(process.env.WG_URL, { headers: { Authorization: 'Bearer ' + process.env.WG_PLACEHOLDER } }).then(r => r.text()).then(t => process.stdout.write(t))";
        ToolResult result = await Tools.RunAsync(
            "/usr/bin/env", ["node", "-e", Script], new Dictionary<string, string> { ["WG_URL"] = Url("masked", "/secrets"), ["WG_PLACEHOLDER"] = await TokenAsync("masked") });

        Assert.That(result.Succeeded().Output, Is.EqualTo(Shown));
    }

    [Test]
    public async Task Events_are_masked_when_they_are_sent()
    {
        await using RunningProcess events = RunningProcess.Start("/usr/bin/curl", [.. CurlBase, "-N", "-H", await BearerAsync("masked"), Url("masked", "/secret-events")]);
        await Wait.UntilAsync(() => events.Output == "data: {\"token\":\"****6789\",\"n\":1}\n\n", "the first event, before there is another");

        (await CurlAsync("node", "/next")).Succeeded();

        Assert.That(await events.WaitForExitAsync(), Is.Zero, events.Error);
        Assert.That(events.Output, Does.EndWith("data: [DONE]\n\n"));
    }

    [TestCase("/secrets-zipped", "it is compressed")]
    [TestCase("/anything", "its type is none that can be looked through")]
    public async Task What_cannot_be_looked_through_is_withheld(string path, string why)
    {
        ToolResult result = await CurlAsync("masked", path, "-w", "%{http_code}");

        Assert.That(result.Succeeded().Output, Does.Contain(why).And.EndWith("502"));
        Assert.That(await Gateway.AuditAsync(), Does.Contain($"an answer was withheld that cannot be masked: {why}"));
    }
}
