using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>A hidden column that was found, and its mask.</summary>
internal readonly record struct Tainted(MaskConfig Mask, string Column)
{
    /// <summary>What is made of both. The column is the one for which it may not stand in a condition.</summary>
    public Tainted And(Tainted other) => new(
        MaskStrictness.Stricter(Mask, other.Mask), Mask.AllowsPredicates && !other.Mask.AllowsPredicates ? other.Column : Column);
}

/// <summary>
/// Which names within one statement may stand for a hidden column. It goes by names, whatever the place where one stands, and takes what it
/// does not know for hidden: a statement that reads nothing hidden is clean, one that does is clean where its names say so.
/// </summary>
internal sealed partial class Taint
{
    // Of a thousand names in a query of fifty relations it is half. Beyond it everything counts as hidden.
    private const int MostSteps = 100_000;

    private static readonly HashSet<string> SystemColumns = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"];

    private readonly ProtectionMap _map;
    private readonly Dictionary<string, Tainted> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly QueryLineage _lineage;
    private readonly SqlSearchPath _path;
    private readonly OwnTables _own;
    private readonly HashSet<string> _wholeRows = new(StringComparer.Ordinal);
    private readonly HashSet<SqlName> _hidden = [];
    private readonly Dictionary<SqlName, CatalogRelation[]> _relations = [];
    private readonly Dictionary<LineageName, bool> _columns = [];
    private readonly Dictionary<ColumnNames, Tainted?> _found = [];
    private readonly bool _isFollowed;
    private int _steps;

    // The mask of what comes from some hidden column of what it reads; null: nothing of that is hidden.
    private MaskConfig? _any;
    private bool _anything;

    /// <param name="statement">It.</param>
    /// <param name="map">What is hidden.</param>
    /// <param name="path">Where its names are looked for.</param>
    /// <param name="own">What the session has made that the map does not know.</param>
    public Taint(ParsedStatement statement, ProtectionMap map, SqlSearchPath path, OwnTables own)
    {
        (_map, _lineage, _path, _own) = (map, statement.Lineage, path, own);
        if (map.ColumnMasks.IsEmpty)
        {
            return;
        }

        foreach (SqlAccess access in statement.Facts.Accesses)
        {
            if (access.Relation is { } name)
            {
                Meet(name, access.Effect);
            }
        }

        if (IsAny)
        {
            Follow();
            _isFollowed = true;
        }
    }

    /// <summary>It names a relation of which something is hidden, or may be: it reads one that the catalog does not have.</summary>
    public bool IsAny => _any is not null;

    /// <summary>It names a relation of which something is known to be hidden.</summary>
    public bool HidesAny => _hidden.Count > 0;

    /// <summary>A hidden column of what it names that may not stand in a condition; null: none.</summary>
    public string? Denying { get; private set; }

    /// <summary>It reads a relation that nobody knows.</summary>
    public bool Lacks { get; private set; }

    /// <summary>What it names of which the number of rows tells what ran; null: nothing.</summary>
    public SqlName? Counting { get; private set; }

    /// <summary>It names a table that the session has made in its transaction.</summary>
    public bool NamesOwn { get; private set; }

    /// <summary>Whether something of a relation is hidden.</summary>
    public bool Hides(SqlName relation) => _hidden.Contains(relation);

    /// <summary>Whether a rule says what a statement gives back that writes to a relation, under whatever names the statement has for it.</summary>
    public bool IsRewritten(SqlName relation) => Array.Exists(Find(relation), _map.Catalog.IsRewritten);

    /// <summary>The hidden column of which a value may be made; null: of none.</summary>
    public Tainted? Of(ColumnNames names)
    {
        if (_any is null)
        {
            return null;
        }

        if (names.HasStar)
        {
            return new Tainted(_any, "*");
        }

        if (_found.TryGetValue(names, out Tainted? all))
        {
            return all;
        }

        foreach (LineageName name in names.Names)
        {
            if (Of(name) is { } found)
            {
                all = all?.And(found) ?? found;
            }
        }

        if (_isFollowed)
        {
            _found.Add(names, all);
        }

        return all;
    }

    /// <summary>The same for one name.</summary>
    public Tainted? Of(LineageName name)
    {
        if (_any is null)
        {
            return null;
        }

        bool isHidden = _names.TryGetValue(name.Name, out Tainted found);
        if (isHidden && !_anything)
        {
            return found;
        }

        return _anything || !IsClean(name) ? new Tainted(_any, isHidden ? found.Column : name.Name) : null;
    }

    /// <summary>The hidden column that a relation has at one of these places; null: none of them is one.</summary>
    public Tainted? Of(IEnumerable<(SqlName Relation, int Place)> places)
    {
        foreach ((SqlName name, int place) in places)
        {
            foreach (CatalogRelation relation in Find(name))
            {
                if (!_map.IsProtected(relation))
                {
                    continue;
                }

                CatalogColumn[] columns = [.. relation.Columns.OrderBy(c => c.Number)];
                bool isOne = place >= 1 && place <= columns.Length;
                if ((isOne ? _map.Of(relation.Oid, columns[place - 1].Number) : _any) is { } mask)
                {
                    return new Tainted(mask, isOne ? $"{relation}.{columns[place - 1].Name}" : "*");
                }
            }
        }

        return null;
    }

    private void Meet(SqlName name, SqlEffects effect)
    {
        bool isThere = false;
        bool isWhole = name is { Schema: not null, Name: SqlName.Any };
        foreach (CatalogRelation relation in isWhole ? _map.Catalog.Relations.Where(r => r.Schema == name.Schema) : Find(name))
        {
            isThere = true;
            NamesOwn |= relation.Oid == 0;
            Counting ??= _map.Counts(relation) ? name : null;
            foreach (CatalogColumn column in relation.Columns)
            {
                _known.Add(column.Name);
                if (_map.Tells(relation, column.Number))
                {
                    _telling.Add(column.Name);
                }

                if (_map.Runs(relation, column.Number))
                {
                    _running.Add(column.Name);
                }

                if (_map.IsProtected(relation) && _map.Of(relation.Oid, column.Number) is { } mask)
                {
                    _hidden.Add(name);
                    Denying ??= mask.AllowsPredicates ? null : $"{relation}.{column.Name}";
                    _any = _any is null ? mask : MaskStrictness.Stricter(_any, mask);
                    Hide(column.Name, new Tainted(mask, $"{relation}.{column.Name}"));
                }
            }
        }

        // What it makes need not be there yet; what it reads may have been made in a transaction that nobody else sees.
        if (!isThere && effect == SqlEffects.Read)
        {
            (_any, _anything, Lacks) = (_map.Any, true, true);
        }
    }

    // Whether anything is new about it.
    private bool Hide(string name, Tainted found)
    {
        bool isHidden = _names.TryGetValue(name, out Tainted before);
        Tainted now = isHidden ? before.And(found) : found;
        _names[name] = now;
        return !isHidden || now.Mask != before.Mask;
    }

    private void Follow()
    {
        foreach (LineageAlias alias in _lineage.Aliases)
        {
            CatalogRelation[] relations = alias.Relation is { } name ? Find(name) : [];
            if (alias.From is null && (relations.Length == 0 || relations.Any(_map.IsProtected)))
            {
                _wholeRows.Add(alias.Alias);
            }
        }

        var all = new Dictionary<ColumnNames, Flowing>();
        var readers = new Dictionary<string, List<Flowing>>(StringComparer.Ordinal);
        foreach (LineageFlow flow in _lineage.Flows)
        {
            if (flow.Name is { } name)
            {
                _known.Add(name);
            }

            if (all.TryGetValue(flow.From, out Flowing? flowing))
            {
                flowing.Names.Add(flow.Name);
                continue;
            }

            all.Add(flow.From, flowing = new Flowing());
            flowing.Names.Add(flow.Name);
            foreach (LineageName from in flow.From.Names)
            {
                if (!readers.TryGetValue(from.Name, out List<Flowing>? flows))
                {
                    readers.Add(from.Name, flows = []);
                }

                flows.Add(flowing);
            }
        }

        // Each is looked at once, and again only when a name that it is made of is hidden, or more strictly.
        var changed = new Stack<string>();
        foreach ((ColumnNames names, Flowing flowing) in all)
        {
            Follow(flowing, Of(names), changed);
        }

        while (!_anything && changed.TryPop(out string? name))
        {
            foreach (Flowing flowing in readers.GetValueOrDefault(name, []))
            {
                Follow(flowing, _names[name], changed);
            }
        }
    }

    private void Follow(Flowing flowing, Tainted? from, Stack<string> changed)
    {
        if (from is not { } found)
        {
            return;
        }

        Tainted now = flowing.Found?.And(found) ?? found;
        if (flowing.Found?.Mask == now.Mask)
        {
            return;
        }

        flowing.Found = now;
        foreach (string? name in flowing.Names)
        {
            if (name is null)
            {
                _anything = true;
            }
            else if (Hide(name, now))
            {
                changed.Push(name);
            }
        }
    }

    // What is made of one set of names, by all its own.
    private sealed class Flowing
    {
        public List<string?> Names { get; } = [];

        public Tainted? Found { get; set; }
    }
}
