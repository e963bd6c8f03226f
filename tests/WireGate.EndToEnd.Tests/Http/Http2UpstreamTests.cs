using System.Security.Cryptography;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Real upstreams that are asked in HTTP/2, by clients of either version.</summary>
internal sealed class Http2UpstreamTests : HttpFixture
{
    [TestCase("node2", "--http1.1", "2.0")]
    [TestCase("node2", "--http2-prior-knowledge", "2.0")]
    [TestCase("node2-clear", "--http1.1", "2.0")]
    [TestCase("node2-clear", "--http2-prior-knowledge", "2.0")]
    [TestCase("node2-off", "--http1.1", "1.1")]
    [TestCase("node2-off", "--http2-prior-knowledge", "1.1")]
    public async Task Node_gets_what_curl_sends_and_the_real_credential(string target, string version, string spoken)
    {
        string file = Noise("sent", 3_000_000);
        ToolResult result = await CurlAsync([version, "-H", await BearerAsync(target), "--data-binary", $"@{file}", Url2(target, "/sent?a=%2F")]);
        JsonElement seen = JsonElement.Parse(result.Succeeded().Output);

        Assert.That(seen.GetProperty("version").GetString(), Is.EqualTo(spoken));
        Assert.That(seen.GetProperty("url").GetString(), Is.EqualTo("/sent?a=%2F"));
        Assert.That(seen.GetProperty("sha256").GetString(), Is.EqualTo(Hash(await File.ReadAllBytesAsync(file))));
        Assert.That(seen.GetProperty("headers").ToString(), Does.Not.Contain("wgp_"));
        Assert.That(seen.GetProperty("headers").EnumerateArray().Select(h => h.GetString()), Does.Contain($"Bearer {new string('*', NginxHost.Token.Length)}").Or.Contain($"Bearer {NginxHost.Token}"));
    }

    [TestCase("--http1.1")]
    [TestCase("--http2-prior-knowledge")]
    public async Task A_long_answer_of_nginx(string version)
    {
        byte[] noise = RandomNumberGenerator.GetBytes(20_000_000);
        await File.WriteAllBytesAsync(Path.Combine(Nginx.Files, "long2"), noise);
        ToolResult result = await CurlAsync([version, "-H", await BearerAsync("secure"), "-o", Path.Combine(Nginx.Root, "got2"), "-w", "%{http_code}", Url2("secure", "/long2")]);

        Assert.That(result.Succeeded().Output, Is.EqualTo("200"));
        Assert.That(Hash(await File.ReadAllBytesAsync(Path.Combine(Nginx.Root, "got2"))), Is.EqualTo(Hash(noise)));
    }

    [Test]
    public async Task A_long_upload_to_nginx()
    {
        string file = Noise("up2", 10_000_000);
        ToolResult result = await CurlAsync(["--http1.1", "-H", await BearerAsync("secure"), "-T", file, "-w", "%{http_code}", Url2("secure", "/up2")]);

        Assert.That(result.Succeeded().Output, Is.EqualTo("201"));
        Assert.That(Hash(await File.ReadAllBytesAsync(Path.Combine(Nginx.Files, "up2"))), Is.EqualTo(Hash(await File.ReadAllBytesAsync(file))));
    }

    [Test]
    public async Task An_answer_before_the_whole_request_is_passed_on()
    {
        string file = Noise("large2", 10_000_000);
        ToolResult result = await CurlAsync(
            ["--http1.1", "-H", await BearerAsync("secure"), "-H", "Expect:", "-T", file, "-o", "/dev/null", "-w", "%{http_code}", Url2("secure", "/small-only/x")]);

        Assert.That(result.Output, Is.EqualTo("413"), result.Error);
    }

    [TestCase("secure")]
    [TestCase("node2")]
    public async Task H2load_sees_no_error(string target)
    {
        ToolResult result = await Tools.RunAsync(
            "/usr/bin/h2load", ["-n", "3000", "-c", "4", "-m", "32", "-H", await BearerAsync(target), Url2(target, "/any/x")]);

        Assert.That(result.Succeeded().Output, Does.Contain("3000 succeeded, 0 failed, 0 errored, 0 timeout").And.Contain("3000 2xx"), result.Output);
    }

    [TestCase("node2")]
    [TestCase("node2-clear")]
    public async Task Node_with_100_requests_at_once_on_one_connection(string target)
    {
        var environment = new Dictionary<string, string> { ["WG_URL"] = Url2(target, ""), ["WG_PLACEHOLDER"] = await TokenAsync(target) };
        ToolResult result = await Tools.RunAsync("/usr/bin/env", ["node", Path.Combine(Places.Clients, "http2_client.js")], environment);

        Assert.That(result.Succeeded().Output, Is.EqualTo("100 answers\n"));
    }

    [TestCase("node2")]
    [TestCase("node2-clear")]
    public async Task Node_reads_the_fields_of_500_requests_and_answers_with_tables_of_any_size(string target)
    {
        var environment = new Dictionary<string, string> { ["WG_URL"] = Url2(target, ""), ["WG_PLACEHOLDER"] = await TokenAsync(target) };
        ToolResult result = await Tools.RunAsync("/usr/bin/env", ["node", Path.Combine(Places.Clients, "http2_fields.js")], environment);

        Assert.That(result.Succeeded().Output, Is.EqualTo("500 answers\n"));
    }

    private string Url2(string target, string path) => $"http://127.0.0.1:{Gateway.ClearPort}/{target}{path}";
}
