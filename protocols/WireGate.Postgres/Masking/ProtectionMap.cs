using System.Collections.Immutable;
using System.Globalization;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>
/// Which columns of a catalog a set of masks hides: those that it names, the columns of the same name in parents, children and
/// partitions, and what views and computed columns make of them. Immutable once made; safe to use from any thread.
/// </summary>
internal sealed class ProtectionMap
{
    // What the server itself keeps of values of any column, and of credentials. The numbers of system relations differ by version.
    private static readonly (string Relation, string Columns)[] BuiltIn =
    [
        ("pg_statistic", "stavalues*"), ("pg_stats", "most_common_*"), ("pg_stats", "histogram_bounds"), ("pg_stats", "range_*"),
        ("pg_stats_ext", "most_common_*"), ("pg_stats_ext_exprs", "*"), ("pg_statistic_ext_data", "*"), ("pg_authid", "rolpassword"),
        ("pg_shadow", "passwd"), ("pg_user_mapping", "umoptions"), ("pg_user_mappings", "umoptions"), ("pg_subscription", "subconninfo"),
        ("pg_largeobject", "data"), ("pg_stat_activity", "query"),
    ];

    private readonly Dictionary<uint, Dictionary<short, MaskConfig>> _protected = [];
    private readonly Dictionary<MaskConfig, Replacement> _replacements;

    // Columns that are computed from hidden ones, and those of views that are made of them and are not one of them.
    private readonly HashSet<(uint Relation, short Column)> _made = [];

    /// <param name="catalog">Where the columns are looked up.</param>
    /// <param name="masks">What hides.</param>
    /// <param name="key">Of the hashes that stand in place of values.</param>
    public ProtectionMap(Catalog catalog, MaskSet masks, ReadOnlyMemory<byte> key)
    {
        Catalog = catalog;
        ColumnMasks = [.. masks.Masks.Where(m => !m.Columns.IsEmpty)];
        if (!ColumnMasks.IsEmpty)
        {
            Fill();
        }

        _replacements = masks.Masks.ToDictionary(m => m, m => new Replacement(m, key));
        Searches = [.. from mask in masks.Masks from detector in mask.Detect select new Search(detector, _replacements[mask])];
    }

    public Catalog Catalog { get; }

    /// <summary>The masks that name columns.</summary>
    public ImmutableArray<MaskConfig> ColumnMasks { get; }

    /// <summary>What is looked for in values.</summary>
    public ImmutableArray<Search> Searches { get; }

    /// <summary>Where it cannot be known which column a value comes from the operation is refused.</summary>
    public bool DeniesUnsure => ColumnMasks.Any(m => m.Unsure == MaskUnsure.Deny);

    /// <summary>The mask of what comes from a hidden column, but is not known from which.</summary>
    public MaskConfig Any => ColumnMasks[0];

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
            return column == 0 ? columns.Values.First() : columns.GetValueOrDefault(column);
        }

        return relation >= Catalog.FirstUserOid && Catalog.Find(relation) is null ? Any : null;
    }

    /// <summary>What stands in place of a value that a mask hides.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="relation">Number of the relation of which the value is a column; 0: it is made of columns, or may be.</param>
    /// <param name="column">The column's number.</param>
    public Replacement ReplacementOf(MaskConfig mask, uint relation, short column)
    {
        Replacement replacement = _replacements[mask];
        return relation == 0 || _made.Contains((relation, column)) || Catalog.Find(relation) is null ? replacement.OfMade : replacement;
    }

    private void Fill()
    {
        foreach (CatalogRelation relation in Catalog.Relations)
        {
            foreach (CatalogColumn column in relation.Columns)
            {
                if (ColumnMasks.FirstOrDefault(m => m.Columns.Any(p => p.Matches(relation.Schema, relation.Name, column.Name))) is { } mask)
                {
                    Protect(relation, column.Number, mask);
                }
                else if (relation.Oid < Catalog.FirstUserOid && relation.Schema == "pg_catalog"
                    && BuiltIn.Any(b => b.Relation == relation.Name && new NamePattern(b.Columns).Matches(column.Name)))
                {
                    Protect(relation, column.Number, Any);
                }
            }
        }

        do
        {
            FillKin();
        }
        while (FillGenerated());
        FillOverflow();

        var done = new HashSet<uint>();
        foreach (CatalogRelation relation in Catalog.Relations)
        {
            FillView(relation, done);
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
    private void FillOverflow()
    {
        foreach (CatalogRelation relation in Catalog.Relations)
        {
            if (relation.Schema == "pg_toast" && uint.TryParse(relation.Name.AsSpan(relation.Name.LastIndexOf('_') + 1), CultureInfo.InvariantCulture, out uint owner)
                && _protected.ContainsKey(owner))
            {
                foreach (CatalogColumn column in relation.Columns)
                {
                    Protect(relation, column.Number, Any);
                    _made.Add((relation.Oid, column.Number));
                }
            }
        }
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
                    isNew = _made.Add((relation.Oid, column));
                }
            }
        }

        return isNew;
    }

    private void FillView(CatalogRelation view, HashSet<uint> done)
    {
        if (view.Definition is null || !done.Add(view.Oid))
        {
            return;
        }

        foreach (CatalogRelation source in view.Sources.Select(Catalog.Find).OfType<CatalogRelation>())
        {
            FillView(source, done);
        }

        bool isHidden = view.Sources.Any(_protected.ContainsKey);
        if (view.Definition.Statements is not [{ Lineage.Kind: LineageKind.Rows } statement] || statement.Facts.Unknown is not null)
        {
            // Its text is newer than the parser.
            ProtectAll(view, isHidden);
            return;
        }

        var taint = new Taint(statement, this, SqlSearchPath.Of("pg_catalog"));
        ImmutableArray<LineageOutput> outputs = statement.Lineage.Outputs;
        bool mayBeMade = !statement.Lineage.Flows.IsEmpty || view.Sources.Any(s => _made.Any(m => m.Relation == s));
        bool callsUnknown = !statement.Facts.UnknownFunctions.IsEmpty;
        if (outputs.Any(o => o.IsStar) || view.Columns.Count != outputs.Length)
        {
            ProtectAll(view, isHidden || callsUnknown);
            return;
        }

        for (int i = 0; i < outputs.Length; i++)
        {
            if (taint.Of(outputs[i].From) is { } found)
            {
                Protect(view, view.Columns[i].Number, found.Mask);
                if (mayBeMade || !outputs[i].IsPlain)
                {
                    _made.Add((view.Oid, view.Columns[i].Number));
                }
            }
            else if (callsUnknown && !outputs[i].IsPlain)
            {
                Protect(view, view.Columns[i].Number, Any);
            }
        }
    }

    private void ProtectAll(CatalogRelation relation, bool isHidden)
    {
        foreach (CatalogColumn column in relation.Columns.Where(_ => isHidden))
        {
            Protect(relation, column.Number, Any);
            _made.Add((relation.Oid, column.Number));
        }
    }

    private bool Protect(CatalogRelation relation, short column, MaskConfig mask)
    {
        if (!_protected.TryGetValue(relation.Oid, out Dictionary<short, MaskConfig>? columns))
        {
            _protected.Add(relation.Oid, columns = []);
        }

        return columns.TryAdd(column, mask);
    }
}
