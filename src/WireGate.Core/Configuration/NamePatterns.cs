using System.Diagnostics.CodeAnalysis;
using WireGate.Core.Policy;

namespace WireGate.Core.Configuration;

/// <summary>
/// One part of a name, with <c>*</c> for any run of characters. A name is matched part by part, so a star never reaches from a schema into
/// a table; and names are compared as PostgreSQL has them, lower case unless they were quoted.
/// </summary>
public sealed record NamePattern
{
    private readonly bool _hasStar;

    /// <param name="text">The pattern as it is written.</param>
    public NamePattern(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Text = text;
        _hasStar = text.Contains('*', StringComparison.Ordinal);
    }

    /// <summary>As it is written.</summary>
    public string Text { get; }

    /// <summary>It stands for one name only.</summary>
    public bool IsExact => !_hasStar;

    /// <summary>It stands for every name.</summary>
    public bool IsAny => Text == "*";

    /// <summary>Whether a name fits.</summary>
    public bool Matches(string name) => _hasStar ? IsAny || Glob.Matches(Text, name) : Text == name;

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>Splits a name of so many parts.</summary>
    internal static bool TrySplit(string text, int count, [NotNullWhen(true)] out NamePattern[]? parts)
    {
        parts = [.. text.Split('.').Select(p => new NamePattern(p))];
        return parts.Length == count && Array.TrueForAll(parts, p => p.Text.Length > 0 && !p.Text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)));
    }
}

/// <summary>A pattern of a table's or a function's name: <c>public.orders_*</c>.</summary>
/// <param name="Schema">Its schema.</param>
/// <param name="Name">Its name within the schema.</param>
public sealed record RelationPattern(NamePattern Schema, NamePattern Name)
{
    /// <summary>Reads <c>schema.name</c>.</summary>
    /// <returns>False: it does not have two parts.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out RelationPattern? pattern)
    {
        ArgumentNullException.ThrowIfNull(text);
        pattern = NamePattern.TrySplit(text, 2, out NamePattern[]? parts) ? new RelationPattern(parts[0], parts[1]) : null;
        return pattern is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Schema}.{Name}";
}

/// <summary>A pattern of a column's name: <c>public.customers.card_*</c>.</summary>
/// <param name="Table">The table's.</param>
/// <param name="Column">The column's own.</param>
public sealed record ColumnPattern(RelationPattern Table, NamePattern Column)
{
    /// <summary>Reads <c>schema.table.column</c>.</summary>
    /// <returns>False: it does not have three parts.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out ColumnPattern? pattern)
    {
        ArgumentNullException.ThrowIfNull(text);
        pattern = NamePattern.TrySplit(text, 3, out NamePattern[]? parts)
            ? new ColumnPattern(new RelationPattern(parts[0], parts[1]), parts[2])
            : null;
        return pattern is not null;
    }

    /// <summary>Whether a column that is known in full fits.</summary>
    public bool Matches(string schema, string table, string column) =>
        Table.Schema.Matches(schema) && Table.Name.Matches(table) && Column.Matches(column);

    /// <inheritdoc/>
    public override string ToString() => $"{Table}.{Column}";
}
