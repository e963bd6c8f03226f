using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>The Kubernetes part of a rule: whether it covers all of a request, as an allow must, or touches any part of it.</summary>
internal sealed class KubernetesCondition(KubernetesMatchConfig match)
{
    private const string Any = "*";

    /// <summary>Whether all of a request is covered. What every client asks first comes with whatever is allowed.</summary>
    internal bool Covers(KubernetesRequest request)
    {
        if (request.Unknown is not null)
        {
            return false;
        }

        if (!request.IsResource)
        {
            return request.IsDiscovery || (CoversVerbs(request) && Matches(match.Paths, request.Path));
        }

        return (match.IsOfResources || match.Paths.IsEmpty)
            && CoversVerbs(request)
            && (match.Resources.IsEmpty || match.Resources.Any(r => r.Covers(request)))
            && (match.Namespaces.IsEmpty || Matches(match.Namespaces, request.Namespace))
            && (match.Names.IsEmpty || Matches(match.Names, request.Name));
    }

    /// <summary>What of a request it does not cover.</summary>
    internal IEnumerable<string> Misses(KubernetesRequest request)
    {
        if (!CoversVerbs(request))
        {
            yield return NearestRules.Miss("verbs", string.Join(", ", request.Verbs));
        }

        if (!request.IsResource || !(match.IsOfResources || match.Paths.IsEmpty))
        {
            yield return request.IsResource ? "paths: it is a resource" : "paths";
            yield break;
        }

        if (!match.Resources.IsEmpty && !match.Resources.Any(r => r.Covers(request)))
        {
            yield return NearestRules.Miss("resources", $"{request.Resource}{(request.Group.Length == 0 ? "" : $".{request.Group}")}{(request.Subresource.Length == 0 ? "" : $"/{request.Subresource}")}");
        }

        if (!match.Namespaces.IsEmpty && !Matches(match.Namespaces, request.Namespace))
        {
            yield return NearestRules.Miss("namespaces", request.Namespace);
        }

        if (!match.Names.IsEmpty && !Matches(match.Names, request.Name))
        {
            yield return NearestRules.Miss("names", request.Name);
        }
    }

    /// <summary>Whether any part of a request is touched, or could be.</summary>
    internal bool Touches(KubernetesRequest request) => request.Unknown is not null || TouchesOne(request) || request.Besides.Any(TouchesOne);

    private bool TouchesOne(KubernetesRequest request)
    {
        if (!match.Verbs.IsEmpty && !request.Effects.Any(IsVerb))
        {
            return false;
        }

        if (!request.IsResource)
        {
            return match.Paths.IsEmpty ? !match.IsOfResources : match.Paths.Any(p => p.MayMatch(request.Path));
        }

        return (match.IsOfResources || match.Paths.IsEmpty)
            && (match.Resources.IsEmpty || match.Resources.Any(r => r.Touches(request)))
            && (match.Namespaces.IsEmpty || (request.Namespace.Length == 0 ? MayBeInMany(request) : Matches(match.Namespaces, request.Namespace)))
            && (match.Names.IsEmpty || request.Name.Length == 0 || NamesOf(request).Any(n => Matches(match.Names, n)));
    }

    // Of all namespaces; and a namespace that is made says its name in the body alone.
    private static bool MayBeInMany(KubernetesRequest request) =>
        request.IsAnywhere || request.Verb is "list" or "watch" or "deletecollection" || (request is { Group: "", Resource: "namespaces", Name: "" });

    // Who is reached through a proxy is named with scheme and port: https:web:8443.
    private static string[] NamesOf(KubernetesRequest request) => request.Connects ? [request.Name, .. request.Name.Split(':')] : [request.Name];

    private bool CoversVerbs(KubernetesRequest request) => match.Verbs.IsEmpty || request.Verbs.All(IsVerb);

    private bool IsVerb(string verb) => match.Verbs.Contains(verb) || match.Verbs.Contains(Any);

    private static bool Matches(ImmutableArray<NamePattern> patterns, string name) => name.Length > 0 && patterns.Any(p => p.Matches(name));

    private static bool Matches(ImmutableArray<PathPattern> patterns, HttpPath path) => patterns.Any(p => p.Matches(path));
}
