using System.Globalization;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Clients of HTTP/2, in TLS and in clear.</summary>
internal sealed class Http2Tests : HttpFixture
{
    [TestCase("tls")]
    [TestCase("clear")]
    public async Task Curl_asks_and_sends(string listener)
    {
        string file = Noise("sent", 3_000_000);
        ToolResult result = await CurlAsync(
            [.. Speaking(listener), "-H", await BearerAsync("node"), "--data-binary", $"@{file}", "-w", "\n%{http_version} %{http_code}", Url2(listener, "node", "/sent")]);
        string[] lines = result.Succeeded().Output.Split('\n');

        Assert.That(lines[^1], Is.EqualTo("2 200"));
        Assert.That(JsonElement.Parse(lines[0]).GetProperty("sha256").GetString(), Is.EqualTo(Hash(await File.ReadAllBytesAsync(file))));
    }

    [Test]
    public async Task Curl_gets_a_long_answer()
    {
        byte[] noise = System.Security.Cryptography.RandomNumberGenerator.GetBytes(20_000_000);
        await File.WriteAllBytesAsync(Path.Combine(Nginx.Files, "long"), noise);
        ToolResult result = await CurlAsync(
            [.. Speaking("tls"), "-H", await BearerAsync("nginx"), "-o", Path.Combine(Nginx.Root, "got"), "-w", "%{http_version} %{http_code}", Url2("tls", "nginx", "/long")]);

        Assert.That(result.Succeeded().Output, Is.EqualTo("2 200"));
        Assert.That(Hash(await File.ReadAllBytesAsync(Path.Combine(Nginx.Root, "got"))), Is.EqualTo(Hash(noise)));
    }

    [Test]
    public async Task A_placeholder_that_is_none_is_401_and_what_a_rule_denies_403()
    {
        ToolResult none = await CurlAsync([.. Speaking("tls"), "-D", "-", "-H", "Authorization: Bearer nothing", Url2("tls", "node", "/x")]);
        Assert.That(none.Output, Does.StartWith("HTTP/2 401").And.Contain("www-authenticate: Bearer realm=\"wiregate\"").And.Contain("\"ref\":"));
        ToolResult denied = await CurlAsync([.. Speaking("tls"), "-D", "-", "-H", await BearerAsync("node"), Url2("tls", "node", "/admin/x")]);
        Assert.That(denied.Output, Does.StartWith("HTTP/2 403").And.Contain("content-type: application/problem+json").And.Contain("not for agents"));
    }

    [TestCase("a placeholder that is none", "401")]
    [TestCase("denied", "403")]
    public async Task Curl_shows_why_an_upload_is_refused(string why, string status)
    {
        string credential = why == "denied" ? await BearerAsync("node") : "Authorization: Bearer nothing";
        ToolResult result = await CurlAsync(
            [.. Speaking("tls"), "-H", credential, "-T", Noise("refused", 20_000_000), "-w", "\n%{http_version} %{http_code}", Url2("tls", "node", "/admin/x")]);

        Assert.That(result.Succeeded().Output, Does.EndWith($"\n2 {status}"));
    }

    [Test]
    public async Task What_is_masked_stays_so()
    {
        ToolResult result = await CurlAsync([.. Speaking("tls"), "-H", await BearerAsync("masked"), Url2("tls", "masked", "/secrets")]);

        Assert.That(result.Succeeded().Output, Does.Not.Contain("tok_12345").And.Not.Contain("alice@").And.Contain("\"items\""));
    }

    [Test]
    public async Task A_listener_may_have_it_off()
    {
        ToolResult result = await CurlAsync(["--http2", "--cacert", Gateway.Authority, "-H", await BearerAsync("node"), "-w", "\n%{http_version}", $"https://127.0.0.1:{Gateway.OldTlsPort}/node/x"]);

        Assert.That(result.Succeeded().Output, Does.EndWith("\n1.1"));
    }

    [Test]
    public async Task Nghttp_asks_for_many_at_once()
    {
        string[] urls = [.. Enumerable.Range(0, 50).Select(i => Url2("clear", "nginx", $"/any/{i}"))];
        ToolResult result = await Tools.RunAsync("/usr/bin/nghttp", ["-v", "-n", "-H", await BearerAsync("nginx"), .. urls]);

        Assert.That(result.Succeeded().Output.Split(":status: 200").Length - 1, Is.EqualTo(50), result.Output);
    }

    [TestCase("clear")]
    [TestCase("tls")]
    public async Task H2load_sees_no_error(string listener)
    {
        ToolResult result = await Tools.RunAsync(
            "/usr/bin/h2load", ["-n", "5000", "-c", "4", "-m", "32", "-H", await BearerAsync("nginx"), Url2(listener, "nginx", "/small")]);

        Assert.That(result.Succeeded().Output, Does.Contain("5000 succeeded, 0 failed, 0 errored, 0 timeout").And.Contain("5000 2xx"), result.Output);
    }

    [TestCase("clear")]
    [TestCase("tls")]
    public async Task Node_with_100_requests_at_once_on_one_connection(string listener)
    {
        var environment = new Dictionary<string, string> { ["WG_URL"] = Url2(listener, "node", ""), ["WG_PLACEHOLDER"] = await TokenAsync("node") };
        if (listener == "tls")
        {
            environment["WG_CA"] = Gateway.Authority;
        }

        ToolResult result = await Tools.RunAsync("/usr/bin/env", ["node", Path.Combine(Places.Clients, "http2_client.js")], environment);

        Assert.That(result.Succeeded().Output, Is.EqualTo("100 answers\n"));
        await Wait.UntilAsync(() => Node.HasCut("/events") || Node.Seen().Contains("GET /events"), "node to know");
    }

    private IReadOnlyList<string> Speaking(string listener) =>
        listener == "tls" ? ["--http2", "--cacert", Gateway.Authority] : ["--http2-prior-knowledge"];

    private string Url2(string listener, string target, string path) => string.Create(
        CultureInfo.InvariantCulture, $"{(listener == "tls" ? "https" : "http")}://127.0.0.1:{(listener == "tls" ? Gateway.TlsPort : Gateway.ClearPort)}/{target}{path}");
}
