using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>Whether a name is a column at its place.</summary>
internal sealed partial class Taint
{
    /// <summary>A function that the statement calls as if it were a column: <c>t.f</c> where t has no column f. Null: none.</summary>
    public string? Call() => _map.ColumnMasks.IsEmpty ? null : _lineage.Fields.FirstOrDefault(f => !IsField(f)).Name;

    private bool IsClean(LineageName name)
    {
        if (!_columns.TryGetValue(name, out bool isClean))
        {
            isClean = name.Place is LineageQualifier qualifier
                ? IsColumn(qualifier, name.Name)
                : !_wholeRows.Contains(name.Name) && (SystemColumns.Contains(name.Name) || IsKnown(name));
            _columns.Add(name, isClean);
        }

        return isClean;
    }

    // A name vouches for what can see it: one that is given within an expression, or beside it, is none of that expression's.
    private bool IsKnown(LineageName name)
    {
        if (name.Place is not LineageLevel place)
        {
            return _known.Contains(name.Name);
        }

        for (LineageLevel? level = place; level is not null; level = level.Outer)
        {
            for (int i = 0; i < level.Sources.Count; i++)
            {
                if (Has(level.Sources[i], name.Name))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // t.f is f(t) where t has no column f. Of what a function made everything is clean: what it is made of flows to any name.
    private bool IsColumn(LineageQualifier qualifier, string name) =>
        !qualifier.Meanings.IsEmpty && qualifier.Meanings.All(m => m.From is not null || Has(m, name));

    // What is not in the catalog either is not there, or is looked for there again before its rows pass.
    private bool IsField(LineageName field) =>
        field.Place is LineageQualifier { Meanings: { IsEmpty: false } meanings } && meanings.All(m => Has(m, field.Name)
            || (m.Relation is null || m.From is not null
                ? !StatementReader.MayBeFunction(field.Name)
                : m.Columns.Relations.Any(r => IsOpen(r, field.Name))));

    private bool IsOpen(SqlName relation, string column) => Find(relation).Length == 0 || _own.MayHave(relation, column);

    private bool Has(LineageAlias alias, string name) =>
        Has(alias.Columns, name) || (alias.Relation is not null && SystemColumns.Contains(name));

    private bool Has(LineageColumns columns, string name)
    {
        _steps += 1 + columns.Relations.Count;
        if (_steps > MostSteps)
        {
            _anything = true;
            return false;
        }

        if (columns.Names.Contains(name))
        {
            return true;
        }

        foreach (SqlName relation in columns.Relations)
        {
            if (HasAll(Find(relation), name))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasAll(CatalogRelation[] relations, string column)
    {
        foreach (CatalogRelation relation in relations)
        {
            if (!relation.HasColumn(column))
            {
                return false;
            }
        }

        return relations.Length > 0;
    }

    private CatalogRelation[] Find(SqlName name)
    {
        if (!_relations.TryGetValue(name, out CatalogRelation[]? found))
        {
            _relations.Add(name, found = [.. _own.Find(_map.Catalog, name, _path)]);
        }

        return found;
    }
}
