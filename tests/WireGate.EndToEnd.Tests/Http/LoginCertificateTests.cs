using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Two logins of one target that show a certificate each, to an upstream in TLS that keeps connections, and takes up its sessions again.</summary>
[TestFixture(true)]
[TestFixture(false)]
internal sealed class LoginCertificateTests(bool isHttp2) : HttpFixture
{
    private ScriptHost Upstream { get; set; } = null!;

    [OneTimeTearDown]
    public Task StopUpstreamAsync() => Upstream.DisposeAsync().AsTask();

    [Test]
    public async Task Each_request_goes_over_a_connection_that_showed_its_own()
    {
        string[] logins = ["first", "second", "first", "second", "second", "first"];
        IReadOnlyList<JsonElement> seen = await AskAsync("/kept", logins);

        Assert.That(seen.Select(r => r.GetProperty("subject").GetString()), Is.EqualTo(logins));
        Assert.That(seen.Select(r => r.GetProperty("connection").GetInt32()).Distinct().Count(), Is.EqualTo(2), "and connections are kept");
        Assert.That(seen.Select(r => r.GetProperty("version").GetString()), Is.All.EqualTo(isHttp2 ? "2.0" : "1.1"));
    }

    [Test]
    public async Task A_session_of_TLS_is_taken_up_again_by_its_own_login_only()
    {
        string[] logins = ["first", "first", "second", "first", "second", "second", "first"];
        IReadOnlyList<JsonElement> seen = await AskAsync("/then-close", logins);

        Assert.That(seen.Select(r => r.GetProperty("subject").GetString()), Is.EqualTo(logins));
        Assert.That(seen.Select(r => r.GetProperty("connection").GetInt32()), Is.Unique);
        Assert.That(seen.Select(r => r.GetProperty("resumed").GetBoolean()), Has.Some.True, "or this shows nothing");
        Assert.That(seen[Array.IndexOf(logins, "second")].GetProperty("resumed").GetBoolean(), Is.False, "there was none of its own");
    }

    protected override string Edit(string config)
    {
        string clients = "";
        Upstream = ScriptHost.StartAsync("certificate_server.js", root =>
        {
            using var issuer = new Certificates(Directory.CreateDirectory(Path.Combine(root, "clients")).FullName);
            issuer.Issue("first");
            issuer.Issue("second");
            clients = Path.GetDirectoryName(issuer.CaPath)!;
            return new Dictionary<string, string> { ["WG_CLIENTS"] = issuer.CaPath };
        }).GetAwaiter().GetResult();
        string logins = string.Join(", ", new[] { "first", "second" }.Select(l => $"{l}: {{ clientCertificate: {{ certificate: {clients}/{l}.crt, key: {l} }} }}"));
        string spoken = isHttp2 ? "" : "http2: off, ";
        return config
            .Replace("secrets:\n", $"secrets:\n  first: {{ file: {clients}/first.key }}\n  second: {{ file: {clients}/second.key }}\n", StringComparison.Ordinal)
            .Replace(
                "targets:\n",
                $"targets:\n  shown: {{ protocol: http, address: \"https://localhost:{Upstream.Port}\", path: /shown, {spoken}tls: {{ ca: {Upstream.Authority} }}, logins: {{ {logins} }} }}\n",
                StringComparison.Ordinal)
            .Replace(
                "grants:\n",
                "grants:\n"
                + "  - { name: of-first, to: { issuer: local, groups: [agents] }, targets: [shown], login: first }\n"
                + "  - { name: of-second, to: { issuer: local, groups: [agents] }, targets: [shown], login: second }\n",
                StringComparison.Ordinal);
    }

    // One after the other, each over a connection of its own to the gateway, by one and the same caller.
    private async Task<IReadOnlyList<JsonElement>> AskAsync(string path, string[] logins)
    {
        var tokens = new Dictionary<string, string>();
        foreach (string login in logins.Distinct())
        {
            ToolResult minted = (await Gateway.CommandAsync(
                "placeholder", "mint", "--subject", "alice", "--group", "agents", "--target", "shown", "--login", login, "--ttl", "1h")).Succeeded();
            tokens[login] = minted.Output.Trim();
        }

        foreach (string login in logins)
        {
            ToolResult result = await CurlAsync(["-H", $"Authorization: Bearer {tokens[login]}", Url("shown", path), "-w", "%{http_code}"]);
            Assert.That(result.Succeeded().Output, Is.EqualTo("204"), Gateway.Log + Upstream.Error);
        }

        return [.. Upstream.Records.Where(r => r.GetProperty("url").GetString() == path)];
    }
}
