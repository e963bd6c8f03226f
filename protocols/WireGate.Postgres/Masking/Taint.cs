using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>A hidden column that was found, and its mask.</summary>
internal readonly record struct Tainted(MaskConfig Mask, string Column);

/// <summary>
/// Which names within one statement may stand for a hidden column. It goes by names, whatever the place where one stands, and takes what it
/// does not know for hidden: a statement that reads nothing hidden is clean, one that does is clean where its names say so.
/// </summary>
internal sealed class Taint
{
    private static readonly HashSet<string> SystemColumns = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"];

    private readonly ProtectionMap _map;
    private readonly Dictionary<string, Tainted> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _columnsOfAlias = new(StringComparer.Ordinal);
    private readonly HashSet<string> _wholeRows = new(StringComparer.Ordinal);
    private readonly HashSet<SqlName> _hidden = [];
    private bool _anything;

    public Taint(ParsedStatement statement, ProtectionMap map, SqlSearchPath path)
    {
        _map = map;
        if (map.ColumnMasks.IsEmpty)
        {
            return;
        }

        foreach (SqlAccess access in statement.Facts.Accesses)
        {
            if (access.Relation is { } name)
            {
                Meet(name, access.Effect, path);
            }
        }

        if (IsAny)
        {
            Follow(statement.Lineage, path);
        }
    }

    /// <summary>It names a relation of which something is hidden, or may be: it reads one that the catalog does not have.</summary>
    public bool IsAny => _hidden.Count > 0 || _anything;

    /// <summary>It names a relation of which something is known to be hidden.</summary>
    public bool HidesAny => _hidden.Count > 0;

    /// <summary>Whether something of a relation is hidden.</summary>
    public bool Hides(SqlName relation) => _hidden.Contains(relation);

    /// <summary>The hidden column of which a value may be made; null: of none.</summary>
    public Tainted? Of(ColumnNames names)
    {
        if (!IsAny)
        {
            return null;
        }

        if (names.HasStar)
        {
            return new Tainted(_map.Any, "*");
        }

        foreach (SqlName name in names.Names)
        {
            if (Of(name) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The same for one name.</summary>
    public Tainted? Of(SqlName name)
    {
        if (!IsAny)
        {
            return null;
        }

        if (_names.TryGetValue(name.Name, out Tainted found))
        {
            return found;
        }

        // t.f may be f(t).
        bool isOf = name.Schema is not { } alias || !_columnsOfAlias.TryGetValue(alias, out HashSet<string>? columns) || columns.Contains(name.Name);
        return _anything || !isOf || _wholeRows.Contains(name.Name) || !(_known.Contains(name.Name) || SystemColumns.Contains(name.Name))
            ? new Tainted(_map.Any, name.Name) : null;
    }

    private void Meet(SqlName name, SqlEffects effect, SqlSearchPath path)
    {
        bool isThere = false;
        foreach (CatalogRelation relation in _map.Catalog.Find(name, path))
        {
            isThere = true;
            foreach (CatalogColumn column in relation.Columns)
            {
                _known.Add(column.Name);
                if (_map.IsProtected(relation) && _map.Of(relation.Oid, column.Number) is { } mask)
                {
                    _hidden.Add(name);
                    _names.TryAdd(column.Name, new Tainted(mask, $"{relation}.{column.Name}"));
                }
            }
        }

        // What it makes need not be there yet; what it reads may have been made in a transaction that nobody else sees.
        _anything |= !isThere && effect == SqlEffects.Read;
    }

    private void Follow(QueryLineage lineage, SqlSearchPath path)
    {
        foreach (LineageAlias alias in lineage.Aliases)
        {
            CatalogRelation[] relations = alias.Relation is { } name ? [.. _map.Catalog.Find(name, path)] : [];
            if (relations.Length == 0 || relations.Any(_map.IsProtected))
            {
                _wholeRows.Add(alias.Alias);
            }

            if (relations.Length > 0)
            {
                _columnsOfAlias.TryAdd(alias.Alias, new HashSet<string>(SystemColumns, StringComparer.Ordinal));
                _columnsOfAlias[alias.Alias].UnionWith(relations.SelectMany(r => r.Columns).Select(c => c.Name));
            }
        }

        foreach (LineageAlias alias in lineage.Aliases)
        {
            // A name of WITH, of a subquery or of renamed columns beside a table of that name.
            if (alias.Relation is null || lineage.Flows.Any(f => f.Name is null))
            {
                _columnsOfAlias.Remove(alias.Alias);
            }
        }

        foreach (LineageFlow flow in lineage.Flows)
        {
            if (flow.Name is { } name)
            {
                _known.Add(name);
                foreach (HashSet<string> columns in _columnsOfAlias.Values)
                {
                    columns.Add(name);
                }
            }
        }

        bool isNew = true;
        while (isNew)
        {
            isNew = false;
            foreach (LineageFlow flow in lineage.Flows)
            {
                if (Of(flow.From) is not { } found)
                {
                    continue;
                }

                if (flow.Name is null)
                {
                    isNew |= !_anything;
                    _anything = true;
                }
                else
                {
                    isNew |= _names.TryAdd(flow.Name, found);
                }
            }
        }
    }
}
