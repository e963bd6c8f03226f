using System.Globalization;
using System.Net;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>HAProxy, in HTTP/1.1 and HTTP/2, and nghttpd as upstreams, of clients of either version; and a listener that is a Unix socket.</summary>
internal sealed class OtherUpstreamsTests : HttpFixture
{
    private readonly int _haproxy = Ports.Free(), _haproxy2 = Ports.Free(), _nghttpd = Ports.Free();
    private string _root = null!;
    private RunningProcess? _first, _second;

    private static readonly string[] Versions = ["--http1.1", "--http2-prior-knowledge"];

    private string Socket => Path.Combine(_root, "web.sock");

    protected override string Edit(string config)
    {
        _root = Places.Temporary("others");
        string path = Path.Combine(_root, "haproxy.cfg");
        File.WriteAllText(path, $"""
            defaults
              mode http
              timeout connect 30s
              timeout client 60s
              timeout server 60s
            frontend one
              bind 127.0.0.1:{_haproxy}
              default_backend nginx
            frontend two
              bind 127.0.0.1:{_haproxy2} proto h2
              default_backend nginx
            backend nginx
              server nginx 127.0.0.1:{Nginx.Port}

            """);
        _first = RunningProcess.Start("/usr/sbin/haproxy", ["-db", "-f", path]);
        _second = RunningProcess.Start("/usr/sbin/nghttpd", ["--no-tls", "--echo-upload", "--trailer", "x-last: 1", "-a", "127.0.0.1", "-d", Nginx.Files, _nghttpd.ToString(CultureInfo.InvariantCulture)]);
        Wait.UntilAsync(
            async () => await Ports.AcceptsAsync(IPAddress.Loopback, _haproxy2) && await Ports.AcceptsAsync(IPAddress.Loopback, _nghttpd), "HAProxy and nghttpd to serve").GetAwaiter().GetResult();
        return config
            .Replace("listeners:\n", $"listeners:\n  - {{ name: socket, protocol: http, address: \"unix:{Socket}\", mode: \"0600\" }}\n", StringComparison.Ordinal)
            .Replace("targets:\n", $$"""
                targets:
                  haproxy: { protocol: http, address: "http://127.0.0.1:{{_haproxy}}", path: /haproxy, logins: { bot: { bearer: real } } }
                  haproxy2: { protocol: http, address: "http://127.0.0.1:{{_haproxy2}}", http2: clear, path: /haproxy2, logins: { bot: { bearer: real } } }
                  nghttpd: { protocol: http, address: "http://127.0.0.1:{{_nghttpd}}", http2: clear, path: /nghttpd, logins: { bot: { bearer: real } } }

                """, StringComparison.Ordinal)
            .Replace("grants:\n", "grants:\n  - { name: others, to: { issuer: local, groups: [agents] }, targets: [haproxy, haproxy2, nghttpd] }\n", StringComparison.Ordinal);
    }

    [OneTimeTearDown]
    public async Task StopOthersAsync()
    {
        foreach (RunningProcess? process in new[] { _first, _second })
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }
        }

        Directory.Delete(_root, recursive: true);
    }

    [Test]
    public async Task HAProxy_takes_and_gives_what_is_sent([Values("haproxy", "haproxy2")] string target, [ValueSource(nameof(Versions))] string version)
    {
        string name = $"{target}{version}", file = Noise(name, 5_000_000), back = Path.Combine(_root, name);
        ToolResult up = await CurlAsync([version, "-H", await BearerAsync(target), "-T", file, "-w", "%{http_code}", Url2(target, $"/{name}")]);
        Assert.That(up.Succeeded().Output, Is.EqualTo("201"));
        (await CurlAsync([version, "-H", await BearerAsync(target), "-o", back, Url2(target, $"/{name}")])).Succeeded();
        Assert.That(Hash(await File.ReadAllBytesAsync(back)), Is.EqualTo(Hash(await File.ReadAllBytesAsync(file))));

        ToolResult head = await CurlAsync([version, "-I", "-H", await BearerAsync(target), Url2(target, $"/{name}"), "-w", "%{http_code}"]);
        Assert.That(head.Succeeded().Output, Does.EndWith("200").And.Contain("5000000"));
        ToolResult missing = await CurlAsync([version, "-H", await BearerAsync(target), Url2(target, "/missing"), "-o", "/dev/null", "-w", "%{http_code}"]);
        Assert.That(missing.Succeeded().Output, Is.EqualTo("404"));
    }

    [TestCase("haproxy")]
    [TestCase("haproxy2")]
    [TestCase("nghttpd")]
    public async Task Of_many_requests_none_fails(string target)
    {
        ToolResult result = await Tools.RunAsync("/usr/bin/h2load", ["-n", "2000", "-c", "4", "-m", "16", "-H", await BearerAsync(target), Url2(target, "/small")]);

        Assert.That(result.Succeeded().Output, Does.Contain("2000 succeeded, 0 failed, 0 errored, 0 timeout").And.Contain("2000 2xx"), result.Output);
    }

    [TestCaseSource(nameof(Versions))]
    public async Task Nghttpd_says_back_what_it_was_sent(string version)
    {
        string file = Noise($"nghttpd{version}", 3_000_000), back = Path.Combine(_root, $"nghttpd{version}");
        (await CurlAsync([version, "-H", await BearerAsync("nghttpd"), "--data-binary", $"@{file}", "-o", back, Url2("nghttpd", "/echo")])).Succeeded();
        Assert.That(Hash(await File.ReadAllBytesAsync(back)), Is.EqualTo(Hash(await File.ReadAllBytesAsync(file))));

        (await CurlAsync([version, "-H", await BearerAsync("nghttpd"), "-o", back, Url2("nghttpd", "/small")])).Succeeded();
        Assert.That(Hash(await File.ReadAllBytesAsync(back)), Is.EqualTo(Hash(await File.ReadAllBytesAsync(Path.Combine(Nginx.Files, "small")))));
    }

    [Test]
    public async Task Curl_asks_through_a_Unix_socket()
    {
        string file = Noise("unix", 2_000_000), back = Path.Combine(_root, "unix");
        string[] common = ["--unix-socket", Socket, "-H", await BearerAsync("nginx")];
        Assert.That((await CurlAsync([.. common, "-T", file, "-w", "%{http_code}", "http://localhost/nginx/unix"])).Succeeded().Output, Is.EqualTo("201"));
        (await CurlAsync([.. common, "-o", back, "http://localhost/nginx/unix"])).Succeeded();
        Assert.That(Hash(await File.ReadAllBytesAsync(back)), Is.EqualTo(Hash(await File.ReadAllBytesAsync(file))));

        // Of what leads to the upstream's own address the client is told where that is for it.
        Directory.CreateDirectory(Path.Combine(Nginx.Files, "folder"));
        ToolResult moved = await CurlAsync([.. common, "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "http://localhost/nginx/folder"]);
        Assert.That(moved.Succeeded().Output, Is.EqualTo("301 http://localhost/nginx/folder/"));
        ToolResult refused = await CurlAsync(["--unix-socket", Socket, "-H", "Authorization: Bearer nothing", "-o", "/dev/null", "-w", "%{http_code}", "http://localhost/nginx/x"]);
        Assert.That(refused.Succeeded().Output, Is.EqualTo("401"));
    }

    private string Url2(string target, string path) => $"http://127.0.0.1:{Gateway.ClearPort}/{target}{path}";
}
