using System.Collections.Frozen;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Http.Tests.Holding;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Kubernetes;

/// <summary>What is held of an API server, for clients that come back by themselves.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldKubernetesTests(TransportKind transport) : HeldFixture(transport)
{
    private const string Delete = "DELETE /api/v1/namespaces/shop/pods/web";

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Targets = config.Targets.Values
            .Select(t => t with { Protocol = ProtocolNames.Kubernetes, Logins = [t.Logins[0] with { Impersonate = new ImpersonationConfig { User = "wg:${identity.subject}" } }] })
            .ToFrozenDictionary(t => t.Name),
        Rules = new RulesConfig
        {
            List = [new RuleConfig { Name = "careful", Match = new MatchConfig { Kubernetes = new KubernetesMatchConfig { Verbs = ["delete"] } }, Do = Verdict.Hold, Hold = Terms }],
        },
    };

    [Test]
    public async Task It_is_429_and_made_when_the_client_asks_again_and_somebody_has_said_yes()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(Delete));
        string id = await AskedAsync();
        string answer = await LetComeBackAsync(client);

        Assert.That(answer, Does.StartWith("HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n").And.Contain("\r\nRetry-After: 15\r\n"));
        JsonElement status = JsonElement.Parse(answer[answer.IndexOf('{', StringComparison.Ordinal)..]);
        Assert.That((status.GetProperty("kind").GetString(), status.GetProperty("reason").GetString()), Is.EqualTo(("Status", "TooManyRequests")));
        Assert.That(status.GetProperty("details").GetProperty("retryAfterSeconds").GetInt32(), Is.EqualTo(15));
        Assert.That(status.GetProperty("message").GetString(), Does.Contain($"waiting for approval {id} by 1 of sre"));

        await ApproveAsync(id);
        await client.SendAsync(Request(Delete));
        Assert.That(await ServeAsync(), Does.StartWith($"{Delete} ").And.Contain("\r\nImpersonate-User: wg:"));
        await client.ReadUntilAsync("\r\n\r\nok");
        await StateAsync(id, ApprovalState.Executed);
    }

    [TestCase("secrets", "{\"type\":\"kubernetes.io/service-account-token\"}", true)]
    [TestCase("secrets", "{\"type\":\"Opaque\"}", false)]
    [TestCase("serviceaccounts/agent/token", "{}", true)]
    public async Task What_makes_a_token_is_not_made_if_that_is_denied_by_now(string path, string body, bool isToken)
    {
        Config = WithMinting(Config, isDenied: false);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"POST /api/v1/namespaces/shop/{path}", $"Content-Length: {body.Length}\r\n", body));
        string id = await AskedAsync();
        Config = WithMinting(Config, isDenied: true);
        await ApproveAsync(id);
        if (isToken)
        {
            Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain($"approval {id} was given, and"));
            await StateAsync(id, ApprovalState.Failed);
            Assert.That(IsUpstreamAsked, Is.False);
            return;
        }

        Assert.That(await ServeAsync(body.Length), Does.EndWith(body));
        await StateAsync(id, ApprovalState.Executed);
    }

    private static GatewayConfig WithMinting(GatewayConfig config, bool isDenied) => config with
    {
        Version = $"{config.Version}-{isDenied}",
        Rules = new RulesConfig
        {
            List = [new RuleConfig { Name = "careful", Match = new MatchConfig { Kubernetes = new KubernetesMatchConfig { Verbs = ["create"] } }, Do = Verdict.Hold, Hold = Terms }],
            DeniesCredentialMinting = isDenied,
        },
    };
}
