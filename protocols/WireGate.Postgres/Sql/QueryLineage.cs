using System.Collections.Immutable;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>What a statement gives back.</summary>
internal enum LineageKind
{
    /// <summary>It was not understood: whatever it gives back may come from anywhere. The default.</summary>
    Unknown = 0,

    /// <summary>Rows of its own, or none: <see cref="QueryLineage.Outputs"/>.</summary>
    Rows,

    /// <summary>Nothing of any table: a setting, a plan, a word.</summary>
    Utility,

    /// <summary>What other statements give back that it names.</summary>
    Names,

    /// <summary>A COPY to the client.</summary>
    Copy,
}

/// <summary>Whether a statement explains another.</summary>
internal enum Explaining
{
    /// <summary>No.</summary>
    None = 0,

    /// <summary>It tells how that would run.</summary>
    Plan,

    /// <summary>It runs it, and tells how much flowed in it.</summary>
    Run,
}

/// <summary>One column that a statement gives back, or with a star any number.</summary>
/// <param name="Name">As the text names it; null: the upstream chooses.</param>
/// <param name="From">What it is made of.</param>
/// <param name="IsStar">All columns of something, as many as that has.</param>
/// <param name="IsPlain">A column by its name, and nothing is done to it.</param>
internal sealed record LineageOutput(string? Name, ColumnNames From, bool IsStar, bool IsPlain)
{
    /// <summary>What the star surely stands for; null: it is none, or that is not known.</summary>
    public LineageColumns? Columns { get; init; }
}

/// <summary>A name within a statement that stands for what is made of others; the name null: any name may.</summary>
internal readonly record struct LineageFlow(string? Name, ColumnNames From);

/// <summary>A table that a statement makes, and which holds nothing but what the session puts there.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsTemporary">No other session sees it.</param>
/// <param name="Columns">Those that the text names.</param>
/// <param name="IsOpen">There may be more.</param>
internal sealed record LineageTable(SqlName Name, bool IsTemporary, ImmutableArray<string> Columns, bool IsOpen);

/// <summary>COPY … TO STDOUT.</summary>
/// <param name="Relation">Null: of a query.</param>
/// <param name="Columns">As listed; empty: all.</param>
/// <param name="Options">In lower case, with their values; a value that is no plain text is null.</param>
internal sealed record CopyShape(SqlName? Relation, ImmutableArray<string> Columns, ImmutableArray<(string Name, string? Value)> Options);

/// <summary>
/// From which columns the values that a statement gives back may come, by names alone and whatever the place where a name stands: it says
/// too much rather than too little. Immutable.
/// </summary>
internal sealed record QueryLineage
{
    /// <summary>Nothing is known.</summary>
    public static QueryLineage Unknown { get; } = new();

    /// <summary>It is out of proportion to its text, and was not followed: what it reads may be anywhere.</summary>
    public static QueryLineage OutOfProportion { get; } = new()
    {
        IsOutOfProportion = true,
        Predicates = new ColumnNames { HasStar = true },
        Written = new ColumnNames { HasStar = true },
        BesideSetting = new ColumnNames { HasStar = true },
        Parts = new ColumnNames { HasStar = true },
    };

    /// <summary>It was not followed to its end.</summary>
    public bool IsOutOfProportion { get; private init; }

    /// <summary>What it gives back.</summary>
    public LineageKind Kind { get; init; }

    /// <summary>Whether it is an EXPLAIN.</summary>
    public Explaining Explains { get; init; }

    /// <summary>The columns of its rows in order; empty: it gives back none.</summary>
    public ImmutableArray<LineageOutput> Outputs { get; init; } = [];

    /// <summary>Of what each column is made that it computes, or that what it prepares or explains does; not those that a star stands for.</summary>
    public ImmutableArray<ColumnNames> Computed { get; init; } = [];

    /// <summary>What the names within it stand for.</summary>
    public ImmutableArray<LineageFlow> Flows { get; init; } = [];

    /// <summary>What FROM calls what it reads.</summary>
    public ImmutableArray<LineageAlias> Aliases { get; init; } = [];

    /// <summary>Names with a qualifier, wherever they stand: what is no column of it is a function.</summary>
    public IReadOnlySet<LineageName> Fields { get; init; } = ImmutableHashSet<LineageName>.Empty;

    /// <summary>Columns that stand where their values decide: conditions, orders, groups, joins, limits.</summary>
    public ColumnNames Predicates { get; init; } = new();

    /// <summary>The same by their places among those of a relation, from 1.</summary>
    public ImmutableArray<(SqlName Relation, int Place)> PredicatePlaces { get; init; } = [];

    /// <summary>
    /// Names within LATERAL, and what is around it: where they are columns of that, the server may keep by their values what the subquery gave.
    /// </summary>
    public IReadOnlySet<(LineageName Name, LineageLevel Around)> FromAround { get; init; } = ImmutableHashSet<(LineageName, LineageLevel)>.Empty;

    /// <summary>What each expression is made of that is made of more than one name, or has a subquery.</summary>
    public ImmutableArray<ColumnNames> Expressions { get; init; } = [];

    /// <summary>What is asked whether it IS NULL.</summary>
    public ImmutableArray<ColumnNames> Tested { get; init; } = [];

    /// <summary>Columns that stand in one expression with what is known to have run afterwards, as a setting is: whether it does may hang on them.</summary>
    public ColumnNames BesideSetting { get; init; } = new();

    /// <summary>Columns of which is made what it writes.</summary>
    public ColumnNames Written { get; init; } = new();

    /// <summary>Columns that keep a part of what they were: it assigns to a subscript or a field of them.</summary>
    public ColumnNames Parts { get; init; } = new();

    /// <summary>Null: it is no COPY to the client.</summary>
    public CopyShape? Copy { get; init; }

    /// <summary>The only relation that it reads, where it is a SELECT of that alone; null: it is more.</summary>
    public SqlName? Only { get; init; }

    /// <summary>The table that it makes; null: none, or it may be there already.</summary>
    public LineageTable? Makes { get; init; }

    /// <summary>Columns that it adds to tables.</summary>
    public ImmutableArray<(SqlName Table, string Column)> Adds { get; init; } = [];

    /// <summary>It may change what is defined, but not so that anything new can be read: an index, a comment.</summary>
    public bool IsAside { get; init; }
}
