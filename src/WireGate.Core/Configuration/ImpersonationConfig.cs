using System.Collections.Immutable;

namespace WireGate.Core.Configuration;

/// <summary>
/// As whom a login acts at a Kubernetes API server, which asks its own rules about that one. Each text may have
/// <c>${identity.subject}</c>, <c>${identity.issuer}</c>, <c>${placeholder.id}</c> and <c>${session.id}</c> in it.
/// </summary>
public sealed record ImpersonationConfig
{
    /// <summary>The variables that a text may have.</summary>
    public static readonly ImmutableArray<string> Variables = ["identity.subject", "identity.issuer", "placeholder.id", "session.id"];

    /// <summary>The user.</summary>
    public required string User { get; init; }

    /// <summary>Which groups of the identity go with it; empty: none.</summary>
    public ImmutableArray<NamePattern> Groups { get; init; } = [];

    /// <summary>What the name of each begins with there.</summary>
    public string GroupPrefix { get; init; } = "";

    /// <summary>What else is said of the user, by key; the keys in lower case.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Extra { get; init; } = [];
}
