using System.Collections.Immutable;

namespace WireGate.Core.Policy.Facts;

/// <summary>What a statement does, as far as its text tells. A set.</summary>
[Flags]
public enum SqlEffects
{
    /// <summary>Nothing that a rule would have to name: transaction control, and settings that any client may send when it connects.</summary>
    None = 0,

    /// <summary>Reads data.</summary>
    Read = 1,

    /// <summary>Changes data, or locks it as whoever changes it does.</summary>
    Write = 2,

    /// <summary>Makes, changes or drops an object.</summary>
    Ddl = 4,

    /// <summary>Gives or takes rights, makes or changes roles.</summary>
    Privilege = 8,

    /// <summary>Changes what later statements of the session mean or may do: role, search_path, settings beyond the harmless ones.</summary>
    Session = 16,

    /// <summary>It cannot be known. A rule that allows it has to name it.</summary>
    Unknown = 32,
}

/// <summary>A name as the parser reads it: unquoted, folded, cut to 63 bytes.</summary>
/// <param name="Schema">Null: what it means depends on the search_path.</param>
/// <param name="Name">The name.</param>
public readonly record struct SqlName(string? Schema, string Name)
{
    /// <summary>In the place of a schema or a name: whichever there are. What a statement reaches without naming it.</summary>
    public const string Any = "*";

    /// <inheritdoc/>
    public override string ToString() => Schema is null ? Name : $"{Schema}.{Name}";
}

/// <summary>One effect upon one relation, or upon none that has a name.</summary>
/// <param name="Effect">Exactly one effect.</param>
/// <param name="Relation">A table, view, sequence…; null: the effect has no relation.</param>
public readonly record struct SqlAccess(SqlEffects Effect, SqlName? Relation);

/// <summary>The facts of one statement by which rules judge it. Immutable and shared by all sessions that send the same text.</summary>
public sealed record SqlStatementFacts
{
    /// <summary>
    /// What it is, outermost first, and what is within it: <c>explain, delete</c>. Lower case, one of <see cref="SqlKinds"/>.
    /// </summary>
    public required ImmutableArray<string> Kinds { get; init; }

    /// <summary>
    /// Every effect with what it is upon. All that the statement does is in here, but for <see cref="UnknownFunctions"/>: empty means
    /// that there is nothing that a rule would have to name.
    /// </summary>
    public required ImmutableArray<SqlAccess> Accesses { get; init; }

    /// <summary>
    /// Columns named anywhere in it; the schema part holds the qualifier as written, which may be an alias, or a schema and a table with a
    /// dot between. <c>*</c> is one. Columns that are written are qualified by the table's name, though the text leaves it out.
    /// </summary>
    public ImmutableArray<SqlName> Columns { get; init; } = [];

    /// <summary>Functions called, harmless ones included.</summary>
    public ImmutableArray<SqlName> Functions { get; init; } = [];

    /// <summary>Functions outside the shipped list of harmless ones: each is an unknown effect unless a rule names it.</summary>
    public ImmutableArray<SqlName> UnknownFunctions { get; init; } = [];

    /// <summary>Whether every UPDATE and DELETE in it has a WHERE, and it is no TRUNCATE; true where there is none.</summary>
    public bool HasWhere { get; init; } = true;

    /// <summary>Whether it gives a role a password: a credential that WireGate does not hold.</summary>
    public bool SetsPassword { get; init; }

    /// <summary>
    /// What it does is not told at all, not even by the name of a function: whatever relations, columns, functions and effects a deny or
    /// hold names may be among it; and whatever statements, if it is of <see cref="SqlKinds.Unknown"/> kind.
    /// </summary>
    public bool IsOpaque { get; init; }

    /// <summary>Why effects are unknown, for the audit log and <c>explain</c>; null: they are known.</summary>
    public string? Unknown { get; init; }
}

/// <summary>What one text tells: each of its statements. Compared by reference, so that decisions can be kept by it.</summary>
public sealed class SqlFacts(ImmutableArray<SqlStatementFacts> statements)
{
    /// <summary>Each is judged, and the worst decides. Empty: a text without any statement.</summary>
    public ImmutableArray<SqlStatementFacts> Statements { get; } = statements;
}
