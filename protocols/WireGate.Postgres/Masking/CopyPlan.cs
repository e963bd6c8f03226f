using System.Collections.Immutable;
using System.Text;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>The format of a COPY.</summary>
internal enum CopyFormat
{
    Text,
    Csv,
    Binary,
}

/// <summary>How the data of a COPY to the client is masked. Immutable.</summary>
internal sealed record CopyPlan
{
    private static readonly byte[] TextNull = "\\N"u8.ToArray();

    /// <summary>What becomes of each column; the rows are gone through only if not all are clean.</summary>
    public required RowMask Rows { get; init; }

    public required ImmutableArray<ColumnMask> Columns { get; init; }

    public CopyFormat Format { get; init; }

    public byte Delimiter { get; init; } = (byte)'\t';

    public byte Quote { get; init; } = (byte)'"';

    public byte Escape { get; init; } = (byte)'"';

    public byte[] Null { get; init; } = TextNull;

    public bool HasHeader { get; init; }

    /// <summary>No value looks like NULL: CSV quotes one that would, and a backslash of a value is doubled. Any other text a value may have too.</summary>
    public bool IsNullDistinct => Format == CopyFormat.Csv || Null.AsSpan().SequenceEqual(TextNull);

    /// <summary>Plans one.</summary>
    /// <param name="source">The statement.</param>
    /// <param name="map">What is hidden.</param>
    /// <param name="input">What names mean, and whether the data can be read.</param>
    /// <param name="own">What the session has made.</param>
    /// <param name="refusal">Why it must not run.</param>
    public static CopyPlan? Of(PlanSource source, ProtectionMap map, PlanInput input, OwnTables own, out string? refusal)
    {
        refusal = null;
        if (map.Searches.IsEmpty && !source.Taint.IsAny && source.Unknown is null)
        {
            return new CopyPlan { Rows = new RowMask([], []), Columns = [] };
        }

        if (ColumnsOf(source, map, input.Path, own) is not { } columns)
        {
            refusal = "the columns that COPY would show cannot be known: list them in a SELECT";
            return null;
        }

        var rows = new RowMask(columns, map.Searches);
        var plan = new CopyPlan { Rows = rows, Columns = columns };
        plan = rows.IsClean ? plan : WithOptions(plan, source.Statement.Lineage.Copy!.Options);
        bool isRead = plan is null || plan.Rows.IsClean || plan.Format == CopyFormat.Binary || input.Unreadable is null;
        refusal = plan is null ? "COPY with an option that is not known" : isRead ? null : $"COPY: {input.Unreadable}";
        return refusal is null ? plan : null;
    }

    /// <summary>As strict as this plan and another one of the same statement: which of them it ran by is not known.</summary>
    /// <returns>Null: it would show another number of columns.</returns>
    public CopyPlan? And(CopyPlan other)
    {
        if (!Columns.IsEmpty && !other.Columns.IsEmpty && Columns.Length != other.Columns.Length)
        {
            return null;
        }

        if (Rows.IsClean || other.Rows.IsClean)
        {
            return Rows.IsClean ? other : this;
        }

        ImmutableArray<ColumnMask> columns = [.. Columns.Zip(other.Columns, static (one, two) => one.Replacement is null && two.Replacement is not null ? two : one)];
        return this with { Columns = columns, Rows = Rows.With(columns) };
    }

    private static ImmutableArray<ColumnMask>? ColumnsOf(PlanSource source, ProtectionMap map, SqlSearchPath path, OwnTables own)
    {
        QueryLineage lineage = source.Statement.Lineage;
        CopyShape copy = lineage.Copy!;
        bool isBinary = copy.Options.Any(o => o is { Name: "format", Value: "binary" });
        if (copy.Relation is { } name)
        {
            return own.Find(map.Catalog, name, path).ToArray() is [{ Columns.Count: > 0 } relation] ? OfRelation(relation, copy.Columns, map, isBinary) : null;
        }

        CatalogRelation? only = lineage.Only is { } read && own.Find(map.Catalog, read, path).ToArray() is [{ Columns.Count: > 0 } one] ? one : null;
        var columns = ImmutableArray.CreateBuilder<ColumnMask>();
        foreach (LineageOutput output in lineage.Outputs)
        {
            if (output.IsStar)
            {
                if (only is null || !output.IsPlain)
                {
                    return null;
                }

                columns.AddRange(only.Columns.Select(c => Column(only, c, map, isBinary)));
                continue;
            }

            CatalogColumn plain = output.IsPlain && only is not null ? only.Columns.Find(c => output.From.Names.Any(n => n.Name == c.Name)) : default;
            Replacement? replacement = source.Taint.Of(output.From)?.Mask is { } mask
                ? map.ReplacementOf(mask, plain.Name is null ? 0 : only!.Oid, plain.Number) : null;
            columns.Add(Column(replacement, plain.Type, map, isBinary));
        }

        return source.Unknown is null && columns.Count > 0 ? columns.DrainToImmutable() : null;
    }

    private static ImmutableArray<ColumnMask>? OfRelation(CatalogRelation relation, ImmutableArray<string> listed, ProtectionMap map, bool isBinary)
    {
        IEnumerable<CatalogColumn> columns = listed.IsEmpty
            ? relation.Columns.Where(c => !c.IsGenerated)
            : listed.Select(name => relation.Columns.Find(c => c.Name == name));
        CatalogColumn[] all = [.. columns];
        return Array.TrueForAll(all, c => c.Name is not null)
            ? [.. all.Select(c => Column(relation, c, map, isBinary))] : null;
    }

    private static ColumnMask Column(CatalogRelation relation, CatalogColumn column, ProtectionMap map, bool isBinary)
    {
        Replacement? replacement = map.Of(relation.Oid, column.Number) is { } mask ? map.ReplacementOf(mask, relation.Oid, column.Number) : null;
        return Column(replacement, column.Type, map, isBinary);
    }

    private static ColumnMask Column(Replacement? replacement, uint type, ProtectionMap map, bool isBinary)
    {
        // What is made is NULL, as what is NULL passes.
        ValueKind kind = type == 0 || replacement is { IsMade: true } ? ValueKind.Other : ValueKinds.Of(type, map.Catalog);
        return new ColumnMask(
            replacement, kind, replacement is null && !map.Searches.IsEmpty && kind != ValueKind.Plain, isBinary);
    }

    private static CopyPlan? WithOptions(CopyPlan plan, ImmutableArray<(string Name, string? Value)> options)
    {
        string? delimiter = null, quote = null, escape = null, nothing = null;
        foreach ((string name, string? value) in options)
        {
            switch (name, value)
            {
                case ("format", "text" or "csv" or "binary"):
                    plan = plan with { Format = value == "text" ? CopyFormat.Text : value == "csv" ? CopyFormat.Csv : CopyFormat.Binary };
                    break;
                case ("delimiter", { Length: 1 }):
                    delimiter = value;
                    break;
                case ("quote", { Length: 1 }):
                    quote = value;
                    break;
                case ("escape", { Length: 1 }):
                    escape = value;
                    break;
                case ("null", not null):
                    nothing = value;
                    break;
                case ("header", "true" or "on" or "1"):
                    plan = plan with { HasHeader = true };
                    break;
                case ("header", "false" or "off" or "0"):
                    break;
                case ("encoding", _) when value?.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant() is "UTF8":
                    break;
                case ("force_quote", LineageReader.AllColumns):
                    break;
                default:
                    return null;
            }
        }

        bool isCsv = plan.Format == CopyFormat.Csv;
        byte quotes = ByteOf(quote, (byte)'"');
        return plan with
        {
            Delimiter = ByteOf(delimiter, isCsv ? (byte)',' : (byte)'\t'),
            Quote = quotes,
            Escape = ByteOf(escape, quotes),
            Null = nothing is null ? (isCsv ? [] : TextNull) : Encoding.UTF8.GetBytes(nothing),
        };
    }

    private static byte ByteOf(string? text, byte otherwise) => text is null || text[0] > 0x7f ? otherwise : (byte)text[0];
}
