using System.Collections.Immutable;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>
/// The tables that a session has made in the transaction that is open: nobody else sees them, the gateway's reading of the catalog neither,
/// and what is hidden is not written there. And which names may mean temporary objects of the session. Immutable.
/// </summary>
internal sealed class OwnTables
{
    /// <summary>Of a session that has made nothing.</summary>
    public static readonly OwnTables None = new([], isKnown: true, []);

    // More are not followed: what is remembered of a session is bounded.
    private const int Most = 1000;

    private readonly ImmutableArray<(LineageTable Table, CatalogRelation Relation)> _tables;

    // Names of objects that it made without a schema; null: any may be.
    private readonly ImmutableHashSet<string>? _temporaries;

    // Columns that it has added to what others see without them.
    private ImmutableHashSet<(string Table, string Column)> _added = [];

    private OwnTables(
        ImmutableArray<(LineageTable Table, CatalogRelation Relation)> tables, bool isKnown, ImmutableHashSet<string>? temporaries) =>
        (_tables, IsKnown, _temporaries) = (tables, isKnown, temporaries);

    /// <summary>The transaction has made nothing else that could be read.</summary>
    public bool IsKnown { get; }

    /// <summary>The transaction has made nothing.</summary>
    public bool IsEmpty => IsKnown && _tables.IsEmpty && _added.IsEmpty;

    /// <summary>What there is behind a statement.</summary>
    public OwnTables After(ParsedStatement statement)
    {
        SqlStatementFacts facts = statement.Facts;
        if (facts.Unknown is not null || !facts.UnknownFunctions.IsEmpty || facts.Accesses.Any(a => a.Effect == SqlEffects.Unknown))
        {
            return new OwnTables([], isKnown: false, null);
        }

        // ROLLBACK TO takes back what was made, and which of it that is depends on where the savepoint was.
        if (statement.Changes.Any(c => c is SessionChange.Discard or SessionChange.Transaction { Step: TransactionStep.Rollback or TransactionStep.RollbackTo }))
        {
            return Lost();
        }

        SqlName?[] defined = [.. facts.Accesses.Where(a => a.Effect == SqlEffects.Ddl).Select(a => a.Relation)];
        return defined.Length == 0 ? this : WithTemporaries(defined).Defined(statement, defined).WithAdded(_added, statement.Lineage.Adds);
    }

    /// <summary>Whether a relation may have a column of which nobody else knows.</summary>
    public bool MayHave(SqlName relation, string column) =>
        _added.Contains((relation.Name, column)) || _tables.Any(t => t.Table.IsOpen && t.Table.Name.Name == relation.Name);

    /// <summary>The transaction is over: the catalog has what it made.</summary>
    public OwnTables Ended() => IsEmpty ? this : new OwnTables([], isKnown: true, _temporaries);

    /// <summary>The transaction has failed: what failed to be made may be there, and somebody else's.</summary>
    public OwnTables Lost() => _tables.IsEmpty && !IsKnown ? this : new OwnTables([], isKnown: false, _temporaries);

    /// <summary>Every relation that a name may mean to the session; its own have the number 0.</summary>
    public IEnumerable<CatalogRelation> Find(Catalog catalog, SqlName name, SqlSearchPath path)
    {
        foreach (CatalogRelation relation in catalog.Find(name, path))
        {
            // Temporary ones of others are there too.
            if (name.Schema is not null || !IsTemporary(relation.Schema) || _temporaries is null || _temporaries.Contains(name.Name))
            {
                yield return relation;
            }
        }

        foreach ((LineageTable table, CatalogRelation relation) in _tables)
        {
            if (table.Name.Name == name.Name
                && (name.Schema is null || name.Schema == table.Name.Schema || (table.IsTemporary && name.Schema == "pg_temp")))
            {
                yield return relation;
            }
        }
    }

    private static bool IsTemporary(string schema) => schema.StartsWith("pg_temp", StringComparison.Ordinal);

    // As long as what has been made is followed.
    private OwnTables WithAdded(ImmutableHashSet<(string Table, string Column)> before, ImmutableArray<(SqlName Table, string Column)> added)
    {
        ImmutableHashSet<(string, string)> all = before.Union(added.Select(a => (a.Table.Name, a.Column)));
        return all.IsEmpty || all.Count > Most || ReferenceEquals(all, _added) ? this : new OwnTables(_tables, IsKnown, _temporaries) { _added = all };
    }

    private OwnTables WithTemporaries(SqlName?[] defined)
    {
        ImmutableHashSet<string>? names = _temporaries;
        foreach (SqlName known in defined.OfType<SqlName>())
        {
            if (known.Name == SqlName.Any || names is null || names.Count >= Most)
            {
                names = null;
                break;
            }

            names = known.Schema is null || IsTemporary(known.Schema) ? names.Add(known.Name) : names;
        }

        return ReferenceEquals(names, _temporaries) ? this : new OwnTables(_tables, IsKnown, names);
    }

    private OwnTables Defined(ParsedStatement statement, SqlName?[] defined)
    {
        if (statement.Lineage.Makes is { } table)
        {
            return _tables.Length < Most ? new OwnTables(_tables.Add((table, RelationOf(table))), IsKnown, _temporaries) : Lost();
        }

        if (statement.Facts.Kinds.Contains("drop"))
        {
            return Array.TrueForAll(defined, n => n is { Name: not SqlName.Any })
                ? new OwnTables(_tables.RemoveAll(t => defined.Any(n => n!.Value.Name == t.Table.Name.Name)), IsKnown, _temporaries) : Lost();
        }

        // What is made beside them leaves them what they are; what is renamed or moved does not.
        return statement.Lineage.IsAside ? this
            : statement.Facts.Kinds.All(k => k == "create") ? new OwnTables(_tables, isKnown: false, _temporaries) : Lost();
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
