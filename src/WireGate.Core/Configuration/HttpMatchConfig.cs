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

    /// <summary>Members of a JSON body, all of which must be there, each with one of its values.</summary>
    public ImmutableArray<KeyValuePair<JsonPointer, ImmutableArray<NamePattern>>> Body { get; init; } = [];

    /// <summary>How long the body is; null: any length.</summary>
    public HttpBodySizeConfig? BodySize { get; init; }

    /// <summary>What the request is answered; null: anything.</summary>
    public HttpResponseMatchConfig? Response { get; init; }
}

/// <summary>How long a body is: one of the two.</summary>
/// <param name="Max">Bytes that it has at most; null: not asked for.</param>
/// <param name="Over">It has more bytes than that; null: not asked for.</param>
public sealed record HttpBodySizeConfig(long? Max, long? Over);

/// <summary>Which answers.</summary>
public sealed record HttpResponseMatchConfig
{
    /// <summary>Statuses; empty: any.</summary>
    public ImmutableArray<StatusPattern> Statuses { get; init; } = [];

    /// <summary>Types of the body, in lower case and without parameters; empty: any.</summary>
    public ImmutableArray<NamePattern> ContentTypes { get; init; } = [];
}
