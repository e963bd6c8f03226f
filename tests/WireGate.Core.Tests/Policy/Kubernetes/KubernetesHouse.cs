using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Tests.Policy.Http;

namespace WireGate.Core.Tests.Policy.Kubernetes;

/// <summary>Requests to an API server, and matches of them, in few words.</summary>
internal static class KubernetesHouse
{
    /// <summary>METHOD target</summary>
    public static HttpOperation Request(string text, params string[] contentTypes)
    {
        string[] parts = text.Split(' ', 2);
        HttpOperation request = HttpHouse.Request(parts[0], parts[1]);
        KubernetesRequest asked = KubernetesRequest.Of(request.Method, request.Path, request.Query);
        return request with { Kubernetes = contentTypes.Aggregate(asked, (a, t) => a.WithContentType(t)) };
    }

    public static KubernetesRequest Ask(string text) => Request(text).Kubernetes!;

    /// <summary>A match; lists are words with commas between them.</summary>
    public static MatchConfig Kube(string verbs = "", string resources = "", string namespaces = "", string names = "", string paths = "") => new()
    {
        Kubernetes = new KubernetesMatchConfig
        {
            Verbs = RuleHouse.Words(verbs),
            Resources = [.. RuleHouse.Words(resources).Select(r => ResourcePattern.TryParse(r, out ResourcePattern? pattern) ? pattern : throw new ArgumentException(r))],
            Namespaces = [.. RuleHouse.Words(namespaces).Select(n => new NamePattern(n))],
            Names = [.. RuleHouse.Words(names).Select(n => new NamePattern(n))],
            Paths = [.. RuleHouse.Words(paths).Select(p => PathPattern.TryParse(p, out PathPattern? pattern) ? pattern : throw new ArgumentException(p))],
        },
    };
}
