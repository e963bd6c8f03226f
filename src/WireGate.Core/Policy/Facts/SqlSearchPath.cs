using System.Collections.Immutable;

namespace WireGate.Core.Policy.Facts;

/// <summary>Where names without a schema are looked for.</summary>
public sealed class SqlSearchPath
{
    private const string Catalog = "pg_catalog";
    private static readonly ImmutableArray<string> OnlyCatalog = [Catalog];

    private readonly ImmutableArray<string> _schemas;
    private readonly ImmutableArray<string> _withCatalog;
    private readonly ImmutableArray<string> _withAbsent;
    private readonly ImmutableArray<string> _withBoth;

    private SqlSearchPath(ImmutableArray<string> schemas, ImmutableArray<string> absent)
    {
        _schemas = schemas;
        Absent = absent;
        _withCatalog = WithCatalog(schemas);
        _withAbsent = absent.IsEmpty ? schemas : [.. schemas, .. absent];
        _withBoth = WithCatalog(_withAbsent);
    }

    /// <summary>It was changed by what cannot be followed: a name without a schema may mean any schema's.</summary>
    public static SqlSearchPath Unknown { get; } = new(default, []);

    /// <summary>Whether it is known.</summary>
    public bool IsKnown => !_schemas.IsDefault;

    /// <summary>The schemas in order, without <see cref="Absent"/>; empty if it is not known.</summary>
    public ImmutableArray<string> Schemas => IsKnown ? _schemas : [];

    /// <summary>Schemas that it names and that were not there: nothing lies in them unless somebody makes them meanwhile.</summary>
    public ImmutableArray<string> Absent { get; }

    /// <summary>
    /// Whether pg_catalog is surely searched before all others: what may be in force is here together, so where it is named is not told.
    /// </summary>
    public bool IsCatalogFirst => IsKnown && !_schemas.Contains(Catalog);

    /// <summary>A path that is known.</summary>
    public static SqlSearchPath Of(params ImmutableArray<string> schemas) => new(schemas, []);

    /// <summary>A path that is known.</summary>
    /// <param name="schemas">Schemas that are there, or may be.</param>
    /// <param name="absent">Schemas that are not.</param>
    public static SqlSearchPath Of(ImmutableArray<string> schemas, ImmutableArray<string> absent) => new(schemas, [.. absent.Except(schemas)]);

    /// <summary>
    /// The schemas in which a relation of this name may lie. A temporary one is left out: it is the session's own, and somebody had to
    /// allow that it is made. All relations of pg_catalog have names that begin with pg_, and hardly any other.
    /// </summary>
    /// <param name="relation">The name.</param>
    /// <param name="withAbsent">Also those that were not there: for whoever hides or refuses.</param>
    /// <param name="isRead">It is only read, so it is there: what is made has the name in another schema. For whoever allows.</param>
    /// <returns>Null: any schema.</returns>
    public ImmutableArray<string>? CandidatesOf(SqlName relation, bool withAbsent = false, bool isRead = false)
    {
        if (relation.Schema is { } schema)
        {
            return [schema];
        }

        if (!IsKnown)
        {
            return null;
        }

        if (isRead && IsCatalogFirst && CatalogRelations.Contains(relation.Name))
        {
            return OnlyCatalog;
        }

        bool mayBeCatalogs = relation.Name.StartsWith("pg_", StringComparison.Ordinal);
        return withAbsent ? (mayBeCatalogs ? _withBoth : _withAbsent) : mayBeCatalogs ? _withCatalog : _schemas;
    }

    private static ImmutableArray<string> WithCatalog(ImmutableArray<string> schemas) =>
        schemas.IsDefault || schemas.Contains(Catalog) ? schemas : [Catalog, .. schemas];
}
