using System.Buffers;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Policy.Facts;
using WireGate.Http.Http1;
using WireGate.Http.Kubernetes;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Http;

/// <summary>What is asked of an API server may be anything: it is some resource's, or nobody's, and a token in a body is found.</summary>
internal sealed class KubernetesFuzz
{
    private const string Type = "kubernetes.io/service-account-token";

    private static readonly byte[][] Requests =
    [
        "GET /api/v1/namespaces/shop/pods/web/log?follow=true&container=a"u8.ToArray(), "DELETE /apis/apps/v1/namespaces/shop/deployments?watch"u8.ToArray(),
        "POST /api/v1/watch/namespaces/shop/pods/a/proxy/x/..;/y?fieldSelector=metadata.name%3Dweb,a!=b"u8.ToArray(), "GET /openapi/v2?timeout=32s"u8.ToArray(),
    ];

    [Test]
    public void A_request_is_of_some_resource_or_of_none() => Vary(111, Requests, bytes =>
    {
        string line = Encoding.Latin1.GetString(bytes);
        int blank = line.IndexOf(' ', StringComparison.Ordinal), mark = line.IndexOf('?', StringComparison.Ordinal);
        if (blank < 0 || mark < blank)
        {
            return;
        }

        KubernetesRequest request = KubernetesRequest.Of(
            line[..blank], new HttpPath(bytes.AsSpan((blank + 1)..mark)), HttpQuery.Parse(bytes.AsSpan(mark + 1)));
        Assert.That(!request.IsResource || request.Unknown is not null || request is { Resource.Length: > 0, Verb.Length: > 0 }, line);
        Assert.That(request.Verbs, Is.Not.Empty);
    });

    [Test]
    public void A_token_in_a_body_is_found() => Vary(
        112, [Bytes($$"""{"kind":"Secret","type":"kubernetes.io\/service-account-t\u006fken"}"""), Bytes($$$"""[{"a":{"type":"{{{Type}}}"}}]"""), Bytes("""{"type":"Opaque","n":1e3}""")],
        bytes =>
        {
            using var head = new RequestHead();
            Assert.That(head.TryRead(new ReadOnlySequence<byte>("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n"u8.ToArray()), out _));
            if (SecretBody.MakesToken(head, new ReadOnlySequence<byte>(bytes)))
            {
                return;
            }

            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 256 });
            Assert.That(Strings(document.RootElement), Does.Not.Contain(Type));
        });

    private static IEnumerable<string> Strings(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => Strings(p.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Strings),
        JsonValueKind.String => [Text(element)],
        _ => [],
    };

    // Half of a surrogate pair is no text of anybody's.
    private static string Text(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
