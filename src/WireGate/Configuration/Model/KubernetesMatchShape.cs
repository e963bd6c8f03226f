using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>kube</c> of a rule.</summary>
internal sealed class KubernetesMatchShape : MapShape<KubernetesMatchConfig>
{
    private static readonly string[] OfResources = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "*"];

    // What is no resource has the method's name.
    private static readonly string[] OfPaths = ["head", "post", "put", "options"];

    private readonly Key<ImmutableArray<string>> _verbs;
    private readonly Key<ImmutableArray<ResourcePattern>> _resources;
    private readonly Key<ImmutableArray<NamePattern>> _namespaces;
    private readonly Key<ImmutableArray<NamePattern>> _names;
    private readonly Key<ImmutableArray<PathPattern>> _paths;

    public KubernetesMatchShape()
    {
        var names = new ListShape<NamePattern>(new NamePatternShape(), least: 1, unique: true);
        _verbs = OptionalValue<ImmutableArray<string>>(
            "verbs",
            new ListShape<string>(new ChoiceShape<string>([.. OfResources.Concat(OfPaths).Select(v => (v, v))]), least: 1, unique: true),
            k => Written(k.Verbs),
            "Verbs, as RBAC has them; exec, attach, portforward and proxy are create as well as what their method is. Without, any.");
        _resources = OptionalValue<ImmutableArray<ResourcePattern>>(
            "resources",
            new ListShape<ResourcePattern>(new ResourceShape(), least: 1, unique: true),
            k => Written(k.Resources),
            "Resources: pods, pods/log, deployments.apps, deployments.apps/scale; * stands for any run of characters, and alone for any. Without, any.");
        _namespaces = OptionalValue<ImmutableArray<NamePattern>>(
            "namespaces", names, k => Written(k.Namespaces), "Namespaces. Without, any, and what is in none.");
        _names = OptionalValue<ImmutableArray<NamePattern>>(
            "names",
            names,
            k => Written(k.Names),
            "Names of objects; a list or watch has one only with --field-selector metadata.name=…. Without, any.");
        _paths = OptionalValue<ImmutableArray<PathPattern>>(
            "paths",
            new ListShape<PathPattern>(new PathPatternShape(), least: 1, unique: true),
            k => Written(k.Paths),
            "Paths of what is no resource, like /metrics. What clients ask first (/version, /api, /apis, /openapi) comes with whatever is allowed.");
    }

    protected override KubernetesMatchConfig Build(MapValues values) => new()
    {
        Verbs = values.Get(_verbs, []),
        Resources = values.Get(_resources, []),
        Namespaces = values.Get(_namespaces, []),
        Names = values.Get(_names, []),
        Paths = values.Get(_paths, []),
    };

    private static ImmutableArray<T>? Written<T>(ImmutableArray<T> list) => list.IsEmpty ? null : list;

    private sealed class ResourceShape : TextualShape<ResourcePattern>
    {
        // core/v1 has these and takes no others: a resource of anybody else is in a group.
        private static readonly HashSet<string> Core = new(StringComparer.Ordinal)
        {
            "bindings", "componentstatuses", "configmaps", "endpoints", "events", "limitranges", "namespaces", "nodes", "persistentvolumeclaims",
            "persistentvolumes", "pods", "podtemplates", "replicationcontrollers", "resourcequotas", "secrets", "serviceaccounts", "services",
        };

        private static readonly Dictionary<string, string> Groups = new (string Group, string Resources)[]
        {
            ("apps", "controllerrevisions daemonsets deployments replicasets statefulsets"),
            ("batch", "cronjobs jobs"),
            ("autoscaling", "horizontalpodautoscalers"),
            ("policy", "poddisruptionbudgets"),
            ("networking.k8s.io", "ingresses networkpolicies"),
            ("coordination.k8s.io", "leases"),
            ("rbac.authorization.k8s.io", "roles rolebindings clusterroles clusterrolebindings"),
            ("storage.k8s.io", "storageclasses"),
            ("apiextensions.k8s.io", "customresourcedefinitions"),
            ("certificates.k8s.io", "certificatesigningrequests"),
        }.SelectMany(g => g.Resources.Split(' ').Select(r => (r, g.Group))).ToDictionary(StringComparer.Ordinal);

        protected override string Expected => "a resource like pods, pods/log, deployments.apps or deployments.apps/scale, in the plural and in lower case";

        public override JsonObject Schema() => new() { ["type"] = "string", ["pattern"] = @"^[a-z0-9*-]+(\.[a-z0-9.*-]+)?(/[a-z0-9*-]+)?$" };

        public override JsonNode Write(ResourcePattern value) => JsonValue.Create(value.Text);

        protected override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out ResourcePattern value)
        {
            if (!ResourcePattern.TryParse(node.Text, out value))
            {
                context.Report(node, $"expected {Expected}");
                return false;
            }

            if (value.CoreResource is { } core && !Core.Contains(core))
            {
                string after = node.Text[core.Length..];
                context.Report(node, Groups.TryGetValue(core, out string? group)
                    ? $"the core group has no {core}, write {core}.{group}{after}"
                    : $"the core group has no {core}, write its group as well: {core}.example.com{after}, as kubectl api-resources -o name prints it");
                return false;
            }

            return true;
        }
    }
}
