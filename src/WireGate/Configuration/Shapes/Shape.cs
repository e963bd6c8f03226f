using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace WireGate.Configuration.Shapes;

/// <summary>
/// What a value of the config looks like. One declaration serves the three who must agree on it: the loader, the JSON Schema, and the
/// printing of a resolved config.
/// </summary>
internal abstract class Shape
{
    /// <summary>The JSON Schema (2020-12) of what <see cref="Shape{T}.TryRead"/> takes.</summary>
    public abstract JsonObject Schema();

    /// <summary>The keys below it, with their paths: <c>.tls.ca</c>, <c>[].name</c>, <c>.*.user</c>.</summary>
    public virtual IEnumerable<string> KeyPaths() => [];
}

/// <inheritdoc/>
internal abstract class Shape<T> : Shape
    where T : notnull
{
    /// <summary>Reads a value and reports all that is wrong with it.</summary>
    /// <returns>False: something is wrong, and at least one error was reported.</returns>
    public abstract bool TryRead(ConfigNode node, ReadContext context, [MaybeNullWhen(false)] out T value);

    /// <summary>The value as it would be written in the config.</summary>
    public abstract JsonNode Write(T value);
}
