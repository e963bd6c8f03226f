using System.Collections.Immutable;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// What a request asks of a Kubernetes API server, as that reads it itself (its RequestInfo) from method, path and query, before it authorizes
/// anybody.
/// </summary>
public sealed record KubernetesRequest
{
    private const string Watch = "watch";
    private const string Namespaces = "namespaces";
    private const string Pods = "pods";

    // What the API server takes for a subresource of a namespace, and not for a resource in it.
    private static readonly string[] OfNamespaces = ["status", "finalize"];

    // A run of a program, a way into its network, or whatever answers behind the API server: RBAC asks for no more than the method's verb, and
    // kubectl uses GET or POST for the same as it comes.
    private static readonly string[] Connecting = ["exec", "attach", "portforward", "proxy"];

    /// <summary>Whether it is about a resource; else it is about <see cref="Path"/>.</summary>
    public bool IsResource { get; init; }

    /// <summary>get, list, watch, create, update, patch, delete or deletecollection; of what is no resource, the method in lower case.</summary>
    public required string Verb { get; init; }

    /// <summary>The API group; empty: the core group, or no resource.</summary>
    public string Group { get; init; } = "";

    /// <summary>Its version, like v1; empty: no resource.</summary>
    public string Version { get; init; } = "";

    /// <summary>The resource in the plural, like pods; empty: none.</summary>
    public string Resource { get; init; } = "";

    /// <summary>What of it, like log; empty: all.</summary>
    public string Subresource { get; init; } = "";

    /// <summary>The namespace; empty: it has none, or all of them are meant.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The object's name; empty: none is said, or many are meant. Of list and watch, the one that the field selector demands.</summary>
    public string Name { get; init; } = "";

    /// <summary>The path.</summary>
    public required HttpPath Path { get; init; }

    /// <summary>Why it cannot be known what is asked for; null: it is known.</summary>
    public string? Unknown { get; init; }

    /// <summary>It goes on to a program, a port or a server behind the API server.</summary>
    public bool Connects => IsResource && Connecting.Contains(Subresource);

    /// <summary>
    /// What clients ask before anything else, and what the API server tells everybody whom it knows: which resources there are, its version, and
    /// whether it is well (the cluster role system:discovery).
    /// </summary>
    public bool IsDiscovery => !IsResource && Unknown is null && Verb is "get" or "head"
        && Path.Segments is ["api" or "apis" or "openapi", ..] or ["version" or "healthz" or "livez" or "readyz"];

    /// <summary>What it is answered describes types (OpenAPI), and nothing of any object.</summary>
    public bool DescribesTypes => IsDiscovery && Path.Segments is ["openapi", "v2"] or ["openapi", "v3", ..];

    /// <summary>Its body makes a secret that is a token; what it is cannot be told by its head.</summary>
    public bool MakesToken { get; init; }

    /// <summary>
    /// Whether it makes a credential of the cluster: a token of a service account, which TokenRequest or a secret of that type gives, or a client
    /// certificate, by the approval of who asks for it or by writing it there.
    /// </summary>
    public bool MintsCredential => MakesToken || (Verb is not ("get" or "list" or "watch") && (Group, Resource, Subresource) is
        ("", "serviceaccounts", "token") or ("certificates.k8s.io", "certificatesigningrequests", "approval" or "status"));

    /// <summary>Each verb that it is: what connects is a create as well, whatever its method.</summary>
    public ImmutableArray<string> Verbs => Connects && Verb != "create" ? [Verb, "create"] : [Verb];

    /// <summary>Its body is one of server-side apply: what it names is made if it is not there yet. Its Content-Type says so.</summary>
    public bool Applies { get; init; }

    /// <summary>
    /// Each verb by which somebody who wants it not to be done may mean it. A watch begins with all that there is, a list has of each object what a get has, and an API
    /// server takes PUT and PATCH for one operation, an update. Of an apply it asks RBAC for create as well if there is something to make, which nobody knows before; with
    /// a collection go the objects that are in it.
    /// </summary>
    public ImmutableArray<string> Effects => (Verb, Applies) switch
    {
        (Watch, _) => ["watch", "list", "get"],
        ("list", _) => ["list", "get"],
        ("patch", true) => [.. Verbs, "update", "create"],
        ("patch", _) => [.. Verbs, "update"],
        ("update", _) => [.. Verbs, "patch"],
        ("deletecollection", _) => [.. Verbs, "delete"],
        _ => Verbs,
    };

    /// <summary>What it does besides, of which its verb and its resource say nothing, and which API servers know by another name as well.</summary>
    public ImmutableArray<KubernetesRequest> Besides => TwinGroup is { } group ? [this with { Group = group }, .. More] : More;

    // The same objects are in two groups.
    private string? TwinGroup => (Group, Resource) switch
    {
        ("", "events") => "events.k8s.io",
        ("events.k8s.io", "events") => "",
        ("extensions", "deployments" or "daemonsets" or "replicasets") => "apps",
        ("apps", "deployments" or "daemonsets" or "replicasets") => "extensions",
        ("extensions", "ingresses" or "networkpolicies") => "networking.k8s.io",
        ("networking.k8s.io", "ingresses" or "networkpolicies") => "extensions",
        _ => null,
    };

    private ImmutableArray<KubernetesRequest> More => (Group, Resource, Subresource, Verb) switch
    {
        ("", Pods, "eviction", "create") => [this with { Verb = "delete", Subresource = "" }],

        // A container is put into the pod, with any program in it.
        ("", Pods, "ephemeralcontainers", "update" or "patch") => [this with { Verb = "create", Subresource = "exec" }],
        ("", "bindings", "", "create") => [this with { Resource = Pods, Subresource = "binding" }],
        ("", Pods, "binding", "create") => [this with { Resource = "bindings", Subresource = "" }],

        // How many there shall be stands in these themselves.
        ("apps" or "extensions", "deployments" or "replicasets" or "statefulsets", "", "update" or "patch") => [this with { Subresource = "scale" }],
        ("", "replicationcontrollers", "", "update" or "patch") => [this with { Subresource = "scale" }],

        // The kubelet lists the pods of its node, reads their logs, and runs programs in them. What it measures is nothing of theirs.
        ("", "nodes", "proxy", _) when Path.Segments is not [_, _, _, _, _, "healthz" or "metrics" or "stats", ..] =>
        [
            AtPods("list", ""), AtPods("get", "log"), AtPods("create", "exec"), AtPods("create", "attach"), AtPods("create", "portforward"),
        ],
        _ => [],
    };

    /// <summary>It may reach any namespace.</summary>
    public bool IsAnywhere { get; private init; }

    /// <summary>Reads a request. What its Content-Type makes of it is said by <see cref="WithContentType"/>.</summary>
    /// <param name="method">As the client wrote it.</param>
    /// <param name="path">As the API server gets it.</param>
    /// <param name="query">The parameters, as <see cref="HttpQuery.Parse"/> reads them.</param>
    public static KubernetesRequest Of(string method, HttpPath path, ImmutableArray<KeyValuePair<string, string>> query)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(path);
        var none = new KubernetesRequest { Verb = method.ToLowerInvariant(), Path = path, Unknown = path.Problem };
        ReadOnlySpan<string> parts = path.Segments.AsSpan();
        if (!path.IsPlain || parts.Length < 3 || parts[0] is not ("api" or "apis") || (parts[0] == "apis" && parts.Length < 4))
        {
            return none;
        }

        bool hasGroup = parts[0] == "apis";
        KubernetesRequest request = none with
        {
            IsResource = true,
            Group = hasGroup ? parts[1] : "",
            Version = parts[hasGroup ? 2 : 1],
            Verb = method switch
            {
                "POST" => "create",
                "GET" or "HEAD" => "get",
                "PUT" => "update",
                "PATCH" => "patch",
                "DELETE" => "delete",
                _ => "",
            },
        };
        request = request with { Unknown = request.Verb.Length == 0 ? "a method that has no verb" : null };
        parts = parts[(hasGroup ? 3 : 2)..];
        if (parts[0] is Watch or "proxy" or "redirect")
        {
            // /api/v1/watch/namespaces/shop/pods, of old. The other two are gone.
            if (parts[0] != Watch || parts.Length < 2)
            {
                return request with { Unknown = $"the path has {parts[0]} where the resource should be" };
            }

            request = request with { Verb = Watch };
            parts = parts[1..];
        }

        return request.WithResource(parts).WithSelection(query);
    }

    /// <summary>Reads one more Content-Type of it.</summary>
    public KubernetesRequest WithContentType(string value)
    {
        ArgumentNullException.ThrowIfNull(value);

        // application/apply-patch+yaml, and +cbor; which of two lines counts, and in which case, is the API server's to say. A part of an object is
        // never made by it.
        bool applies = IsResource && Verb == "patch" && Subresource.Length == 0 && value.Contains("apply-patch", StringComparison.OrdinalIgnoreCase);
        return applies ? this with { Applies = true } : this;
    }

    // namespaces/{namespace}/{resource}/{name}/{subresource}/…
    private KubernetesRequest WithResource(ReadOnlySpan<string> parts)
    {
        string space = parts[0] == Namespaces && parts.Length > 1 ? parts[1] : "";
        if (space.Length > 0 && parts.Length > 2 && !OfNamespaces.Contains(parts[2]))
        {
            parts = parts[2..];
        }

        string name = parts.Length > 1 ? parts[1] : "", part = parts.Length > 2 ? parts[2] : "";
        return this with
        {
            Namespace = space,
            Resource = parts[0],
            Name = name,
            Subresource = part,

            // Behind a proxy that decodes the path it ends there.
            Unknown = Unknown ?? (string.Concat(space, parts[0], name, part).AsSpan().ContainsAny("?#") ? "the path has a name with an escaped ? or #" : null),
        };
    }

    private KubernetesRequest AtPods(string verb, string part) =>
        this with { Verb = verb, Resource = Pods, Subresource = part, Namespace = "", Name = "", IsAnywhere = true };

    // A get without a name is a list or a watch, and a delete without one of all that is selected.
    private KubernetesRequest WithSelection(ImmutableArray<KeyValuePair<string, string>> query)
    {
        if (Name.Length > 0 || Verb is not ("get" or "delete"))
        {
            return this;
        }

        if (Verb == "delete")
        {
            return this with { Verb = "deletecollection" };
        }

        string[] verbs = [.. Values(query, Watch).Select(v => v is "0" || v.Equals("false", StringComparison.OrdinalIgnoreCase) ? "list" : Watch).Distinct()];
        return this with
        {
            Verb = verbs.FirstOrDefault("list"),
            Name = Values(query, "fieldSelector").ToArray() is [var selector] ? NameIn(selector) : "",
            Unknown = verbs.Length > 1 ? "a watch, and none"
                : query.Any(q => q.Key.Contains(HttpQuery.Unreadable)) ? "a parameter that is not read by all alike"
                : Unknown,
        };
    }

    private static IEnumerable<string> Values(ImmutableArray<KeyValuePair<string, string>> query, string name) =>
        query.Where(q => q.Key == name).Select(q => q.Value);

    // metadata.name=web,status.phase=Running: all must hold. A backslash escapes, and then it is not looked at any closer.
    private static string NameIn(string selector)
    {
        if (selector.Contains('\\', StringComparison.Ordinal) || selector.Contains(HttpQuery.Unreadable))
        {
            return "";
        }

        foreach (string term in selector.Split(','))
        {
            if (term.Split('=') is ["metadata.name", .. [] or [""], { Length: > 0 } name] && !name.AsSpan().ContainsAny("/%!"))
            {
                return name;
            }
        }

        return "";
    }
}
