using System.Collections.Immutable;

namespace WireGate.Core.Policy.Facts;

/// <summary>Where names without a schema are looked for.</summary>
public sealed class SqlSearchPath
{
    private const string Catalog = "pg_catalog";
    private readonly ImmutableArray<string> _schemas;
    private readonly ImmutableArray<string> _withCatalog;

    private SqlSearchPath(ImmutableArray<string> schemas)
    {
        _schemas = schemas;
        _withCatalog = schemas.IsDefault || schemas.Contains(Catalog) ? schemas : [Catalog, .. schemas];
    }

    /// <summary>It was changed by what cannot be followed: a name without a schema may mean any schema's.</summary>
    public static SqlSearchPath Unknown { get; } = new(default);

    /// <summary>Whether it is known.</summary>
    public bool IsKnown => !_schemas.IsDefault;

    /// <summary>The schemas in order, those that exist; empty if it is not known.</summary>
    public ImmutableArray<string> Schemas => IsKnown ? _schemas : [];

    /// <summary>Whether pg_catalog is searched before all others, as it is unless the path names it elsewhere.</summary>
    public bool IsCatalogFirst => IsKnown && _schemas.IndexOf(Catalog) <= 0;

    /// <summary>A path that is known.</summary>
    public static SqlSearchPath Of(params ImmutableArray<string> schemas) => new(schemas);

    /// <summary>
    /// The schemas in which a relation of this name may lie. A temporary one is left out: it is the session's own, and somebody had to
    /// allow that it is made. All relations of pg_catalog have names that begin with pg_, and hardly any other.
    /// </summary>
    /// <returns>Null: any schema.</returns>
    public ImmutableArray<string>? CandidatesOf(SqlName relation)
    {
        if (relation.Schema is { } schema)
        {
            return [schema];
        }

        if (!IsKnown)
        {
            return null;
        }

        return relation.Name.StartsWith("pg_", StringComparison.Ordinal) ? _withCatalog : _schemas;
    }
}
