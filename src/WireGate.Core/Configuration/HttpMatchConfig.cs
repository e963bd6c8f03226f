using System.Collections.Immutable;

namespace WireGate.Core.Configuration;

/// <summary>Which requests of HTTP. What is empty fits any request of which it is known what it asks for.</summary>
public sealed record HttpMatchConfig
{
    /// <summary>Methods, in upper case; empty: any.</summary>
    public ImmutableArray<string> Methods { get; init; } = [];

    /// <summary>Paths; empty: any.</summary>
    public ImmutableArray<PathPattern> Paths { get; init; } = [];

    /// <summary>Hosts as the client names them, in lower case and without a port; empty: any.</summary>
    public ImmutableArray<NamePattern> Hosts { get; init; } = [];

    /// <summary>Query parameters, all of which must be there.</summary>
    public ImmutableArray<KeyValuePair<string, NamePattern>> Query { get; init; } = [];

    /// <summary>Headers, by their names in lower case, all of which must be there.</summary>
    public ImmutableArray<KeyValuePair<string, NamePattern>> Headers { get; init; } = [];
}
