using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Kubernetes;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Kubernetes;

/// <summary>What clients of Kubernetes accept, as it is under masks.</summary>
internal sealed class MaskableAcceptTests
{
    [TestCase("application/vnd.kubernetes.protobuf", "application/json")]
    [TestCase("application/vnd.kubernetes.protobuf, */*", "application/json, */*")]
    [TestCase("application/vnd.kubernetes.protobuf,application/json", "application/json,application/json")]
    [TestCase(
        "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1;q=0.9",
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1;q=0.9")]
    [TestCase("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")]
    [TestCase(" Application/VND.kubernetes.Protobuf ;stream=watch , ,application/cbor", " application/json ;stream=watch , ,application/json")]
    [TestCase("a/b;c=\"d,application/cbor\\\",application/cbor\",application/cbor-seq", "a/b;c=\"d,application/cbor\\\",application/cbor\",application/json")]
    [TestCase("application/vnd.kubernetes.protobuffer, application/yaml", "application/vnd.kubernetes.protobuffer, application/yaml")]
    [TestCase("a/b;c=\"\\", "a/b;c=\"\\")]
    [TestCase("", "")]
    public void What_nobody_looks_through_is_asked_for_in_JSON(string value, string expected)
    {
        var output = new ArrayBufferWriter<byte>();
        MaskableAccept.Write(output, Encoding.ASCII.GetBytes(value));
        Assert.That(Encoding.ASCII.GetString(output.WrittenSpan), Is.EqualTo(expected));
    }
}

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
}
