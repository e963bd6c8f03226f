using System.Collections.Immutable;
using System.Globalization;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Masking;

/// <summary>
/// Which columns of a catalog a set of masks hides: those that it names, the columns of the same name in parents, children and
/// partitions, and what views and computed columns make of them. Immutable once made; safe to use from any thread.
/// </summary>
internal sealed partial class ProtectionMap
{
    private readonly Dictionary<uint, Dictionary<short, MaskConfig>> _protected = [];
    private readonly Dictionary<MaskConfig, Replacement> _replacements;
    private readonly MaskConfig? _any;

    // Columns that are computed from hidden ones, and those of views that are made of them and are not one of them.
    private readonly HashSet<(uint Relation, short Column)> _made = [];

    // Relations whose number of rows tells what ran, and views of them.
    private readonly HashSet<uint> _counting = [];

    // Columns of views that leave a trace where they are computed.
    private readonly HashSet<(uint Relation, short Column)> _telling = [];
    private readonly HashSet<(uint Relation, short Column)> _running = [];

    /// <param name="catalog">Where the columns are looked up.</param>
    /// <param name="masks">What hides.</param>
    /// <param name="key">Of the hashes that stand in place of values.</param>
    public ProtectionMap(Catalog catalog, MaskSet masks, ReadOnlyMemory<byte> key)
    {
        Catalog = catalog;
        ColumnMasks = [.. masks.Masks.Where(m => !m.Columns.IsEmpty)];
        if (!ColumnMasks.IsEmpty)
        {
            _any = ColumnMasks.Aggregate(MaskStrictness.Stricter);
            Fill();
        }

        _replacements = masks.Masks.ToDictionary(m => m, m => new Replacement(m, key));
        foreach (MaskConfig mask in ColumnMasks)
        {
            // As the stricter of two.
            _replacements.TryAdd(mask with { AllowsPredicates = false }, _replacements[mask]);
        }

        Searches = [.. from mask in masks.Masks from detector in mask.Detect select new Search(detector, _replacements[mask])];
    }

    public Catalog Catalog { get; }

    /// <summary>The masks that name columns.</summary>
    public ImmutableArray<MaskConfig> ColumnMasks { get; }

    /// <summary>What is looked for in values.</summary>
    public ImmutableArray<Search> Searches { get; }

    /// <summary>Where it cannot be known which column a value comes from the operation is refused.</summary>
    public bool DeniesUnsure => ColumnMasks.Any(m => m.Unsure == MaskUnsure.Deny);

    /// <summary>The mask of what comes from a hidden column, but is not known from which: as strict as all.</summary>
    public MaskConfig Any => _any ?? throw new InvalidOperationException("no mask names columns");

    /// <summary>Whether anything of a relation is hidden.</summary>
    public bool IsProtected(CatalogRelation relation) => _protected.ContainsKey(relation.Oid);

    /// <summary>The mask of a column as a RowDescription tells its origin; null: it is not hidden.</summary>
    /// <param name="relation">Number of its relation.</param>
    /// <param name="column">Its number; 0: the whole row; below: what the server adds to every row.</param>
    public MaskConfig? Of(uint relation, short column)
    {
        if (ColumnMasks.IsEmpty || column < 0)
        {
            return null;
        }

        if (_protected.TryGetValue(relation, out Dictionary<short, MaskConfig>? columns))
        {
            return column == 0 ? columns.Values.Aggregate(MaskStrictness.Stricter)
                : columns.TryGetValue(column, out MaskConfig? mask) ? mask
                : Knows(relation, column) ? null : Any;
        }

        return Knows(relation, column) ? null : Any;
    }

    /// <summary>Whether a column is computed when it is read, and leaves a trace then.</summary>
    public bool Tells(CatalogRelation relation, short column) => _telling.Contains((relation.Oid, column));

    /// <summary>Whether any column of it is.</summary>
    public bool TellsAny(CatalogRelation relation) => relation.Columns.Exists(c => Tells(relation, c.Number));

    /// <summary>Whether a column is, or is made of, a subquery.</summary>
    public bool Runs(CatalogRelation relation, short column) => _running.Contains((relation.Oid, column));

    /// <summary>Whether any column of it is.</summary>
    public bool RunsAny(CatalogRelation relation) => relation.Columns.Exists(c => Runs(relation, c.Number));

    /// <summary>Whether even the number of its rows tells what ran.</summary>
    public bool Counts(CatalogRelation relation) => _counting.Contains(relation.Oid);

    /// <summary>Whether the catalog has a column, and so says what it is. What came with the server is known.</summary>
    public bool Knows(uint relation, short column) => relation < Catalog.FirstUserOid
        || (Catalog.Find(relation) is { } known && (column <= 0 || known.Columns.Exists(c => c.Number == column)));

    /// <summary>What stands in place of a value that a mask hides.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="relation">Number of the relation of which the value is a column; 0: it is made of columns, or may be.</param>
    /// <param name="column">The column's number.</param>
    public Replacement ReplacementOf(MaskConfig mask, uint relation, short column)
    {
        Replacement replacement = _replacements[mask];
        return relation == 0 || _made.Contains((relation, column)) || Catalog.Find(relation) is null ? replacement.OfMade : replacement;
    }

    /// <summary>The function by which a statement asks how much ran, which may tell of a value; null: none.</summary>
    public SqlName? Counting(SqlStatementFacts facts) => _any is null ? null : ExecutionCounters.AskedBy(facts);

    private void Fill()
    {
        foreach (CatalogRelation relation in Catalog.Relations)
        {
            foreach (CatalogColumn column in relation.Columns)
            {
                foreach (MaskConfig mask in ColumnMasks.Where(m => m.Columns.Any(p => p.Matches(relation.Schema, relation.Name, column.Name))))
                {
                    Protect(relation, column.Number, mask);
                }

                if (relation.Oid < Catalog.FirstUserOid)
                {
                    FillServers(relation, column);
                }
            }
        }

        do
        {
            FillKin();
        }
        while (FillGenerated());
        FillOverflow();
        do
        {
            var done = new HashSet<uint>();
            foreach (CatalogRelation relation in Catalog.Relations)
            {
                FillView(relation, done);
            }
        }
        while (FillOverflow());
    }

    private void FillServers(CatalogRelation relation, CatalogColumn column)
    {
        if (ServerRelations.Hide(relation, column.Name))
        {
            ProtectMade(relation, column.Number, Any);
        }

        if (ServerRelations.LookUp(relation, column.Name))
        {
            _telling.Add((relation.Oid, column.Number));
        }

        if (ExecutionCounters.ContainRows(relation))
        {
            _counting.Add(relation.Oid);
        }
    }

    // A parent gives back its children's rows, and each row has its own child's columns.
    private void FillKin()
    {
        var open = new Stack<uint>(_protected.Keys);
        while (open.TryPop(out uint oid))
        {
            if (Catalog.Find(oid) is not { } relation)
            {
                continue;
            }

            foreach (CatalogRelation kin in relation.Kin.Select(Catalog.Find).OfType<CatalogRelation>())
            {
                bool isNew = false;
                foreach (CatalogColumn column in relation.Columns)
                {
                    if (_protected[oid].TryGetValue(column.Number, out MaskConfig? mask))
                    {
                        CatalogColumn same = kin.Columns.Find(c => c.Name == column.Name);
                        isNew |= same.Name is not null && Protect(kin, same.Number, mask);
                        isNew |= same.Name is not null && _made.Contains((oid, column.Number)) && _made.Add((kin.Oid, same.Number));
                    }
                }

                if (isNew)
                {
                    open.Push(kin.Oid);
                }
            }
        }
    }

    // Long values of a table lie in pieces in a relation that the server names after it.
    private bool FillOverflow()
    {
        bool isNew = false;
        foreach (CatalogRelation relation in Catalog.Relations)
        {
            if (relation.Schema == "pg_toast" && uint.TryParse(relation.Name.AsSpan(relation.Name.LastIndexOf('_') + 1), CultureInfo.InvariantCulture, out uint owner)
                && _protected.ContainsKey(owner))
            {
                foreach (CatalogColumn column in relation.Columns)
                {
                    isNew |= Protect(relation, column.Number, Any);
                    _made.Add((relation.Oid, column.Number));
                }
            }
        }

        return isNew;
    }

    // A child may compute what its parent does not. One cannot be computed from another that is.
    private bool FillGenerated()
    {
        bool isNew = false;
        foreach (CatalogRelation relation in Catalog.Relations)
        {
            foreach ((short column, short from) in relation.Generated)
            {
                if (_protected.TryGetValue(relation.Oid, out Dictionary<short, MaskConfig>? columns) && columns.TryGetValue(from, out MaskConfig? mask)
                    && Protect(relation, column, mask))
                {
                    _made.Add((relation.Oid, column));
                    isNew = true;
                }
            }
        }

        return isNew;
    }

    private void ProtectAll(CatalogRelation relation)
    {
        foreach (CatalogColumn column in relation.Columns)
        {
            ProtectMade(relation, column.Number, Any);
        }
    }

    private void ProtectMade(CatalogRelation relation, short column, MaskConfig mask)
    {
        Protect(relation, column, mask);
        _made.Add((relation.Oid, column));
    }

    // Whether anything is new about it.
    private bool Protect(CatalogRelation relation, short column, MaskConfig mask)
    {
        if (!_protected.TryGetValue(relation.Oid, out Dictionary<short, MaskConfig>? columns))
        {
            _protected.Add(relation.Oid, columns = []);
        }

        bool isProtected = columns.TryGetValue(column, out MaskConfig? before);
        columns[column] = isProtected ? MaskStrictness.Stricter(before!, mask) : mask;
        return columns[column] != before;
    }
}
