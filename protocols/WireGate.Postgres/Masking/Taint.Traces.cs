using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>
/// Which names stand for a call that leaves a trace where it runs. The server puts what a view or a subquery computes in the place of its
/// name, and whether it runs there may hang on what stands beside it.
/// </summary>
internal sealed partial class Taint
{
    // Columns of views that are such calls, and then all names that are made of one.
    private readonly HashSet<string> _telling = new(StringComparer.Ordinal);
    private bool _isTellingFollowed;

    // A flow that has no name may have any.
    private bool _anyTells;

    /// <summary>The hidden column of which something is made together with such a name; null: none.</summary>
    public Tainted? BesideTelling()
    {
        foreach (ColumnNames made in _lineage.Computed.Concat(_lineage.Flows.Select(f => f.From)))
        {
            bool isAlone = made is { HasStar: false, Names.Count: 1 };
            if (!isAlone && MeetsTelling(made) && Of(made) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Whether what is made of these leaves a trace.</summary>
    public bool Tells(ColumnNames names) => names.Tells || MeetsTelling(names);

    private bool MeetsTelling(ColumnNames names)
    {
        if (!_isTellingFollowed)
        {
            FollowTelling();
            _isTellingFollowed = true;
        }

        if (_anyTells || _telling.Count == 0)
        {
            return _anyTells;
        }

        return names.HasStar || names.Names.Any(n => _telling.Contains(n.Name));
    }

    private void FollowTelling()
    {
        if (_telling.Count == 0 && !_lineage.Flows.Any(f => f.From.Tells))
        {
            return;
        }

        var readers = new Dictionary<string, List<string?>>(StringComparer.Ordinal);
        foreach (LineageFlow flow in _lineage.Flows)
        {
            foreach (LineageName from in flow.From.Names)
            {
                Read(readers, from.Name, flow.Name);
            }
        }

        foreach (LineageAlias alias in _lineage.Aliases)
        {
            foreach (string column in alias.Columns.Names)
            {
                // The whole row holds it.
                Read(readers, column, alias.Alias);
            }

            if (alias.Columns.Relations.Any(r => Array.Exists(Find(r), _map.TellsAny)))
            {
                _telling.Add(alias.Alias);
            }
        }

        IEnumerable<LineageFlow> telling = _lineage.Flows.Where(f => f.From.Tells || (f.From.HasStar && _telling.Count > 0));
        var open = new Stack<string?>([.. _telling, .. telling.Select(f => f.Name)]);
        while (!_anyTells && open.TryPop(out string? name))
        {
            _anyTells = name is null;
            if (name is null || (!_telling.Add(name) && !readers.ContainsKey(name)))
            {
                continue;
            }

            foreach (string? reader in readers.Remove(name, out List<string?>? flows) ? flows : [])
            {
                open.Push(reader);
            }
        }
    }

    private static void Read(Dictionary<string, List<string?>> readers, string name, string? reader)
    {
        if (!readers.TryGetValue(name, out List<string?>? flows))
        {
            readers.Add(name, flows = []);
        }

        flows.Add(reader);
    }
}
