using System.Text;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>What curl asks, nginx and node get, with the real credential; and what they answer, curl gets.</summary>
internal sealed class CurlTests : HttpFixture
{
    [Test]
    public async Task GET()
    {
        ToolResult result = await CurlAsync("nginx", "/small", "-o", Path.Combine(Nginx.Root, "got"), "-w", "%{http_code} %header{server}");

        Assert.That(result.Succeeded().Output, Does.StartWith("200 nginx/"));
        Assert.That(await File.ReadAllBytesAsync(Path.Combine(Nginx.Root, "got")),
            Is.EqualTo(await File.ReadAllBytesAsync(Path.Combine(Nginx.Files, "small"))));
    }

    [Test]
    public async Task HEAD_has_a_length_and_the_next_request_its_own_answer()
    {
        ToolResult result = await CurlAsync(
            "nginx", "/small", "-I", "-w", "%{num_connects}\n", "--next", "-H", await BearerAsync("nginx"), Url("nginx", "/any"), "-w", " %{num_connects}");

        Assert.That(result.Succeeded().Output, Does.Contain("Content-Length: 1024\r\n").And.EndWith("\r\n\r\n1\nany 0"));
    }

    [Test]
    public async Task POST_with_a_length()
    {
        JsonElement seen = Echo(await CurlAsync("node", "/form?x=%20y", "--data-binary", "a=1&b=2"));

        Assert.That(seen.GetProperty("method").GetString() + seen.GetProperty("url").GetString(), Is.EqualTo("POST/form?x=%20y"));
        Assert.That(Fields(seen),
            Does.Contain("Content-Length: 7").And.Contain($"Authorization: Bearer {NginxHost.Token}").And.Contain($"Host: 127.0.0.1:{Node.Port}"));
        Assert.That(seen.GetProperty("length").GetInt64(), Is.EqualTo(7));
    }

    [Test]
    public async Task POST_in_chunks()
    {
        string text = string.Concat(Enumerable.Range(0, 50_000).Select(i => $"line {i}\n"));
        ToolResult result = await CurlAsync(["-H", await BearerAsync("node"), "-X", "POST", "-T", "-", Url("node", "/chunks")], text);
        JsonElement seen = Echo(result);

        Assert.That(Fields(seen), Does.Contain("Transfer-Encoding: chunked").And.None.StartsWith("Content-Length"));
        Assert.That(seen.GetProperty("sha256").GetString(), Is.EqualTo(Hash(Encoding.ASCII.GetBytes(text))));
    }

    [Test]
    public async Task Expect_100_continue_is_answered_once_and_the_body_follows()
    {
        string file = Noise("expected", 3_000_000);
        ToolResult result = await CurlAsync(
            "node", "/expected", "-v", "-H", "Expect: 100-continue", "--expect100-timeout", "40", "--data-binary", $"@{file}");
        JsonElement seen = Echo(result);

        Assert.That(result.Error.Split("< HTTP/1.1 100 Continue"), Has.Length.EqualTo(2), result.Error);
        Assert.That(seen.GetProperty("sha256").GetString(), Is.EqualTo(Hash(await File.ReadAllBytesAsync(file))));
    }

    [Test]
    public async Task HTTP_1_0()
    {
        JsonElement seen = Echo(await CurlAsync("node", "/old", "--http1.0", "-d", "x"));

        Assert.That((seen.GetProperty("version").GetString(), seen.GetProperty("length").GetInt32()), Is.EqualTo(("1.1", 1)));
    }

    [TestCase("-H", "Authorization: Bearer {0}")]
    [TestCase("--oauth2-bearer", "{0}")]
    [TestCase("-u", "alice:{0}")]
    [TestCase("-u", "{0}:x-oauth-basic")]
    public async Task A_placeholder_in_Authorization_becomes_what_the_login_says(string option, string value)
    {
        foreach (string target in (string[])["node", "basic"])
        {
            ToolResult result = await CurlAsync(
                [option, value.Replace("{0}", await TokenAsync(target), StringComparison.Ordinal), Url(target, "/who")]);
            string real = target == "node" ? $"Bearer {NginxHost.Token}" : "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"ci:{NginxHost.Token}"));

            Assert.That(Fields(Echo(result)).Where(f => f.StartsWith("Authorization", StringComparison.Ordinal)),
                Is.EqualTo(new[] { $"Authorization: {real}" }));
        }
    }

    [Test]
    public async Task A_placeholder_in_a_field_becomes_what_the_login_says()
    {
        ToolResult result = await CurlAsync(["-H", $"X-Api-Key: {await TokenAsync("field")}", Url("field", "/who")]);

        Assert.That(Fields(Echo(result)), Does.Contain($"X-Api-Key: key={NginxHost.Token}"));
    }

    [Test]
    public async Task A_placeholder_in_the_query_becomes_what_the_login_says()
    {
        ToolResult result = await CurlAsync([Url("query", $"/who?a=1&api_key={await TokenAsync("query")}&b=2")]);

        Assert.That(Echo(result).GetProperty("url").GetString(), Is.EqualTo($"/who?a=1&b=2&api_key={NginxHost.Token}"));
    }

    [TestCase("--http1.1")]
    [TestCase("--http2-prior-knowledge")]
    public async Task A_placeholder_in_a_cookie_becomes_what_the_login_says(string version)
    {
        string url = Url("cookie", "/who").Replace($":{Gateway.Port}", $":{Gateway.ClearPort}", StringComparison.Ordinal);
        ToolResult result = await CurlAsync([version, "-b", $"a=1; session={await TokenAsync("cookie")}; b=2", url]);

        Assert.That(Fields(Echo(result)).Where(f => f.StartsWith("cookie", StringComparison.OrdinalIgnoreCase)),
            Is.EqualTo(new[] { $"Cookie: a=1; b=2; session={NginxHost.Token}" }));
    }

    [Test]
    public async Task A_range()
    {
        ToolResult result = await CurlAsync(
            "nginx", "/small", "-r", "100-299", "-o", Path.Combine(Nginx.Root, "part"), "-w", "%{http_code} %header{content-range}");

        Assert.That(result.Succeeded().Output, Is.EqualTo("206 bytes 100-299/1024"));
        Assert.That(await File.ReadAllBytesAsync(Path.Combine(Nginx.Root, "part")),
            Is.EqualTo((await File.ReadAllBytesAsync(Path.Combine(Nginx.Files, "small")))[100..300]));
    }

    [Test]
    public async Task Answers_without_a_body_leave_the_connection_to_the_next()
    {
        string tag = (await CurlAsync("nginx", "/small", "-o", "/dev/null", "-w", "%header{etag}")).Succeeded().Output;
        Assert.That(tag, Is.Not.Empty);
        string[] urls = [Url("nginx", "/nothing"), Url("nginx", "/small"), Url("nginx", "/small")];
        ToolResult result = await CurlAsync(
            ["-H", await BearerAsync("nginx"), "-H", $"If-None-Match: {tag}", "-w", "%{http_code} %{num_connects} %{size_download}\n", .. urls]);

        Assert.That(result.Succeeded().Output, Is.EqualTo("204 1 0\n304 0 0\n304 0 0\n"));
    }

    [Test]
    public async Task Several_requests_share_a_connection()
    {
        string[] urls = [.. Enumerable.Range(0, 20).Select(i => Url("nginx", $"/any/{i}"))];
        ToolResult result = await CurlAsync(["-H", await BearerAsync("nginx"), "-w", " %{http_code} %{num_connects}\n", .. urls]);

        Assert.That(result.Succeeded().Output, Is.EqualTo("any 200 1\n" + string.Concat(Enumerable.Repeat("any 200 0\n", 19))));
    }

    [Test]
    public async Task A_compressed_body_is_not_touched()
    {
        string[] files = [Path.Combine(Nginx.Root, "direct.gz"), Path.Combine(Nginx.Root, "through.gz")];
        (await CurlAsync([$"http://127.0.0.1:{Node.Port}/zipped", "-o", files[0]])).Succeeded();
        ToolResult result = await CurlAsync("node", "/zipped", "-H", "Accept-Encoding: gzip", "-o", files[1], "-w", "%header{content-encoding}");

        Assert.That(result.Succeeded().Output, Is.EqualTo("gzip"));
        Assert.That(await File.ReadAllBytesAsync(files[1]), Is.EqualTo(await File.ReadAllBytesAsync(files[0])).And.Length.GreaterThan(100));
    }

    [Test]
    public async Task TLS_on_both_sides_is_agreed_on_to_be_for_HTTP_1_1()
    {
        ToolResult result = await CurlAsync(
            ["-v", "--http1.1", "--cacert", Gateway.Authority, "-H", await BearerAsync("secure"), $"https://127.0.0.1:{Gateway.TlsPort}/secure/any"]);

        Assert.That(result.Succeeded().Output, Is.EqualTo("any"));
        Assert.That(result.Error, Does.Contain("server accepted http/1.1"));
    }

    /// <summary>What node saw, in which there is nothing of a placeholder.</summary>
    private static JsonElement Echo(ToolResult result)
    {
        Assert.That(result.Succeeded().Output, Does.StartWith("{").And.Not.Contain("wgp_"));
        return JsonElement.Parse(result.Output);
    }

    private static string[] Fields(JsonElement seen) =>
        [.. seen.GetProperty("headers").EnumerateArray().Select(h => h.GetString()!).Chunk(2).Select(h => $"{h[0]}: {h[1]}")];
}
