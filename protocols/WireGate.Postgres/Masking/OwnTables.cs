using System.Collections.Immutable;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>
/// The tables that a session has made in the transaction that is open: nobody else sees them, the gateway's reading of the catalog neither,
/// and what is hidden is not written there. Immutable.
/// </summary>
internal sealed class OwnTables
{
    /// <summary>Outside of a transaction.</summary>
    public static readonly OwnTables None = new([], isKnown: true);

    /// <summary>The transaction may have made anything: a view, what a function makes, what failed to be made because it is there.</summary>
    public static readonly OwnTables Unknown = new([], isKnown: false);

    // More are not followed: what is remembered of a session is bounded.
    private const int Most = 1000;

    private readonly ImmutableArray<(LineageTable Table, CatalogRelation Relation)> _tables;

    private OwnTables(ImmutableArray<(LineageTable Table, CatalogRelation Relation)> tables, bool isKnown) => (_tables, IsKnown) = (tables, isKnown);

    /// <summary>Nothing else was made.</summary>
    public bool IsKnown { get; }

    /// <summary>What there is behind a statement.</summary>
    public OwnTables After(ParsedStatement statement)
    {
        SqlStatementFacts facts = statement.Facts;
        if (facts.Unknown is not null || !facts.UnknownFunctions.IsEmpty || facts.Accesses.Any(a => a.Effect == SqlEffects.Unknown))
        {
            return Unknown;
        }

        if (!IsKnown || !facts.Accesses.Any(a => a.Effect == SqlEffects.Ddl))
        {
            return this;
        }

        if (statement.Lineage.Makes is not { } table)
        {
            return statement.Lineage.IsAside ? this : Unknown;
        }

        return _tables.Length < Most ? new OwnTables(_tables.Add((table, RelationOf(table))), isKnown: true) : Unknown;
    }

    /// <summary>Those that a name may mean: none of them has a number.</summary>
    public IEnumerable<CatalogRelation> Find(SqlName name)
    {
        foreach ((LineageTable table, CatalogRelation relation) in _tables)
        {
            if (table.Name.Name == name.Name
                && (name.Schema is null || name.Schema == table.Name.Schema || (table.IsTemporary && name.Schema == "pg_temp")))
            {
                yield return relation;
            }
        }
    }

    private static CatalogRelation RelationOf(LineageTable table)
    {
        var relation = new CatalogRelation(0, table.Name.Schema ?? "pg_temp", table.Name.Name);
        foreach (string column in table.Columns)
        {
            relation.Columns.Add(new CatalogColumn((short)(relation.Columns.Count + 1), column, 0, false));
        }

        return relation;
    }
}
