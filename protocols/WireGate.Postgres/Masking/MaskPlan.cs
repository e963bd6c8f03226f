using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>How the answers to one text are masked: a statement after the other. Belongs to a session.</summary>
/// <param name="map">What is hidden.</param>
/// <param name="statements">In the order in which they run.</param>
internal sealed class MaskPlan(ProtectionMap map, ImmutableArray<StatementPlan> statements)
{
    // With what it was made of.
    private const int PerPlan = 512;

    public ProtectionMap Map { get; } = map;

    /// <summary>The statements; what runs beyond them was not foreseen.</summary>
    public ImmutableArray<StatementPlan> Statements { get; } = statements;

    /// <summary>Why it must not run, with the column where there is one; null: it may.</summary>
    public string? Refusal { get; init; }

    /// <summary>It names something of which a part is hidden, or it cannot be known.</summary>
    public bool IsSensitive { get; init; }

    /// <summary>The text.</summary>
    public required JudgedText Text { get; init; }

    /// <summary>The masks.</summary>
    public required MaskSet Masks { get; init; }

    /// <summary>All that runs only reads, or begins a transaction: an error behind it takes nothing back. False where that cannot be known.</summary>
    public bool OnlyReads { get; init; }

    /// <summary>It may give back rows, which have to be described by the protocol first.</summary>
    public bool GivesRows { get; init; }

    /// <summary>What it was made of: it is made again when the catalog turns out to be another. Null: it is a refusal.</summary>
    public PlanInput? Input { get; init; }

    /// <summary>Bytes in memory, about, without its text and what is hidden.</summary>
    public long Weight { get; } = PerPlan + statements.Sum(s => s.Weight);

    /// <summary>How many answers are owed that it is for.</summary>
    public int Owed { get; set; }
}

/// <summary>What a plan is made of, beside what is hidden.</summary>
/// <param name="Text">The text.</param>
/// <param name="Masks">What holds for it.</param>
/// <param name="Sources">For each of its statements what gives back its rows: itself, and what its names stand for.</param>
/// <param name="Path">What names mean.</param>
/// <param name="Unreadable">Why texts of this session cannot be read; null: they can.</param>
/// <param name="Own">What the session has made in its transaction.</param>
/// <param name="Epoch">What names meant.</param>
/// <param name="Meanings">What names of statements and portals stood for.</param>
internal sealed record PlanInput(
    JudgedText Text, MaskSet Masks, IReadOnlyList<List<RowSource>> Sources, SqlSearchPath Path, string? Unreadable, OwnTables Own, int Epoch,
    long Meanings = 0);

/// <summary>What one statement gives back may come from one of these, and which is not always known.</summary>
/// <param name="sources">The statement itself, or what its names stand for.</param>
internal sealed class StatementPlan(ImmutableArray<PlanSource> sources)
{
    // A list, an object and an array; and what is kept of a description of usual length.
    private const int Constant = 512;

    private byte[] _description = [];
    private RowMask? _rows;
    private ProtectionMap? _map;

    /// <summary>Bytes in memory, about.</summary>
    public long Weight { get; } = Constant + sources.Sum(s => PlanSource.Constant + s.Taint.Weight);

    /// <summary>How a COPY is masked; null: it is none that could be.</summary>
    public CopyPlan? Copy { get; init; }

    /// <summary>
    /// What becomes of the rows that a RowDescription tells of. The last one is kept: a statement that runs again has the same.
    /// </summary>
    /// <param name="description">Its body.</param>
    /// <param name="map">What is hidden now; what its sources were planned by counts as well.</param>
    /// <param name="own">Numbers of the session's own tables, of which nothing is.</param>
    /// <param name="refusal">Why they must not pass.</param>
    /// <exception cref="ProtocolException">It is not well formed.</exception>
    public RowMask? Rows(ReadOnlySpan<byte> description, ProtectionMap map, IReadOnlySet<uint> own, out string? refusal)
    {
        refusal = null;
        if (_rows is not null && ReferenceEquals(map, _map) && description.SequenceEqual(_description))
        {
            return _rows;
        }

        RowMask? rows = Make(description, map, own, out refusal);
        (_description, _rows, _map) = (description.ToArray(), rows, map);
        return rows;
    }

    /// <summary>This statement, and as it is planned by what is hidden now: it may have run by either.</summary>
    /// <param name="now">The same statement.</param>
    /// <returns>Null: as a COPY it would show other columns now.</returns>
    public StatementPlan? And(StatementPlan now)
    {
        CopyPlan? copy = Copy is null || now.Copy is null ? null : Copy.And(now.Copy);
        return copy is null && (Copy is not null || now.Copy is not null) ? null : new StatementPlan([.. sources, .. now.Sources]) { Copy = copy };
    }

    private ImmutableArray<PlanSource> Sources => sources;

    /// <summary>What a catalog that is read now does not have is a table of the session's own.</summary>
    public bool IsOwn => sources.Any(s => s.Taint.NamesOwn) && !sources.Any(s => s.Taint.Lacks || s.Unknown is not null);

    /// <summary>Whether a RowDescription names a relation that is not known.</summary>
    /// <param name="description">Its body.</param>
    /// <param name="catalog">What is known.</param>
    /// <param name="own">Numbers that are known to be the session's own.</param>
    /// <param name="unknown">Where those go that are not known; null: nowhere.</param>
    public static bool NamesUnknown(ReadOnlySpan<byte> description, Catalog catalog, IReadOnlySet<uint> own, ISet<uint>? unknown = null)
    {
        bool isAny = false;
        var reader = new PostgresReader(Peer.Upstream, description);
        for (int i = reader.ReadInt16(); i > 0; i--)
        {
            DescribedColumn column = DescribedColumn.Read(ref reader);
            if (column.Relation >= Catalog.FirstUserOid && catalog.Find(column.Relation) is null && !own.Contains(column.Relation))
            {
                isAny = true;
                unknown?.Add(column.Relation);
            }
        }

        return isAny;
    }

    // Int16 count | String name, Int32 relation, Int16 column, Int32 type, Int16 size, Int32 modifier, Int16 format, each
    private RowMask? Make(ReadOnlySpan<byte> description, ProtectionMap map, IReadOnlySet<uint> own, out string? refusal)
    {
        var reader = new PostgresReader(Peer.Upstream, description);
        int count = reader.ReadInt16();
        var columns = ImmutableArray.CreateBuilder<ColumnMask>(Math.Max(0, count));
        for (int i = 0; i < count; i++)
        {
            DescribedColumn column = DescribedColumn.Read(ref reader);
            ValueKind kind = ValueKinds.Of(column.Type, map.Catalog);
            Hidden? hidden = null;
            if (column.Relation == 0)
            {
                foreach (PlanSource source in sources.Where(s => !s.Map.ColumnMasks.IsEmpty))
                {
                    Origin origin = source.Of(i, count, System.Text.Encoding.UTF8.GetString(column.Name));
                    hidden = Hidden.Stricter(hidden, origin.Found is { } found ? new Hidden(source.Map, found.Mask) : null);
                    if (origin.IsUnsure && source.Map.DeniesUnsure)
                    {
                        refusal = $"where the column \"{System.Text.Encoding.UTF8.GetString(column.Name)}\" comes from cannot be known";
                        return null;
                    }
                }
            }
            else if (!own.Contains(column.Relation))
            {
                hidden = OfRelation(column, map);
            }

            columns.Add(new ColumnMask(
                hidden?.Map.ReplacementOf(hidden.Value.Mask, column.Relation, column.Number), kind,
                hidden is null && !map.Searches.IsEmpty && kind != ValueKind.Plain, column.IsBinary));
        }

        reader.End();
        refusal = null;
        return new RowMask(columns.DrainToImmutable(), map.Searches);
    }

    // Those that know the column say what it is. If none does, nobody knows what it was.
    private Hidden? OfRelation(in DescribedColumn column, ProtectionMap map)
    {
        Hidden? hidden = null;
        bool isKnown = false;
        foreach (ProtectionMap one in sources.Select(s => s.Map).Append(map).Distinct())
        {
            if (!one.ColumnMasks.IsEmpty && one.Knows(column.Relation, column.Number))
            {
                isKnown = true;
                hidden = Hidden.Stricter(hidden, one.Of(column.Relation, column.Number) is { } mask ? new Hidden(one, mask) : null);
            }
        }

        return isKnown || map.ColumnMasks.IsEmpty ? hidden : new Hidden(map, map.Any);
    }

    private readonly record struct Hidden(ProtectionMap Map, MaskConfig Mask)
    {
        public static Hidden? Stricter(Hidden? one, Hidden? other) =>
            one is not { } first ? other : other is not { } second || MaskStrictness.Shows(first.Mask) <= MaskStrictness.Shows(second.Mask) ? one : other;
    }

    private readonly ref struct DescribedColumn
    {
        public ReadOnlySpan<byte> Name { get; private init; }

        public uint Relation { get; private init; }

        public short Number { get; private init; }

        public uint Type { get; private init; }

        public bool IsBinary { get; private init; }

        public static DescribedColumn Read(ref PostgresReader reader)
        {
            ReadOnlySpan<byte> name = reader.ReadCString();
            uint relation = (uint)reader.ReadInt32();
            short number = reader.ReadInt16();
            uint type = (uint)reader.ReadInt32();
            reader.ReadBytes(sizeof(short) + sizeof(int));
            return new DescribedColumn { Name = name, Relation = relation, Number = number, Type = type, IsBinary = reader.ReadInt16() != 0 };
        }
    }
}

/// <summary>Where the values of a column that has no origin come from.</summary>
/// <param name="Found">A hidden column; null: none.</param>
/// <param name="IsUnsure">It cannot be known.</param>
internal readonly record struct Origin(Tainted? Found, bool IsUnsure);

/// <summary>A statement that may give back the rows of another: it itself, or what a name in it stands for.</summary>
/// <param name="Statement">It.</param>
/// <param name="Declared">What was hidden when a cursor was declared that outlives its transaction, and reads what it read then; null: it is none.</param>
internal readonly record struct RowSource(ParsedStatement Statement, ProtectionMap? Declared);

/// <summary>A statement whose rows a client may get.</summary>
/// <param name="Statement">It.</param>
/// <param name="Map">What is hidden of what it reads.</param>
/// <param name="Taint">What its names may stand for.</param>
/// <param name="Unknown">What of it cannot be known; null: nothing.</param>
internal sealed record PlanSource(ParsedStatement Statement, ProtectionMap Map, Taint Taint, string? Unknown)
{
    /// <summary>Bytes of one, with its entries in lists and without what its names may stand for.</summary>
    public const int Constant = 256;

    private (int Count, int First, Tainted? Found)? _stars;

    /// <summary>Where a column comes from that the upstream names no origin of.</summary>
    /// <param name="index">Its place.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="name">As the upstream calls it.</param>
    public Origin Of(int index, int count, string name)
    {
        // What is known to be hidden is, whatever else the statement does.
        Origin origin = ByLineage(index, count, name);
        return origin with { IsUnsure = origin.IsUnsure || Unknown is not null };
    }

    private Origin ByLineage(int index, int count, string name)
    {
        QueryLineage lineage = Statement.Lineage;
        switch (lineage.Kind)
        {
            case LineageKind.Utility or LineageKind.Names:
                return default;
            case LineageKind.Rows when !lineage.Outputs.IsEmpty:
                break;
            default:
                return new Origin(null, true);
        }

        ImmutableArray<LineageOutput> outputs = lineage.Outputs;
        (int stars, int star, Tainted? starred) = _stars ??= StarsOf(outputs);
        if (stars == 0)
        {
            return outputs.Length == count ? new Origin(Taint.Of(outputs[index].From), false) : new Origin(null, true);
        }

        int behind = outputs.Length - star - 1;
        if (stars == 1 && index < star)
        {
            return new Origin(Taint.Of(outputs[index].From), false);
        }

        if (stars == 1 && index >= count - behind)
        {
            return new Origin(Taint.Of(outputs[outputs.Length - (count - index)].From), false);
        }

        // One of those that a star stands for: it has the name that it was given within.
        return new Origin(Taint.Of(new LineageName(null, name)) ?? starred, false);
    }

    // For as many columns as a result has, and a text may have stars without end.
    private (int Count, int First, Tainted? Found) StarsOf(ImmutableArray<LineageOutput> outputs)
    {
        int count = 0, first = -1;
        Tainted? found = null;
        for (int i = 0; i < outputs.Length; i++)
        {
            LineageOutput output = outputs[i];
            count += output.IsStar ? 1 : 0;
            first = first < 0 && output.IsStar ? i : first;
            found ??= output is { IsStar: true, IsPlain: true } ? null : Taint.Of(output.From);
        }

        return (count, first, found);
    }
}
