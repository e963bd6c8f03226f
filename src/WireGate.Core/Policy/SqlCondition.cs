using System.Collections.Frozen;
using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>The SQL part of a rule: whether it covers all of a statement, as an allow must, or touches any part of it.</summary>
internal sealed class SqlCondition
{
    private const SqlEffects Known = SqlEffects.Read | SqlEffects.Write | SqlEffects.Ddl | SqlEffects.Privilege | SqlEffects.Session;
    private const string Catalog = "pg_catalog";

    // Without a relation, these reach no table's rows or definition. Others do: a schema, a database, whatever depends on it.
    private const SqlEffects OfNoTable = SqlEffects.Read | SqlEffects.Session;

    private static readonly FrozenSet<string> WholeRows = FrozenSet.ToFrozenSet(["delete", "truncate", "merge", "lock"], StringComparer.Ordinal);

    private readonly SqlMatchConfig _match;
    private readonly SqlEffects _allowed;
    private readonly SqlEffects _asked;

    internal SqlCondition(SqlMatchConfig match)
    {
        _match = match;

        // What cannot be known must be named to be allowed.
        _allowed = match.Effects ?? Known;
        _asked = match.Effects ?? (Known | SqlEffects.Unknown);
    }

    /// <summary>What a default of the rules covers that is no deny: everything but what cannot be known.</summary>
    internal static SqlCondition AllKnown { get; } = new(new SqlMatchConfig());

    /// <summary>Whether there is anything that a rule would have to name.</summary>
    internal static bool IsHarmless(SqlStatementFacts statement) => statement.Accesses.IsEmpty && statement.UnknownFunctions.IsEmpty;

    /// <summary>Whether all of a statement is covered.</summary>
    internal bool Covers(SqlStatementFacts statement, SqlSearchPath path) =>
        IsHarmless(statement)
        || ((_match.Where is null || _match.Where == statement.HasWhere)
            && CoversAccesses(statement, path)
            && CoversFunctions(statement, path)
            && CoversKinds(statement)
            && CoversColumns(statement, path));

    /// <summary>Whether any part of a statement is touched: of each list that is given, something.</summary>
    internal bool Touches(SqlStatementFacts statement, SqlSearchPath path) =>
        (_match.Where is not false || !statement.HasWhere)
        && TouchesKind(statement)
        && (statement.IsOpaque || (TouchesAccess(statement, path) && TouchesFunction(statement, path) && TouchesColumn(statement, path)));

    private bool CoversAccesses(SqlStatementFacts statement, SqlSearchPath path)
    {
        foreach (SqlAccess access in statement.Accesses)
        {
            if (access.Effect == SqlEffects.None
                || (access.Effect & ~_allowed) != 0
                || (!_match.Tables.IsEmpty && !(access.Relation is { } relation ? IsCovered(relation, access, path) : CoversWithoutTable(access.Effect))))
            {
                return false;
            }
        }

        return true;
    }

    // Where tables are named: who names some has not named what lies in none, but what he named by its effect and cannot reach others.
    private bool CoversWithoutTable(SqlEffects effect) => _match.Effects is not null && (effect & ~OfNoTable) == 0;

    private bool CoversKinds(SqlStatementFacts statement)
    {
        if (_match.Statements.IsEmpty)
        {
            return true;
        }

        foreach (string kind in statement.Kinds)
        {
            if (!_match.Statements.Contains(kind))
            {
                return false;
            }
        }

        return !statement.Kinds.IsEmpty;
    }

    private bool CoversFunctions(SqlStatementFacts statement, SqlSearchPath path)
    {
        if ((_allowed & SqlEffects.Unknown) != 0)
        {
            return true;
        }

        foreach (SqlName function in statement.UnknownFunctions)
        {
            if (!IsNamed(function, path))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Of which table a column is only the upstream knows: it must be one that may be named of each table in the statement. What names no
    /// column, or does something to whole rows or to the table itself, is about all of them.
    /// </summary>
    private bool CoversColumns(SqlStatementFacts statement, SqlSearchPath path)
    {
        if (_match.Columns.IsEmpty)
        {
            return true;
        }

        bool isWhole = statement.Columns.IsEmpty || IsOfWholeRows(statement);
        foreach (SqlAccess access in statement.Accesses)
        {
            if (access.Relation is not { } relation)
            {
                continue;
            }

            bool isAll = isWhole || (access.Effect & (SqlEffects.Read | SqlEffects.Write)) == 0;
            if (isAll ? !IsColumnCovered(relation, "*", path, IsRead(access)) : !AreCovered(statement.Columns, relation, path, IsRead(access)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsOfWholeRows(SqlStatementFacts statement)
    {
        foreach (string kind in statement.Kinds)
        {
            if (WholeRows.Contains(kind))
            {
                return true;
            }
        }

        return false;
    }

    private bool AreCovered(ImmutableArray<SqlName> columns, SqlName relation, SqlSearchPath path, bool isRead)
    {
        foreach (SqlName column in columns)
        {
            if (!IsColumnCovered(relation, column.Name, path, isRead))
            {
                return false;
            }
        }

        return true;
    }

    private bool TouchesAccess(SqlStatementFacts statement, SqlSearchPath path)
    {
        if (_match.Effects is null && _match.Tables.IsEmpty)
        {
            return true;
        }

        foreach (SqlAccess access in statement.Accesses)
        {
            // An effect that nobody knows is one that cannot be known.
            SqlEffects effect = (access.Effect & (Known | SqlEffects.Unknown)) == 0 ? SqlEffects.Unknown : access.Effect;
            if ((effect & _asked) != 0
                && (_match.Tables.IsEmpty || (access.Relation is { } relation && IsTouched(_match.Tables, relation, path))))
            {
                return true;
            }
        }

        return _match.Tables.IsEmpty && (_asked & SqlEffects.Unknown) != 0 && !statement.UnknownFunctions.IsEmpty;
    }

    private bool TouchesKind(SqlStatementFacts statement)
    {
        if (_match.Statements.IsEmpty)
        {
            return true;
        }

        foreach (string kind in statement.Kinds)
        {
            if (statement.IsOpaque && kind == SqlKinds.Unknown)
            {
                return true;
            }

            foreach (string word in _match.Statements)
            {
                // "drop" stands for "drop role" too.
                if (kind.StartsWith(word, StringComparison.Ordinal) && (kind.Length == word.Length || kind[word.Length] == ' '))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool TouchesFunction(SqlStatementFacts statement, SqlSearchPath path) =>
        _match.Functions.IsEmpty || TouchesFunction(statement.Functions, path) || TouchesFunction(statement.UnknownFunctions, path);

    private bool TouchesFunction(ImmutableArray<SqlName> functions, SqlSearchPath path)
    {
        foreach (SqlName function in functions)
        {
            if (IsTouched(_match.Functions, function, path) || (function.Schema is null && IsTouched(_match.Functions, InCatalog(function), path)))
            {
                return true;
            }
        }

        return false;
    }

    private bool TouchesColumn(SqlStatementFacts statement, SqlSearchPath path)
    {
        if (_match.Columns.IsEmpty)
        {
            return true;
        }

        foreach (SqlName column in statement.Columns)
        {
            foreach (ColumnPattern pattern in _match.Columns)
            {
                if ((column.Name == "*" || pattern.Column.Matches(column.Name)) && TouchesTable(statement, pattern.Table, path))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool TouchesTable(SqlStatementFacts statement, RelationPattern table, SqlSearchPath path)
    {
        foreach (SqlAccess access in statement.Accesses)
        {
            if (access.Relation is { } relation && SqlNames.MayBe(table, relation, path))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsCovered(SqlName relation, SqlAccess access, SqlSearchPath path) => SqlNames.IsSurely(_match.Tables, relation, path, IsRead(access));

    private static bool IsRead(SqlAccess access) => access.Effect == SqlEffects.Read;

    /// <summary>
    /// An unqualified function is pg_catalog's if that has one of the name, so a pattern that stands for many names must stand for
    /// pg_catalog's too. One that names a single function has named it wherever it lies.
    /// </summary>
    private bool IsNamed(SqlName function, SqlSearchPath path)
    {
        if (function.Schema is not null)
        {
            return SqlNames.IsSurely(_match.Functions, function, path);
        }

        if (SqlNames.IsSurely(_match.Functions, InCatalog(function), path) && SqlNames.IsSurely(_match.Functions, function, path))
        {
            return true;
        }

        foreach (RelationPattern pattern in _match.Functions)
        {
            if (pattern.Name.IsExact && SqlNames.IsSurely(pattern, function, path))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsColumnCovered(SqlName relation, string column, SqlSearchPath path, bool isRead)
    {
        foreach (ColumnPattern pattern in _match.Columns)
        {
            if ((column == "*" ? pattern.Column.IsAny : pattern.Column.Matches(column)) && SqlNames.IsSurely(pattern.Table, relation, path, isRead))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsTouched(ImmutableArray<RelationPattern> patterns, SqlName name, SqlSearchPath path)
    {
        foreach (RelationPattern pattern in patterns)
        {
            if (SqlNames.MayBe(pattern, name, path))
            {
                return true;
            }
        }

        return false;
    }

    private static SqlName InCatalog(SqlName function) => new(Catalog, function.Name);
}
