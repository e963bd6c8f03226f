using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Kubernetes;

/// <summary>An API server behind masks, and one behind none.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class MaskedKubernetesTests(TransportKind transport) : HttpFixture(transport)
{
    private const string Accept = "Accept: application/vnd.kubernetes.protobuf;as=Table, */*\r\nX-Between: 1\r\naccept: application/cbor\r\n";

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Masks = new[] { new MaskConfig { Name = "tokens", Json = [JsonPath.TryParse("$..token", out JsonPath? path, out _) ? path : throw new InvalidOperationException()] } }.ToFrozenDictionary(m => m.Name),
        Targets = config.Targets.Values
            .Select(t => t with { Protocol = ProtocolNames.Kubernetes, Mask = t.Name == "api" ? ["tokens"] : [] }).ToFrozenDictionary(t => t.Name),
        Rules = new RulesConfig
        {
            List = [new RuleConfig { Name = "pods", Match = new MatchConfig { Kubernetes = new KubernetesMatchConfig { Namespaces = [new NamePattern("shop")] } }, Do = Core.Policy.Verdict.Allow }],
        },
    };

    [TestCase("api.test", "Accept: application/json;as=Table, */*\r\nX-Between: 1\r\naccept: application/json\r\n")]
    [TestCase("other.test", Accept)]
    public async Task It_is_asked_for_what_can_be_masked_where_it_is(string host, string expected)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /api/v1/namespaces/shop/pods", Accept).Replace("api.test", host, StringComparison.Ordinal));

        Assert.That(await (await AcceptAsync()).HeadAsync(), Does.Contain(expected));
    }

    private const string Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", Json = "{\"definitions\":{\"token\":{\"type\":\"string\"}}}";

    [TestCase("/openapi/v2", Protobuf, "\n\u00032.0")]
    [TestCase("/openapi/v2?timeout=32s", "application/octet-stream", "\n\u00032.0", Description = "of servers before 1.23, which leave the type to their library")]
    [TestCase("/openapi/v3/apis/apps/v1", "application/com.github.proto-openapi.spec.v3.v1.0+protobuf", "\n\u00053.0.0")]
    [TestCase("/openapi/v3", "application/json", Json)]
    public async Task What_describes_types_passes_as_it_is(string path, string type, string body)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"GET {path}", $"Accept: {Protobuf}\r\n"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain($"Accept: {Protobuf}\r\n"));
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 200 ").And.Contain($"Content-Length: {body.Length}\r\n"));
        Assert.That(await client.ReadAsync(body.Length), Is.EqualTo(body));
    }

    [TestCase("/openapi/v2", Protobuf, "206 Partial Content")]
    [TestCase("/openapi/v2", Protobuf, "404 Not Found")]
    [TestCase("/openapi/v2/x", Protobuf)]
    [TestCase("/apis", Protobuf)]
    [TestCase("/api/v1/namespaces/shop/pods", Protobuf)]
    public async Task What_does_not_is_withheld_if_it_cannot_be_looked_through(string path, string type, string status = "200 OK")
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"GET {path}"));
        await AnswerAsync(type, "2.0", status);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith(status.StartsWith("404", StringComparison.Ordinal) ? "HTTP/1.1 404 " : "HTTP/1.1 502 ").And.Contain("cannot be masked"));
    }

    [TestCase("/openapi/v2", "404 Not Found")]
    [TestCase("/apis", "200 OK")]
    public async Task JSON_that_describes_no_types_is_masked(string path, string status)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"GET {path}"));
        await AnswerAsync("application/json", "{\"token\":1}", status);

        Assert.That(await client.ReadUntilAsync("}"), Does.Contain($" {status}\r\n").And.Contain("{\"token\":null}"));
    }

    [Test]
    public async Task No_upgrade_is_asked_for_there_either()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /openapi/v2", "Connection: Upgrade\r\nUpgrade: websocket\r\n"));

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 502 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    private async Task AnswerAsync(string type, string body, string status = "200 OK")
    {
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }
}
