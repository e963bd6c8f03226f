using System.Collections.Immutable;

namespace WireGate.Core.Configuration;

/// <summary>Which requests to a Kubernetes API server. What is empty fits any of which it is known what it asks for.</summary>
public sealed record KubernetesMatchConfig
{
    /// <summary>Verbs in lower case; empty: any.</summary>
    public ImmutableArray<string> Verbs { get; init; } = [];

    /// <summary>Resources; empty: any.</summary>
    public ImmutableArray<ResourcePattern> Resources { get; init; } = [];

    /// <summary>Namespaces; empty: any, and none.</summary>
    public ImmutableArray<NamePattern> Namespaces { get; init; } = [];

    /// <summary>Names of objects; empty: any, and none.</summary>
    public ImmutableArray<NamePattern> Names { get; init; } = [];

    /// <summary>Paths of what is no resource; empty: none that an allow would have to name.</summary>
    public ImmutableArray<PathPattern> Paths { get; init; } = [];

    /// <summary>It says something of resources.</summary>
    public bool IsOfResources => !Resources.IsEmpty || !Namespaces.IsEmpty || !Names.IsEmpty;
}
