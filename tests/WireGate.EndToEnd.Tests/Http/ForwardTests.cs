using System.Globalization;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Real clients behind the proxy, with the authority that the real command makes; nginx over TLS and node in clear as the upstreams.</summary>
internal sealed class ForwardTests : HttpFixture
{
    private readonly int _port = Ports.Free();
    private string _directory = null!;

    private string Proxy => $"http://127.0.0.1:{_port}";

    private string Authority => Path.Combine(_directory, "ca.crt");

    private string Secure => $"https://nginx.test:{Nginx.TlsPort}";

    private string Clear => $"node.test:{Node.Port}";

    protected override string Edit(string config)
    {
        _directory = Places.Temporary("forward");
        string edited = config
            .Replace("secrets:\n", $"  - {{ name: out, protocol: forward, address: \"127.0.0.1:{_port}\", ca: {{ certificate: {Authority}, key: {_directory}/ca.key }} }}\nsecrets:\n", StringComparison.Ordinal)
            .Replace("path: /secure\n", "path: /secure\n    hosts: [nginx.test]\n", StringComparison.Ordinal)
            .Replace("targets:\n", $"targets:\n  rebound: {{ protocol: http, address: \"https://rebound.test:443\", hosts: [rebound.test], logins: {{ bot: {{ bearer: real }} }} }}\n", StringComparison.Ordinal)
            .Replace("query]\n", "query, rebound]\n", StringComparison.Ordinal);
        string path = Path.Combine(_directory, "wiregate.yaml");
        PrivateFile.Write(path, edited);
        Tools.RunAsync(Places.Gateway, ["ca", "create", "--config", path]).GetAwaiter().GetResult().Succeeded();
        return edited;
    }

    [OneTimeTearDown]
    public void Remove() => Directory.Delete(_directory, recursive: true);

    [Test]
    public async Task Curl_over_TLS_and_in_clear()
    {
        ToolResult result = await ProxiedAsync([$"{Secure}/any", $"{Secure}/any", "-H", await BearerAsync("secure"), "-w", "%{http_code} %{num_connects}\n"]);
        Assert.That(result.Succeeded().Output, Is.EqualTo("any200 1\nany200 0\n"));

        ToolResult clear = await ProxiedAsync([$"http://{Clear}/clear?a=b", "-d", "x", "-H", await BearerAsync("node")]);
        Assert.That(JsonElement.Parse(clear.Succeeded().Output).GetProperty("url").GetString(), Is.EqualTo("/clear?a=b"));
        Assert.That(clear.Output, Does.Not.Contain("Proxy"));

        ToolResult tunnelled = await ProxiedAsync([$"https://{Clear}/tunnelled", "-H", await BearerAsync("node"), "--proxytunnel", "--proxy-user", "a:b"]);
        Assert.That(JsonElement.Parse(tunnelled.Succeeded().Output).GetProperty("url").GetString(), Is.EqualTo("/tunnelled"));
        Assert.That(tunnelled.Output, Does.Not.Contain("Proxy"));
    }

    [TestCase("--http2", "2 1\n2 0\n")]
    [TestCase("--http1.1", "1.1 1\n1.1 0\n")]
    public async Task Curl_speaks_what_it_likes_within_a_tunnel(string version, string spoken)
    {
        ToolResult result = await ProxiedAsync(
            [version, "-f", "-o", "/dev/null", $"{Secure}/any", "-o", "/dev/null", $"{Secure}/any", "-H", await BearerAsync("secure"), "-w", "%{http_version} %{num_connects}\n"]);
        Assert.That(result.Succeeded().Output, Is.EqualTo(spoken));
    }

    [Test]
    public async Task Nodes_http2_over_CONNECT()
    {
        ToolResult result = await Tools.RunAsync("/usr/bin/env", ["node", Path.Combine(Places.Clients, "http2_client.js")], new Dictionary<string, string>
        {
            ["WG_PROXY"] = Proxy,
            ["WG_URL"] = $"https://{Clear}",
            ["WG_PLACEHOLDER"] = await TokenAsync("node"),
            ["WG_CA"] = Authority,
        });
        Assert.That(result.Succeeded().Output, Is.EqualTo("100 answers\n"));
    }

    [Test]
    public async Task Fifty_megabytes_go_up_and_come_down_as_they_are()
    {
        string file = Noise("sent-forward", 50_000_000), back = Path.Combine(Nginx.Root, "back-forward");

        (await ProxiedAsync(["-T", file, $"{Secure}/large-forward", "-H", await BearerAsync("secure")])).Succeeded();
        (await ProxiedAsync(["-o", back, $"{Secure}/large-forward", "-H", await BearerAsync("secure")])).Succeeded();

        Assert.That(Hash(await File.ReadAllBytesAsync(back)), Is.EqualTo(Hash(await File.ReadAllBytesAsync(file))));
    }

    [Test]
    public async Task A_client_that_does_not_trust_the_authority_sends_nothing()
    {
        ToolResult result = await CurlAsync(["-x", Proxy, "--noproxy", "", $"{Secure}/untrusted", "-H", await BearerAsync("secure")]);

        Assert.That(result.ExitCode, Is.EqualTo(60), result.ToString());
        Assert.That(Nginx.Seen(), Has.None.Contains("untrusted"));
    }

    [TestCase("https://nowhere.test/")]
    [TestCase("https://nginx.test/")]
    [TestCase("https://127.0.0.1:{0}/")]
    [TestCase("https://localhost:{0}/")]
    [TestCase("https://[::ffff:127.0.0.1]:{0}/")]
    [TestCase("https://169.254.169.254/latest/meta-data/")]
    [TestCase("https://2852039166/")]
    public async Task A_host_that_is_no_target_is_refused(string url)
    {
        url = url.Replace("{0}", Nginx.TlsPort.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        ToolResult result = await ProxiedAsync([url, "-k", "-w", "%{http_connect}", "-H", await BearerAsync("secure")]);

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((56, "403")), result.ToString());
        Assert.That(await Gateway.AuditAsync(), Does.Contain("\"protocol\":\"forward\",\"host\":\"").And.Contain("no target here"));
    }

    [Test]
    public async Task A_target_that_cannot_be_reached_is_a_bad_gateway_within()
    {
        ToolResult result = await ProxiedAsync(["https://rebound.test/", "-w", "%{http_code}", "-H", await BearerAsync("rebound")]);

        Assert.That(result.Succeeded().Output, Does.EndWith("502"));
    }

    [Test]
    public async Task Nodes_https_over_CONNECT()
    {
        Assert.That(await NodeAsync(), Is.EqualTo("200"));
        Assert.That(Node.Seen().Count(s => s.StartsWith("POST /forwarded/", StringComparison.Ordinal)), Is.EqualTo(20));
        Assert.That(await NodeAsync(("WG_SNI", "nginx.test")), Is.EqualTo("421"));
        Assert.That(await NodeAsync(("WG_HOST", $"nginx.test:{Nginx.TlsPort}")), Is.EqualTo("421"));
        Assert.That(await NodeAsync(("WG_URL", "https://nowhere.test:443")), Is.EqualTo("CONNECT 403"));
        Assert.That(await NodeAsync(("NODE_EXTRA_CA_CERTS", "")), Does.Contain("certificate"));
        Assert.That(Node.Seen().Count(s => s.StartsWith("POST /forwarded/", StringComparison.Ordinal)), Is.EqualTo(20));
    }

    [Test]
    public async Task Python()
    {
        ToolResult result = await Tools.RunAsync("/usr/bin/python3", [Path.Combine(Places.Clients, "forward_client.py")], new Dictionary<string, string>
        {
            ["WG_URL"] = $"https://{Clear}",
            ["WG_PLACEHOLDER"] = await TokenAsync("node"),
            ["https_proxy"] = Proxy,
            ["no_proxy"] = "",
            ["SSL_CERT_FILE"] = Authority,
        });

        Assert.That(result.Succeeded().Output, Is.EqualTo("urllib\n"));
    }

    [Test]
    public async Task Git_clones()
    {
        string source = Path.Combine(_directory, "source"), served = Path.Combine(Nginx.Files, "repo.git"), clone = Path.Combine(_directory, "clone");
        await GitAsync("init", "-q", source);
        await File.WriteAllTextAsync(Path.Combine(source, "file"), "content");
        await GitAsync("-C", source, "add", "file");
        await GitAsync("-C", source, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first");
        await GitAsync("clone", "-q", "--bare", source, served);
        await GitAsync("-C", served, "update-server-info");

        await GitAsync("-c", $"http.extraHeader={await BearerAsync("secure")}", "clone", "-q", $"{Secure}/repo.git", clone);

        Assert.That(await File.ReadAllTextAsync(Path.Combine(clone, "file")), Is.EqualTo("content"));
        Assert.That(Nginx.Seen(), Has.Some.StartsWith("GET /repo.git/info/refs"));
    }

    [Test]
    public async Task Openssl_sees_the_certificate_of_that_host_alone()
    {
        ToolResult result = await Tools.RunAsync(
            "/usr/bin/openssl",
            ["s_client", "-proxy", $"127.0.0.1:{_port}", "-connect", $"nginx.test:{Nginx.TlsPort}", "-servername", "nginx.test", "-verify_return_error", "-x509_strict",
                "-verify_hostname", "nginx.test", "-CAfile", Authority, "-alpn", "h2,http/1.1", "-brief"],
            input: "");

        Assert.That(result.Output + result.Error, Does.Contain("Verification: OK").And.Contain("Verified peername: nginx.test"));
    }

    [Test]
    public async Task The_command_shows_the_authority()
    {
        ToolResult result = (await Gateway.CommandAsync("ca", "show")).Succeeded();

        Assert.That(result.Output.Trim(), Is.EqualTo((await File.ReadAllTextAsync(Authority)).Trim()));
        Assert.That(result.Error, Does.Contain($"export HTTPS_PROXY={Proxy} ").And.Contain("nginx.test, node.test, rebound.test"));
    }

    private Task<ToolResult> ProxiedAsync(IReadOnlyList<string> arguments) =>
        Tools.RunAsync("/usr/bin/curl", ["-q", "-sS", "--max-time", "50", "--noproxy", "", "-x", Proxy, "--cacert", Authority, .. arguments]);

    private async Task GitAsync(params IReadOnlyList<string> arguments) => (await Tools.RunAsync("/usr/bin/git", arguments, new Dictionary<string, string>
    {
        ["HOME"] = _directory,
        ["GIT_CONFIG_NOSYSTEM"] = "1",
        ["https_proxy"] = Proxy,
        ["no_proxy"] = "",
        ["GIT_SSL_CAINFO"] = Authority,
        ["GIT_TERMINAL_PROMPT"] = "0",
    })).Succeeded();

    private async Task<string> NodeAsync(params (string Name, string Value)[] other)
    {
        var environment = new Dictionary<string, string>
        {
            ["WG_PROXY"] = Proxy,
            ["WG_URL"] = $"https://{Clear}",
            ["WG_PLACEHOLDER"] = await TokenAsync("node"),
            ["NODE_EXTRA_CA_CERTS"] = Authority,
        };
        foreach ((string name, string value) in other)
        {
            environment[name] = value;
        }

        return (await Tools.RunAsync("/usr/bin/env", ["node", Path.Combine(Places.Clients, "forward_client.js")], environment)).Succeeded().Output.Trim();
    }
}
