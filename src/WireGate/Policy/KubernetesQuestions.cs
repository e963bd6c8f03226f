using System.Diagnostics.CodeAnalysis;
using System.Text;
using WireGate.Core.Policy.Facts;

namespace WireGate.Policy;

/// <summary>Requests to a Kubernetes API server as people write them, for <c>explain</c> and in fixtures. Pure functions.</summary>
internal static class KubernetesQuestions
{
    public const string Form = "VERB RESOURCE[.GROUP][/SUBRESOURCE] [NAMESPACE/][NAME] or VERB PATH, "
        + "like \"get pods/log shop/web-1\", \"list deployments.apps shop/\" or \"get /metrics\"";

    /// <summary>Reads a request. A list or watch with a name is one by the field selector.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out HttpOperation? request)
    {
        request = text.Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
        {
            [var verb, ['/', ..] path] => Of(verb.ToUpperInvariant(), path, ""),
            [var verb, var resource] => OfResource(verb, resource, ""),
            [var verb, var resource, var place] => OfResource(verb, resource, place),
            _ => null,
        };
        return request is not null;
    }

    /// <summary>What it is, in one line.</summary>
    public static string Describe(KubernetesRequest request)
    {
        if (!request.IsResource)
        {
            return $"{request.Verb} {request.Path}";
        }

        string group = request.Group.Length > 0 ? $".{request.Group}" : "", part = request.Subresource.Length > 0 ? $"/{request.Subresource}" : "";
        string space = request.Namespace.Length > 0 && (request.Group, request.Resource) != ("", "namespaces") ? $"{request.Namespace}/" : "";
        return $"{request.Verb} {request.Resource}{group}{part} {space}{request.Name}".TrimEnd();
    }

    private static HttpOperation? OfResource(string verb, string resource, string place)
    {
        string? method = verb switch
        {
            "get" or "list" or "watch" => "GET",
            "create" => "POST",
            "update" => "PUT",
            "patch" => "PATCH",
            "delete" or "deletecollection" => "DELETE",
            _ => null,
        };
        string[] parts = resource.Split('/');
        string[] named = parts[0].Split('.', 2);
        int slash = place.IndexOf('/', StringComparison.Ordinal);
        string space = slash < 0 ? "" : place[..slash], name = place[(slash + 1)..];
        bool isOfMany = verb is "list" or "watch" or "deletecollection", hasPart = parts.Length == 2;
        bool hasName = name.Length > 0;
        if (method is null || parts.Length > 2 || parts.Concat(named).Any(p => p.Length == 0)
            || (hasPart && (isOfMany || !hasName))
            || (verb is "get" or "update" or "patch" or "delete" && !hasName)
            || (verb == "deletecollection" && hasName)
            || (verb == "create" && hasName != hasPart))
        {
            return null;
        }

        var path = new StringBuilder(named.Length > 1 ? $"/apis/{Uri.EscapeDataString(named[1])}/v1" : "/api/v1");
        path.Append(space.Length > 0 ? $"/namespaces/{Uri.EscapeDataString(space)}" : "").Append('/').Append(Uri.EscapeDataString(named[0]));
        path.Append(hasName && !isOfMany ? $"/{Uri.EscapeDataString(name)}" : "").Append(hasPart ? $"/{Uri.EscapeDataString(parts[1])}" : "");
        string watch = verb == "watch" ? "watch=1&" : "", selector = isOfMany && hasName ? $"fieldSelector=metadata.name%3D{Uri.EscapeDataString(name)}" : "";
        return Of(method, path.ToString(), watch + selector);
    }

    private static HttpOperation Of(string method, string path, string query)
    {
        var read = new HttpPath(Encoding.UTF8.GetBytes(path));
        var pairs = HttpQuery.Parse(Encoding.UTF8.GetBytes(query));
        return new HttpOperation { Method = method, Host = "", Path = read, Query = pairs, Kubernetes = KubernetesRequest.Of(method, read, pairs) };
    }
}
