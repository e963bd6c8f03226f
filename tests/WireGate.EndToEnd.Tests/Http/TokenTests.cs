using System.Security.Cryptography;
using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Logins whose tokens somebody else gives.</summary>
internal sealed class TokenTests : HttpFixture
{
    private const string ClientSecret = "p&w=d 100%";

    private readonly RSA _key = RSA.Create(2048);

    private ScriptHost Issuer { get; set; } = null!;

    [OneTimeTearDown]
    public async Task StopIssuerAsync()
    {
        await Issuer.DisposeAsync();
        _key.Dispose();
    }

    [Test]
    public async Task Curl_shows_a_placeholder_and_node_sees_a_token_of_OAuth_2_that_is_asked_for_once()
    {
        int before = Given();
        string[] seen = [.. (await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => CurlAsync("oauth2", "/who")))).Select(r => Shown(r.Succeeded().Output))];

        Assert.That(seen.Distinct().Single(), Does.Match("^Bearer oauth-token-[0-9]+$"));
        Assert.That(Given() - before, Is.EqualTo(1));

        int Given() => Issuer.Records.Count(r => r.GetProperty("body").TryGetProperty("access_token", out _));
    }

    [Test]
    public async Task Node_s_client_shows_a_placeholder_and_the_upstream_sees_a_token_of_GitHub()
    {
        const string Script =
            "fetch(process.env.WG_URL, { headers: { Authorization: 'token ' + process.env.WG_PLACEHOLDER } }).then(r => r.text()).then(t => process.stdout.write(t))";
        ToolResult result = await Tools.RunAsync(
            "/usr/bin/env", ["node", "-e", Script], new Dictionary<string, string> { ["WG_URL"] = Url("app", "/repos"), ["WG_PLACEHOLDER"] = await TokenAsync("app") });

        Assert.That(Shown(result.Succeeded().Output), Does.Match("^Bearer ghs_token_[0-9]+$"));
        JsonElement asked = Issuer.Records.Last(r => r.GetProperty("status").GetInt32() == 201).GetProperty("body").GetProperty("asked");
        Assert.That(asked.GetRawText(), Is.EqualTo("""{"repositories":["shop"],"permissions":{"contents":"read"}}"""));
    }

    [TestCase("refused", "answered 401 (invalid_client)")]
    [TestCase("mistrusted-idp", "certificate does not verify")]
    public async Task Without_a_token_nothing_is_asked_of_the_upstream(string target, string why)
    {
        ToolResult result = await CurlAsync(target, "/never", "-w", "%{http_code}");

        Assert.That(result.Succeeded().Output, Does.Contain("the credential for the upstream is not available").And.Not.Contain("invalid_client"));
        Assert.That(Node.Seen(), Has.None.Contains("/never"));
        Assert.That(await Gateway.AuditAsync(), Does.Contain(why));
        Assert.That(Gateway.Log, Does.Not.Contain(ClientSecret).And.Not.Contain("wrong-secret"));
    }

    [Test]
    public async Task Check_asks_for_tokens()
    {
        ToolResult result = await Gateway.CommandAsync("check", "--connect");

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Error, Does.Contain("oauth2 as bot at ").And.Contain("refused as bot at "));
        Assert.That(result.Error.Split('\n').Single(l => l.StartsWith("oauth2 as", StringComparison.Ordinal)), Does.EndWith(": ok"));
        Assert.That(result.Error.Split('\n').Single(l => l.StartsWith("app as", StringComparison.Ordinal)), Does.EndWith(": ok"));
        Assert.That(result.Error.Split('\n').Single(l => l.StartsWith("refused as", StringComparison.Ordinal)), Does.EndWith("answered 401 (invalid_client)"));
        Assert.That(result.Error.Split('\n').Single(l => l.StartsWith("mistrusted-idp as", StringComparison.Ordinal)), Does.Contain("certificate does not verify"));
    }

    protected override string Edit(string config)
    {
        Issuer = ScriptHost.StartAsync("token_server.js", root =>
        {
            File.WriteAllText(Path.Combine(root, "app.pub"), _key.ExportSubjectPublicKeyInfoPem());
            return new Dictionary<string, string> { ["WG_CLIENT_SECRET"] = ClientSecret, ["WG_APP_KEY"] = Path.Combine(root, "app.pub") };
        }).GetAwaiter().GetResult();
        string secret = Issuer.Write("idp", ClientSecret + "\n"), wrong = Issuer.Write("wrong", "wrong-secret"), key = Issuer.Write("app.pem", _key.ExportRSAPrivateKeyPem());
        string other = config.Split("tls: { ca: ")[2].Split(' ')[0], place = $"https://localhost:{Issuer.Port}";
        return config
            .Replace("secrets:\n", $"secrets:\n  idp: {{ file: {secret} }}\n  wrong: {{ file: {wrong} }}\n  app-key: {{ file: {key} }}\n", StringComparison.Ordinal)
            .Replace(
                "targets:\n",
                "targets:\n"
                + Target("oauth2", $"oauth2: {{ token: \"{place}/oauth/token\", client: wiregate, secret: idp, scope: [read, write], tls: {{ ca: {Issuer.Authority} }} }}")
                + Target("refused", $"oauth2: {{ token: \"{place}/oauth/token\", client: wiregate, secret: wrong, tls: {{ ca: {Issuer.Authority} }} }}")
                + Target("mistrusted-idp", $"oauth2: {{ token: \"{place}/oauth/token\", client: wiregate, secret: idp, tls: {{ ca: {other} }} }}")
                + Target("app", $"githubApp: {{ app: 12345, installation: 77, key: app-key, repositories: [shop], permissions: {{ contents: read }}, api: \"{place}\", tls: {{ ca: {Issuer.Authority} }} }}"),
                StringComparison.Ordinal)
            .Replace("targets: [nginx,", "targets: [oauth2, refused, mistrusted-idp, app, nginx,", StringComparison.Ordinal);

        string Target(string name, string login) =>
            $"  {name}: {{ protocol: http, address: \"http://127.0.0.1:{Node.Port}\", path: /{name}, logins: {{ bot: {{ {login} }} }} }}\n";
    }

    /// <summary>The Authorization that node saw.</summary>
    private static string Shown(string echo)
    {
        string[] headers = [.. JsonElement.Parse(echo).GetProperty("headers").EnumerateArray().Select(h => h.GetString()!)];
        return headers[Array.FindIndex(headers, h => h.Equals("authorization", StringComparison.OrdinalIgnoreCase)) + 1];
    }
}
