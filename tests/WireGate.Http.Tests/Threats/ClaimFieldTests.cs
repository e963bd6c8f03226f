using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Threats;

/// <summary>T28: fields by which a client would say who asks, or for what else: target "api" is asked in HTTP/2, "other" in HTTP/1.1.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class ClaimFieldTests(TransportKind transport) : HttpFixture(transport)
{
    private static readonly string[] Claims =
    [
        "Forwarded", "X-Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server",
        "X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Path", "X-Forwarded-Client-Cert", "X-Forwarded-User",
        "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Preferred-Username", "X-Forwarded-Access-Token", "X-Forwarded-Id-Token", "X-Forwarded-Anything",
        "X-Remote-User", "X-Remote-Group", "X-Remote-Extra-Scopes", "X-Remote-Addr", "X-Remote-Ip", "Remote-User", "Remote-Groups", "Remote-Email", "Remote-Name",
        "X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Groups", "X-Auth-Request-Preferred-Username", "X-Auth-Request-Access-Token",
        "X-Auth-Request-Redirect", "Impersonate-User", "Impersonate-Group", "Impersonate-Uid", "Impersonate-Extra-Scopes", "X-Real-IP", "X-Client-IP", "Client-IP",
        "True-Client-IP", "X-Cluster-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "X-Original-URL", "X-Original-URI", "X-Original-Host", "X-Original-Method",
        "X-Original-Forwarded-For", "X-Rewrite-URL", "X-Host", "X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override", "X-Webauth-User",
        "X-Authenticated-User", "X-Authenticated-Groups", "X-Proxy-User", "X-ProxyUser-Ip", "Client-Cert", "Client-Cert-Chain", "X-Client-Cert", "X-SSL-Client-Cert",
        "X-SSL-Client-DN", "SSL-Client-Verify", "X-ARR-ClientCert", "X-Amzn-Oidc-Data", "X-Amzn-Oidc-Identity", "X-Amzn-Mtls-Clientcert", "X-MS-Client-Principal",
        "X-MS-Client-Principal-Name", "X-MS-Token-Aad-Access-Token", "X-Goog-Authenticated-User-Email", "X-Goog-IAP-JWT-Assertion", "Cf-Access-Jwt-Assertion",
        "Cf-Access-Authenticated-User-Email", "X-Authentik-Username", "X-Pomerium-Jwt-Assertion", "X-Consumer-Username", "X-Consumer-Groups",
        "X-Credential-Identifier", "X-Envoy-External-Address", "X-Envoy-Original-Path", "Tailscale-User-Login",
    ];

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
        Targets = config.Targets.Values.Select(t => t.Name == "api" ? t with { Http2 = TargetHttp2.Clear } : t).ToFrozenDictionary(t => t.Name),
    };

    [Test]
    public async Task T28_Of_what_a_client_claims_nothing_goes_on_in_HTTP_1()
    {
        RawPeer client = await ConnectAsync();
        RawPeer? upstream = null;
        foreach (string[] some in Claims.Chunk(30))
        {
            string fields = string.Concat(some.Select(c => $"{c}: root\r\n{c.ToLowerInvariant()}: root\r\n"));
            await client.SendAsync(Request("GET /v1", fields + "X-Yours: 2\r\n").Replace("api.test", "other.test", StringComparison.Ordinal));
            upstream ??= await AcceptAsync();
            string head = await upstream.HeadAsync();
            await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
            await client.HeadAsync();

            Assert.That(head, Does.Contain("X-Yours: 2\r\n").And.Not.Contain("root"));
        }
    }

    [Test]
    public async Task T28_Of_what_a_client_claims_nothing_goes_on_in_HTTP_2()
    {
        Http2Peer client = await ConnectHttp2Async();
        Http2UpstreamPeer? upstream = null;
        for (int i = 0; i * 50 < Claims.Length; i++)
        {
            int stream = await client.AskAsync(Fields(
                "GET", "/v1", string.Concat(Claims.Skip(i * 50).Take(50).Select(c => c.ToLowerInvariant() + ": root\n")) + "x-yours: 2\npriority: u=0, i\n"));
            upstream ??= await AcceptHttp2Async();
            string head = (await upstream.RequestAsync((2 * i) + 1, r => r.IsWhole)).Head;
            await upstream.HeadersAsync((2 * i) + 1, ":status: 204\n", isLast: true);
            await client.AnswerAsync(stream);

            Assert.That(head, Does.Contain("x-yours: 2\n").And.Not.Contain("root").And.Not.Contain("priority"));
        }
    }

    private static IEnumerable<string> Spellable => Claims.Where(c => c.Contains('-', StringComparison.Ordinal) && !IsOfKubernetes(c));

    [TestCaseSource(nameof(Spellable))]
    public async Task T28_What_some_servers_take_for_one_is_refused(string claim)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /v1", $"{claim.Replace('-', '_')}: root\r\n"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task T28_And_what_API_servers_take_for_one_ends_here()
    {
        RawPeer client = await ConnectAsync();
        string fields = string.Concat(Claims.Where(IsOfKubernetes).Select(c => $"{c.Replace('-', '_')}: root\r\n{c.Replace("-U", "_U", StringComparison.Ordinal).ToUpperInvariant()}: root\r\n"));
        await client.SendAsync(Request("GET /v1", fields + "X_Yours: 2\r\n").Replace("api.test", "other.test", StringComparison.Ordinal));

        Assert.That(await (await AcceptAsync()).HeadAsync(), Does.Contain("X_Yours: 2\r\n").And.Not.Contain("root"));
    }

    [Test]
    public async Task T28_Nor_does_naming_one_as_the_connections_own_help()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /v1", "Connection: X-Forwarded-User\r\nX-Forwarded-User: root\r\n"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task An_upstream_says_who_it_took_the_client_for()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /v1").Replace("api.test", "other.test", StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\nX-Auth-Request-User: bot\r\nPriority: u=1\r\n\r\n");

        Assert.That(await client.HeadAsync(), Does.Contain("X-Auth-Request-User: bot\r\nPriority: u=1\r\n"));
    }

    private static bool IsOfKubernetes(string claim) => claim.StartsWith("Impersonate", StringComparison.Ordinal) || claim.StartsWith("X-Remote", StringComparison.Ordinal);
}
