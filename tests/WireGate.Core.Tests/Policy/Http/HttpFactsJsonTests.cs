using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.External;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.Http.HttpHouse;

namespace WireGate.Core.Tests.Policy.Http;

/// <summary>What a decision point elsewhere is asked with.</summary>
internal sealed class HttpFactsJsonTests
{
    private static IEnumerable<TestCaseData> Requests()
    {
        static TestCaseData Case(HttpOperation request, string json, string name) => new TestCaseData(request, json).SetName($"Tells_{name}");
        yield return Case(
            Get("/a/%62?k=1&k=2", "x-env: prod"),
            """
            {"method":"GET","host":"api.internal","path":"/a/%62","segments":["a","b"],"query":[{"name":"k","value":"1"},{"name":"k","value":"2"}],
             "headers":[{"name":"x-env","value":"prod"}],"body":{"most":null,"problem":"it was not looked at","fields":[]},"unknown":null}
            """,
            "a_request");
        yield return Case(
            Request("DELETE", "/a/.."),
            """
            {"method":"DELETE","host":"api.internal","path":"/a/..","query":[],"headers":[],"body":{"most":null,"problem":"it was not looked at","fields":[]},"unknown":"the path has a part that is a dot, or two"}
            """,
            "why_a_request_is_not_known");
        yield return Case(
            Request("POST", "/a") with { Body = HttpBody.OfJson("""{"kind":"x","n":[]}"""u8.ToArray(), [Pointer("/kind"), Pointer("/n"), Pointer("/m")]) },
            """
            {"method":"POST","host":"api.internal","path":"/a","segments":["a"],"query":[],"headers":[],
             "body":{"most":19,"problem":null,"fields":[{"pointer":"/kind","value":"x","exact":true},{"pointer":"/n","value":null,"exact":true}]},"unknown":null}
            """,
            "the_members_of_a_body");
    }

    private static JsonPointer Pointer(string text) => JsonPointer.TryParse(text, out JsonPointer? pointer) ? pointer : throw new ArgumentException(text);

    [TestCaseSource(nameof(Requests))]
    public void Facts(HttpOperation request, string expected)
    {
        var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            FactsJson.Write(json, RuleHouse.Alice, request, new Decision { Verdict = Verdict.Allow }, RuleHouse.Now);
        }

        using JsonDocument written = JsonDocument.Parse(Encoding.UTF8.GetString(text.ToArray()));
        using JsonDocument wanted = JsonDocument.Parse(expected);
        Assert.That(JsonElement.DeepEquals(written.RootElement.GetProperty("http"), wanted.RootElement), written.RootElement.GetProperty("http").GetRawText());
    }
}
