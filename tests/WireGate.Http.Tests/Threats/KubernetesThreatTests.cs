using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Threats;

/// <summary>T29: what somebody who may read pods, and write deployments, of one namespace gets at an API server besides.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class KubernetesThreatTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Targets = config.Targets.Values.Select(t => t with { Protocol = ProtocolNames.Kubernetes }).ToFrozenDictionary(t => t.Name),
        Rules = new RulesConfig
        {
            List =
            [
                Allow("readers", ["get", "list", "watch"], ["pods"]),
                Allow("writers", ["get", "create", "update", "patch"], ["deployments.apps", "secrets", "serviceaccounts"]),
            ],
        },
    };

    [TestCase("GET /api/v1/namespaces/shop/pods")]
    [TestCase("GET /api/v1/namespaces/shop/pods/web?pretty=true")]
    [TestCase("GET /api/v1/namespaces/shop/pods?watch=true")]
    [TestCase("GET /api/v1/watch/namespaces/shop/pods")]
    [TestCase("POST /apis/apps/v1/namespaces/shop/deployments?dryRun=All")]
    public async Task T29_What_is_allowed_is(string line)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(line));

        Assert.That(await (await AcceptAsync()).HeadAsync(), Does.StartWith(line + " HTTP/1.1\r\n"));
    }

    [TestCase("GET /api/v1/namespaces/shop/pods/web/exec?command=id&stdout=true")]
    [TestCase("POST /api/v1/namespaces/shop/pods/web/exec?command=id&stdout=true")]
    [TestCase("GET /api/v1/namespaces/shop/pods/web/attach?stdin=true")]
    [TestCase("POST /api/v1/namespaces/shop/pods/web/attach?stdin=true")]
    [TestCase("GET /api/v1/namespaces/shop/pods/web/portforward")]
    [TestCase("GET /api/v1/namespaces/shop/pods/web/proxy/admin")]
    [TestCase("GET /api/v1/namespaces/shop/pods/web:8080/proxy/")]
    [TestCase("GET /api/v1/namespaces/shop/services/web/proxy/admin")]
    [TestCase("GET /api/v1/nodes/n1/proxy/exec/shop/web/c?command=id")]
    [TestCase("GET /api/v1/namespaces/shop/pods/web/log")]
    [TestCase("PATCH /api/v1/namespaces/shop/pods/web/ephemeralcontainers")]
    [TestCase("POST /api/v1/namespaces/shop/pods?dryRun=All")]
    [TestCase("POST /api/v1/namespaces/shop/pods")]
    [TestCase("DELETE /api/v1/namespaces/shop/pods")]
    [TestCase("GET /api/v1/pods")]
    [TestCase("GET /api/v1/watch/pods")]
    [TestCase("GET /api/v1/namespaces/shop/../vault/pods")]
    [TestCase("GET /api/v1/namespaces/shop%2f..%2fvault/pods")]
    [TestCase("GET /api/v1//namespaces/shop/pods")]
    [TestCase("GET /apis/metrics.k8s.io/v1beta1/namespaces/shop/pods")]
    [TestCase("GET /apis/pods.example.com/v1/namespaces/shop/pods")]
    [TestCase("POST /api/v1/namespaces/shop/serviceaccounts/ci/token")]
    [TestCase("PUT /apis/certificates.k8s.io/v1/certificatesigningrequests/a/approval")]
    public async Task T29_Nothing_else_is(string line)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(line, "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"));

        Assert.That(await client.HeadAsync(), Does.Match("^HTTP/1.1 40[03] "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task T29_A_secret_whose_name_the_server_makes_is_no_token_either()
    {
        const string Body = """{"kind":"Secret","metadata":{"generateName":"t-"},"type":"kubernetes.io/service-account-token"}""";
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /api/v1/namespaces/shop/secrets", $"Content-Type: application/json\r\nContent-Length: {Body.Length}\r\n", Body));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 403 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("Impersonate-User: admin\r\n")]
    [TestCase("Impersonate-Group: system:masters\r\n")]
    [TestCase("X-Remote-User: admin\r\n")]
    public async Task T29_Nobody_says_himself_as_whom_he_acts(string field)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /api/v1/namespaces/shop/pods", field));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 403 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    private static RuleConfig Allow(string name, string[] verbs, string[] resources) => new()
    {
        Name = name,
        Match = new MatchConfig
        {
            Kubernetes = new KubernetesMatchConfig
            {
                Verbs = [.. verbs],
                Resources = [.. resources.Select(r => ResourcePattern.TryParse(r, out ResourcePattern? pattern) ? pattern : throw new ArgumentException(r))],
                Namespaces = [new NamePattern("shop")],
            },
        },
        Do = Verdict.Allow,
    };
}
