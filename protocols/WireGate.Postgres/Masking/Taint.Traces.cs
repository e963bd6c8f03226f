using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>
/// Which names stand for a call that leaves a trace where it runs, and which for a subquery. The server puts what a view or a subquery
/// computes in the place of its name, and whether it runs there may hang on what stands beside it.
/// </summary>
internal sealed partial class Taint
{
    // Columns of views that are such calls or subqueries, and then all names that are made of one.
    private readonly FollowedNames _telling = new();
    private readonly FollowedNames _running = new();

    /// <summary>The hidden column of which something is made together with a call that leaves a trace; null: none.</summary>
    public Tainted? BesideTelling()
    {
        foreach (ColumnNames made in _lineage.Computed.Concat(_lineage.Flows.Select(f => f.From)))
        {
            bool isAlone = made is { HasStar: false, Names.Count: 1 };
            if (!isAlone && Meets(Telling, made) && Of(made) is { } found)
            {
                return found;
            }
        }

        return _lineage.Tested.Where(Tells).Select(Of).FirstOrDefault(f => f is not null);
    }

    /// <summary>The hidden column by whose values the server may keep what a LATERAL subquery gave; null: none.</summary>
    public Tainted? AroundLateral()
    {
        foreach ((LineageName name, LineageLevel around) in _lineage.FromAround)
        {
            if (Of(name) is { } found && !IsWithin(name, around))
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>
    /// The hidden column of which it may hang whether a subquery runs; null: none. That one ran can be told in more ways than anybody can
    /// list: by the rows that it locked, by what it read in a serializable transaction, by a sequence.
    /// </summary>
    public Tainted? BesideSubquery()
    {
        foreach (ColumnNames made in _lineage.Expressions)
        {
            int running = made.Subqueries.Count;
            Tainted? within = null, beside = made.HasStar ? Of(made) : null;
            running += made.HasStar && !Running.IsEmpty ? 1 : 0;
            foreach (ColumnNames subquery in made.Subqueries)
            {
                within = Both(within, Of(subquery));
            }

            foreach (LineageName name in made.Direct)
            {
                if (Running.Has(name.Name))
                {
                    running++;
                    within = Both(within, Of(name));
                }
                else
                {
                    beside = Both(beside, Of(name));
                }
            }

            if (((running > 0 ? beside : null) ?? (running > 1 ? within : null)) is { } decides)
            {
                return decides;
            }
        }

        return _lineage.Tested.Where(t => t.Subqueries.Count > 0 || Meets(Running, t)).Select(Of).FirstOrDefault(f => f is not null);
    }

    private bool IsWithin(LineageName name, LineageLevel around)
    {
        for (LineageLevel? level = name.Place as LineageLevel; level is not null && !ReferenceEquals(level, around); level = level.Outer)
        {
            if (level.Sources.Any(s => Has(s, name.Name)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether what is made of these leaves a trace.</summary>
    public bool Tells(ColumnNames names) => names.Tells || Meets(Telling, names);

    /// <summary>Whether what is made of these is, or has in it, a subquery.</summary>
    public bool Runs(ColumnNames names) => names.Subqueries.Count > 0 || Meets(Running, names);

    private static Tainted? Both(Tainted? one, Tainted? other) => one is { } first && other is { } second ? first.And(second) : one ?? other;

    private FollowedNames Telling => _telling.Follow(this, names => names.Tells, _map.TellsAny);

    private FollowedNames Running => _running.Follow(this, names => names.Subqueries.Count > 0, _map.RunsAny);

    private static bool Meets(FollowedNames followed, ColumnNames names) =>
        !followed.IsEmpty && (names.HasStar || names.Names.Any(n => followed.Has(n.Name)));

    /// <summary>Names that stand for something, wherever they stand, and those that are made of them.</summary>
    private sealed class FollowedNames
    {
        private readonly HashSet<string> _names = new(StringComparer.Ordinal);
        private bool _isFollowed;

        // What has no name may have any.
        private bool _isAny;

        public bool IsEmpty => !_isAny && _names.Count == 0;

        public void Add(string name) => _names.Add(name);

        public bool Has(string name) => _isAny || _names.Contains(name);

        /// <summary>Finds them all, once.</summary>
        /// <param name="taint">Of whose statement.</param>
        /// <param name="isOne">Whether what is made of names is one by itself.</param>
        /// <param name="hasOne">Whether a relation has a column that is one.</param>
        public FollowedNames Follow(Taint taint, Func<ColumnNames, bool> isOne, Func<CatalogRelation, bool> hasOne)
        {
            QueryLineage lineage = taint._lineage;
            if (_isFollowed || (_names.Count == 0 && !lineage.Flows.Any(f => isOne(f.From))))
            {
                return this;
            }

            _isFollowed = true;
            var readers = new Dictionary<string, List<string?>>(StringComparer.Ordinal);
            foreach (LineageFlow flow in lineage.Flows)
            {
                foreach (LineageName from in flow.From.Names)
                {
                    Read(readers, from.Name, flow.Name);
                }
            }

            foreach (LineageAlias alias in lineage.Aliases)
            {
                foreach (string column in alias.Columns.Names)
                {
                    // The whole row holds it.
                    Read(readers, column, alias.Alias);
                }

                if (alias.Columns.Relations.Any(r => Array.Exists(taint.Find(r), relation => hasOne(relation))))
                {
                    _names.Add(alias.Alias);
                }
            }

            IEnumerable<LineageFlow> ones = lineage.Flows.Where(f => isOne(f.From) || (f.From.HasStar && _names.Count > 0));
            var open = new Stack<string?>([.. _names, .. ones.Select(f => f.Name)]);
            while (!_isAny && open.TryPop(out string? name))
            {
                _isAny = name is null;
                if (name is null || (!_names.Add(name) && !readers.ContainsKey(name)))
                {
                    continue;
                }

                foreach (string? reader in readers.Remove(name, out List<string?>? flows) ? flows : [])
                {
                    open.Push(reader);
                }
            }

            return this;
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
}
