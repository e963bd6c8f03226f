using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;

namespace WireGate.Http.Tests.Sessions;

/// <summary>What the gateway itself answers: in the words of the target that is asked, when, and when to ask again.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class OwnAnswerTests(TransportKind transport) : HttpFixture(transport)
{
    private const string Pods = "/api/v1/namespaces/shop/pods";

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
        Targets = config.Targets.Values.Select(t => t.Name == "api" ? t with { Protocol = ProtocolNames.Kubernetes } : t).ToFrozenDictionary(t => t.Name),
        Rules = new RulesConfig { List = [new RuleConfig { Name = "all", Match = new MatchConfig { Kubernetes = new KubernetesMatchConfig() }, Do = Verdict.Allow }] },
    };

    [Test]
    public async Task A_broken_head_behind_a_request_of_Kubernetes_is_answered_as_any_other()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"GET {Pods}"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await client.HeadAsync();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: other.test\r\nBad Field: x\r\n\r\n");
        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n"));
    }

    [Test]
    public async Task A_broken_stream_behind_one_of_Kubernetes_is_answered_as_any_other()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("GET", Pods));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await client.AnswerAsync(stream);

        stream = await client.AskAsync(Fields("GET", "/a", "x_http_method: PUT\n").Replace("api.test", "other.test", StringComparison.Ordinal));
        Assert.That((await client.AnswerAsync(stream)).Head, Does.StartWith(":status: 400\ncontent-type: application/problem+json\n"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Has_a_date_and_with_429_says_when_to_ask_again(bool isKubernetes)
    {
        Config = Config with { Limits = Config.Limits with { SessionsPerListener = 1 } };
        RawPeer inside = await ConnectAsync();
        await inside.SendAsync(Request($"GET {Pods}"));
        await (await AcceptAsync()).HeadAsync();

        RawPeer client = await ConnectAsync();
        string request = Request($"GET {Pods}");
        await client.SendAsync(isKubernetes ? request : request.Replace("api.test", "other.test", StringComparison.Ordinal));
        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 429 ").And.Contain("\r\nRetry-After: 1\r\n").And.Contain($"\r\nDate: {Time.GetUtcNow():r}\r\n"));

        Http2Peer other = await ConnectHttp2Async();
        int stream = await other.AskAsync(Fields("GET", Pods));
        Assert.That((await other.AnswerAsync(stream)).Head, Does.StartWith(":status: 429\n").And.Contain("\nretry-after: 1\n").And.Contain($"\ndate: {Time.GetUtcNow():r}\n"));
    }
}
