using System.Collections.Frozen;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Http.Tests.Sessions;

/// <summary>An API server of Kubernetes behind the gateway: who acts there, what is judged, and how it is refused.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class KubernetesTests(TransportKind transport) : HttpFixture(transport)
{
    private static readonly ImpersonationConfig AsCaller = new()
    {
        User = "wg:${identity.subject}",
        Groups = [new NamePattern("agents"), new NamePattern("sre-*")],
        GroupPrefix = "wg:",
        Extra = [KeyValuePair.Create("example.com/placeholder%", "${placeholder.id}"), KeyValuePair.Create("by", "${identity.issuer} in ${session.id}")],
    };

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Targets = config.Targets.Values
            .Select(t => t with { Protocol = ProtocolNames.Kubernetes, Logins = [t.Logins[0] with { Impersonate = AsCaller }] })
            .ToFrozenDictionary(t => t.Name),
        Rules = new RulesConfig
        {
            List =
            [
                new RuleConfig { Name = "shop", Match = new MatchConfig { Kubernetes = new KubernetesMatchConfig { Namespaces = [new NamePattern("shop")] } }, Do = Verdict.Allow },
                new RuleConfig { Name = "vault", Match = new MatchConfig { Kubernetes = new KubernetesMatchConfig { Namespaces = [new NamePattern("vault")] } }, Do = Verdict.Allow },
                new RuleConfig
                {
                    Name = "no-secrets",
                    Match = new MatchConfig { Kubernetes = new KubernetesMatchConfig { Namespaces = [new NamePattern("shop")], Resources = [ResourcePattern.TryParse("secrets", out ResourcePattern? secrets) ? secrets : throw new InvalidOperationException()] } },
                    Do = Verdict.Deny,
                    Reason = "ask the vault",
                },
                new RuleConfig
                {
                    Name = "no-new-maps",
                    Match = new MatchConfig { Kubernetes = new KubernetesMatchConfig { Verbs = ["create", "delete"], Resources = [ResourcePattern.TryParse("configmaps", out ResourcePattern? maps) ? maps : throw new InvalidOperationException()] } },
                    Do = Verdict.Deny,
                },
            ],
        },
    };

    [Test]
    public async Task Who_is_calling_is_said_in_fields_of_their_own()
    {
        string token = Placeholders.Mint(p => p with
        {
            Targets = ["api"],
            Identity = new Identity { Issuer = "local", Subject = "Zoë, of sales", Groups = ["agents", "dba", "sre-eu,us", "system:masters"] },
        }).Token;
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /api/v1/namespaces/shop/pods", "Accept: application/json\r\n").Replace(Token, token, StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();

        string session = Records(AuditEventKind.SessionOpened)[0].Session!;
        Assert.That(await upstream.HeadAsync(), Does.EndWith(
            $"Accept: application/json\r\nAuthorization: Bearer {Real}\r\nImpersonate-User: wg:Zo\u00c3\u00ab, of sales\r\n"
            + "Impersonate-Group: wg:agents\r\nImpersonate-Group: wg:sre-eu,us\r\n"
            + $"Impersonate-Extra-example.com%2fplaceholder%25: {token.Substring(4, 10)}\r\nImpersonate-Extra-by: local in {session}\r\n"
            + "Accept-Encoding: identity\r\n\r\n"));
    }

    [TestCase(" alice")]
    [TestCase("alice\t")]
    [TestCase("a\r\nImpersonate-Group: system:masters")]
    [TestCase("a\u007fb")]
    [TestCase("")]
    public async Task A_name_that_no_field_carries_is_refused(string subject) => await RefuseAsync(subject, AsCaller with { User = "${identity.subject}" });

    [TestCase("system:masters", "${identity.subject}")]
    [TestCase("tem:admin", "sys${identity.subject}")]
    public async Task Nobody_becomes_what_the_cluster_has_for_itself(string subject, string user) => await RefuseAsync(subject, AsCaller with { User = user });

    [Test]
    public async Task No_group_becomes_what_the_cluster_has_for_itself() =>
        await RefuseAsync("alice", AsCaller with { Groups = [new NamePattern("*")], GroupPrefix = "" }, "system:masters");

    [Test]
    public async Task What_a_config_names_in_full_is_meant()
    {
        SetImpersonation(new ImpersonationConfig { User = "system:serviceaccount:shop:agent" });
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /api/v1/namespaces/shop/pods"));
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.Contain("\r\nImpersonate-User: system:serviceaccount:shop:agent\r\nAccept-Encoding"));
    }

    [Test]
    public async Task A_reload_says_at_once_as_whom_the_login_acts()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /api/v1/namespaces/shop/pods"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain("\r\nImpersonate-User: wg:alice\r\nImpersonate-Group: wg:agents\r\n"));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await client.HeadAsync();
        Config = Config with
        {
            Version = "2",
            Targets = Config.Targets.Values
                .Select(t => t with { Logins = [t.Logins[0] with { Impersonate = new ImpersonationConfig { User = "new:${identity.subject}", Groups = [], GroupPrefix = "", Extra = [] } }] })
                .ToFrozenDictionary(t => t.Name),
        };
        await client.SendAsync(Request("GET /api/v1/namespaces/shop/pods"));
        RawPeer next = await AcceptAsync();

        Assert.That(await next.HeadAsync(), Does.Contain("\r\nImpersonate-User: new:alice\r\n").And.Not.Contain("Impersonate-Group"));
    }

    [Test]
    public async Task The_body_of_what_is_denied_anyhow_is_not_waited_for()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /api/v1/namespaces/shop/secrets", "Content-Type: application/json\r\nContent-Length: 3000000\r\n", "{"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 403 "));
    }

    [TestCase("Impersonate-User: root\r\n")]
    [TestCase("impersonate-group: system:masters\r\n")]
    [TestCase("Impersonate-Extra-scopes: all\r\n")]
    [TestCase("Impersonate-Uid: 0\r\n")]
    [TestCase("impersonate-UID: 0\r\n")]
    [TestCase("Impersonate_Uid: 0\r\n")]
    [TestCase("Impersonate-Uid:\r\n")]
    [TestCase("Impersonate_User: root\r\n")]
    [TestCase("X-Remote-User: root\r\n")]
    [TestCase("X-Remote-Extra-Scopes: all\r\n")]
    [TestCase("Sec-WebSocket-Protocol: v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.dG9rZW4\r\n")]
    [TestCase("Sec-WebSocket-Protocol: \u00c2\u00a0base64url.bearer.authorization.k8s.io.dG9rZW4\r\n")]
    [TestCase("Sec-WebSocket-Protocol: v4.channel.k8s.io,\u00e2\u0080\u0083Base64url.Bearer.authorization.k8s.io.dG9rZW4, v5.channel.k8s.io\r\n")]
    public async Task A_client_does_not_say_who_it_is(string field)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /api/v1/namespaces/shop/pods", field));

        JsonElement status = await StatusAsync(client, "HTTP/1.1 403 Forbidden");
        Assert.That(status.GetProperty("reason").GetString(), Is.EqualTo("Forbidden"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("Connection: Impersonate-Uid\r\nImpersonate-Uid: 0\r\n")]
    [TestCase("Connection: impersonate_uid\r\nImpersonate_Uid: 0\r\n")]
    [TestCase("Connection: close, Impersonate-Uid\r\n")]
    public async Task A_client_has_nobody_take_out_who_it_is(string fields)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /api/v1/namespaces/shop/pods", fields));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("GET /api/v1/namespaces/shop/secrets", "denied by rule \"no-secrets\": ask the vault (ref ")]
    [TestCase("GET /api/v1/secrets", "denied by rule \"no-secrets\": ask the vault (ref ")]
    [TestCase("GET /api/v1/pods", "denied: no rule allows it (ref ")]
    [TestCase("GET /metrics", "denied: no rule allows it (ref ")]
    [TestCase("GET /api/v1//namespaces/shop/pods", "denied: API servers may read its path in two ways (ref ")]
    [TestCase("POST /api/v1/namespaces/shop/serviceaccounts/default/token", "denied by rule \"credential-minting\": it would make a credential")]
    public async Task What_is_refused_is_a_Status(string line, string message)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(line) + Request("GET /api/v1/namespaces/shop/pods"));

        JsonElement status = await StatusAsync(client, "HTTP/1.1 403 Forbidden");
        Assert.That(status.GetProperty("message").GetString(), Does.StartWith(message));
        Assert.That(
            (status.GetProperty("kind").GetString(), status.GetProperty("apiVersion").GetString(), status.GetProperty("status").GetString(), status.GetProperty("reason").GetString(), status.GetProperty("code").GetInt32()),
            Is.EqualTo(("Status", "v1", "Failure", "Forbidden", 403)));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /api/v1/namespaces/shop/pods "), "the next one passes");
    }

    [TestCase("PATCH", "/new?fieldManager=x", "application/apply-patch+yaml", true)]
    [TestCase("PATCH", "/new", "application/json\r\nContent-Type: Application/apply-patch+yaml;a=b", true)]
    [TestCase("DELETE", "?fieldSelector=metadata.name=web", "application/json", true)]
    [TestCase("PATCH", "/old", "application/merge-patch+json", false)]
    public async Task What_is_not_to_be_made_or_deleted_is_not_in_other_ways(string method, string path, string type, bool isDenied)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"{method} /api/v1/namespaces/shop/configmaps{path}", $"Content-Type: {type}\r\nContent-Length: 2\r\n", "{}"));
        if (!isDenied)
        {
            Assert.That(await (await AcceptAsync()).HeadAsync(), Does.StartWith("PATCH "));
            return;
        }

        JsonElement status = await StatusAsync(client, "HTTP/1.1 403 Forbidden");
        Assert.That(status.GetProperty("message").GetString(), Does.StartWith("denied by rule \"no-new-maps\""));
        Assert.That(IsUpstreamAsked, Is.False);
        JsonElement record = Audit.Operations.Single();
        Assert.That(record.TryGetProperty("patch", out JsonElement patch) ? patch.GetString() : null, Is.EqualTo(method == "PATCH" ? "apply" : null));
    }

    [TestCase("application/json", "{\"kind\":\"Secret\",\"type\":\"kubernetes.io/service-account-token\"}", true)]
    [TestCase("application/json; charset=utf-8", "{\"type\":\"kubernetes.io\\/service\\u002daccount-token\"}", true)]
    [TestCase("application/apply-patch+yaml", "{\"type\":\"bootstrap.kubernetes.io/token\"}", true)]
    [TestCase("application/vnd.kubernetes.protobuf", "k8s\0...kubernetes.io/service-account-token...", true)]
    [TestCase("application/yaml", "type: kubernetes.io/service-account-token", true)]
    [TestCase("application/cbor", "\u00d9", true)]
    [TestCase("application/json\r\nContent-Encoding: gzip", "{}", true)]
    [TestCase("application/json", "{\"type\":\"Opaque\",\"stringData\":{\"a\":\"b\"}}", false)]
    [TestCase("application/vnd.kubernetes.protobuf", "k8s\0...Opaque...", false)]
    public async Task A_secret_that_is_a_token_is_not_made(string type, string body, bool isToken)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /api/v1/namespaces/vault/secrets", $"Content-Type: {type}\r\nContent-Length: {body.Length}\r\n", body));
        if (isToken)
        {
            JsonElement status = await StatusAsync(client, "HTTP/1.1 403 Forbidden");
            Assert.That(status.GetProperty("message").GetString(), Does.StartWith("denied by rule \"credential-minting\""));
            Assert.That(IsUpstreamAsked, Is.False);
            return;
        }

        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Assert.That(await upstream.ReadAsync(body.Length), Is.EqualTo(body));
    }

    [Test]
    public async Task A_secret_that_comes_in_pieces_is_looked_at_as_a_whole()
    {
        string body = $"{{\"data\":{{\"a\":\"{new string('x', 300_000)}\"}},\"type\":\"kubernetes.io/service-account-token\"}}";
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /api/v1/namespaces/vault/secrets", $"Content-Length: {body.Length}\r\n", body[..150_000]));
        await client.SendAsync(body[150_000..]);

        await StatusAsync(client, "HTTP/1.1 403 Forbidden");
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")]
    [TestCase("Content-Length: 2\r\nExpect: 100-continue\r\n", "")]
    [TestCase("Content-Length: 4000000\r\n", "")]
    public async Task A_secret_that_cannot_be_looked_at_is_not_made(string fields, string body)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("PATCH /api/v1/namespaces/vault/secrets/a", fields, body));

        await StatusAsync(client, "HTTP/1.1 403 Forbidden");
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("")]
    [TestCase("Authorization: Bearer another\r\n")]
    public async Task Without_a_placeholder_it_is_not_logged_in(string fields)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET /api/v1/namespaces/shop/pods HTTP/1.1\r\nHost: api.test\r\n{fields}\r\n");

        string head = await client.HeadAsync();
        Assert.That(head, Does.StartWith("HTTP/1.1 401 ").And.Contain("WWW-Authenticate: Bearer realm=\"wiregate\"\r\n").And.Not.Contain("Basic"));
        Assert.That(JsonElement.Parse(await client.ReadToEndAsync()).GetProperty("reason").GetString(), Is.EqualTo("Unauthorized"));
    }

    [Test]
    public async Task A_placeholder_as_a_password_is_refused()
    {
        string basic = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"alice:{Token}"));
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET /api/v1/namespaces/shop/pods HTTP/1.1\r\nHost: api.test\r\nAuthorization: Basic {basic}\r\n\r\n");

        JsonElement status = await StatusAsync(client, "HTTP/1.1 403 Forbidden");
        Assert.That(status.GetProperty("message").GetString(), Does.StartWith("this target takes a placeholder in the field Authorization, as a bearer token"));
    }

    [Test]
    public async Task What_is_asked_is_in_the_audit_log_as_the_API_server_reads_it()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /api/v1/namespaces/shop/pods/web/exec?command=id", "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"));
        await (await AcceptAsync()).HeadAsync();

        JsonElement record = Audit.Operations.Single();
        string?[] told = [.. new[] { "verb", "resource", "subresource", "namespace", "name", "upgrade" }.Select(n => record.GetProperty(n).GetString())];
        Assert.That(told, Is.EqualTo(new[] { "get", "pods", "exec", "shop", "web", "SPDY/3.1" }));
    }

    [Test]
    public async Task An_API_server_that_is_away_is_a_Status_too()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /api/v1/namespaces/shop/pods"));
        (await AcceptAsync()).Dispose();

        JsonElement status = await StatusAsync(client, "HTTP/1.1 502 Bad Gateway");
        Assert.That(status.GetProperty("message").GetString(), Does.StartWith("the upstream closed before it answered (ref "));
    }

    private async Task RefuseAsync(string subject, ImpersonationConfig impersonation, params string[] groups)
    {
        SetImpersonation(impersonation);
        string token = Placeholders.Mint(p => p with { Targets = ["api"], Identity = new Identity { Issuer = "local", Subject = subject, Groups = ["agents", .. groups] } }).Token;
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /api/v1/namespaces/shop/pods").Replace(Token, token, StringComparison.Ordinal));

        JsonElement status = await StatusAsync(client, "HTTP/1.1 403 Forbidden");
        Assert.That(status.GetProperty("message").GetString(), Does.StartWith("who you are cannot be told to this cluster (ref "));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.NotGranted));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    private void SetImpersonation(ImpersonationConfig impersonation) => Config = Config with
    {
        Version = "facade",
        Targets = Config.Targets.Values.Select(t => t with { Logins = [t.Logins[0] with { Impersonate = impersonation }] }).ToFrozenDictionary(t => t.Name),
    };

    private static async Task<JsonElement> StatusAsync(RawPeer client, string line)
    {
        string head = await client.HeadAsync();
        Assert.That(head, Does.StartWith($"{line}\r\nContent-Type: application/json\r\n"));
        return JsonElement.Parse(await client.ReadUntilAsync("}\n"));
    }
}
