using System.Collections.Immutable;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>Where a name stands, and so what it may stand for.</summary>
internal abstract class LineagePlace;

/// <summary>Behind a qualifier.</summary>
/// <param name="meanings">What that may stand for, the nearest and those around it; empty: it is not known.</param>
internal sealed class LineageQualifier(ImmutableArray<LineageAlias> meanings) : LineagePlace
{
    public ImmutableArray<LineageAlias> Meanings { get; } = meanings;
}

/// <summary>By itself within a query: it may be a column of what that reads, and of what those around it do. Immutable once the lineage is read.</summary>
/// <param name="outer">The query around it; null: none that it sees.</param>
internal sealed class LineageLevel(LineageLevel? outer) : LineagePlace
{
    private readonly List<LineageColumns> _sources = [];

    public LineageLevel? Outer { get; } = outer;

    /// <summary>What it reads.</summary>
    public IReadOnlyList<LineageColumns> Sources => _sources;

    public void Add(LineageColumns source) => _sources.Add(source);
}

/// <summary>A name at its place; the place null: wherever it stands.</summary>
internal readonly record struct LineageName(LineagePlace? Place, string Name);

/// <summary>Names of columns from which a value is made. Immutable once the lineage is read.</summary>
/// <param name="budget">What reading may cost, beyond which it may be all columns; null: it is not counted.</param>
internal sealed class ColumnNames(LineageBudget? budget = null)
{
    private readonly HashSet<LineageName> _names = [];
    private HashSet<LineageName>? _direct;
    private List<ColumnNames>? _subqueries;

    /// <summary>All of them.</summary>
    public IReadOnlySet<LineageName> Names => _names;

    /// <summary>Those that stand in no subquery of the expression.</summary>
    public IReadOnlySet<LineageName> Direct => _direct ?? _names;

    /// <summary>The subqueries that stand in the expression: what each gives back is made of.</summary>
    public IReadOnlyList<ColumnNames> Subqueries => _subqueries ?? [];

    /// <summary>All columns of something.</summary>
    public bool HasStar { get; set; }

    /// <summary>Something is called beside them that leaves a trace where it runs.</summary>
    public bool Tells { get; set; }

    public void Add(LineagePlace? place, string name)
    {
        if (budget?.Keeps(1) != false)
        {
            _names.Add(new LineageName(place, name));
            _direct?.Add(new LineageName(place, name));
        }
        else
        {
            HasStar = true;
        }
    }

    public void AddAll(ColumnNames other)
    {
        if (ReferenceEquals(other, this))
        {
            return;
        }

        if (other._subqueries is { } subqueries && budget?.Keeps(_names.Count + subqueries.Count) != false)
        {
            _direct ??= [.. _names];
            (_subqueries ??= []).AddRange(subqueries);
        }

        Merge(other);
        _direct?.UnionWith(other.Direct);
    }

    /// <summary>A subquery stands beside them.</summary>
    /// <param name="subquery">What it gives back is made of these.</param>
    public void AddSubquery(ColumnNames subquery)
    {
        _direct ??= [.. _names];
        (_subqueries ??= []).Add(subquery);
        Merge(subquery);
    }

    private void Merge(ColumnNames other)
    {
        HasStar |= other.HasStar;
        Tells |= other.Tells;
        if (budget?.Keeps(other._names.Count) != false)
        {
            _names.UnionWith(other._names);
        }
        else
        {
            HasStar = true;
        }
    }
}

/// <summary>What FROM calls something.</summary>
/// <param name="Alias">Its name.</param>
/// <param name="Relation">Null: what it stands for is made within the statement.</param>
/// <param name="Columns">Those that it surely has.</param>
/// <param name="From">What a function was called with that made it; null: it is no function.</param>
internal sealed record LineageAlias(string Alias, SqlName? Relation, LineageColumns Columns, ColumnNames? From);

/// <summary>Columns that something surely has: whatever else is selected from it may be a function of it. Immutable once the lineage is read.</summary>
/// <param name="budget">What reading may cost.</param>
internal sealed class LineageColumns(LineageBudget budget)
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<SqlName> _relations = [];

    /// <summary>By their names.</summary>
    public HashSet<string> Names => _names;

    /// <summary>All of these.</summary>
    public HashSet<SqlName> Relations => _relations;

    public void Add(string? name)
    {
        if (name is not null && budget.Keeps(1))
        {
            _names.Add(name);
        }
    }

    public void AddAll(SqlName relation)
    {
        if (budget.Keeps(1))
        {
            _relations.Add(relation);
        }
    }

    public void AddAll(LineageColumns? other)
    {
        if (other is not null && !ReferenceEquals(other, this) && budget.Keeps(other._names.Count + other._relations.Count))
        {
            _names.UnionWith(other._names);
            _relations.UnionWith(other._relations);
        }
    }
}
