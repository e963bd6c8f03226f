namespace WireGate.Postgres.Sql;

/// <summary>What a lineage takes in memory: each thing that it keeps counts once, however many others share it.</summary>
internal sealed class LineageWeight
{
    // An entry of a set that has just grown, an object with what it holds, a text's header.
    private const int PerEntry = 64;
    private const int PerObject = 160;
    private const int PerText = 26;

    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<LineagePlace> _places = [];
    private long _bytes;

    /// <summary>Bytes, about, and rather more than less.</summary>
    public static long Of(QueryLineage lineage)
    {
        if (ReferenceEquals(lineage, QueryLineage.Unknown) || lineage.IsOutOfProportion)
        {
            return 0;
        }

        var weight = new LineageWeight();
        weight.Add(lineage);
        return weight._bytes;
    }

    private void Add(QueryLineage lineage)
    {
        _bytes += PerObject;
        foreach (LineageOutput output in lineage.Outputs)
        {
            _bytes += PerObject;
            Text(output.Name);
            Names(output.From);
            Columns(output.Columns);
        }

        foreach (LineageFlow flow in lineage.Flows)
        {
            _bytes += PerEntry;
            Text(flow.Name);
            Names(flow.From);
        }

        foreach (LineageAlias alias in lineage.Aliases)
        {
            Alias(alias);
        }

        Names(lineage.Predicates);
        Names(lineage.Written);
        Names(lineage.BesideSetting);
        Entries(lineage.Fields);
        foreach (string text in (lineage.Makes?.Columns ?? []).Concat(lineage.Adds.Select(a => a.Column)).Concat(lineage.Copy?.Columns ?? []))
        {
            _bytes += PerEntry;
            Text(text);
        }

        foreach ((string name, string? value) in lineage.Copy?.Options ?? [])
        {
            _bytes += PerEntry;
            Text(name);
            Text(value);
        }

        while (_places.TryPop(out LineagePlace? place))
        {
            Place(place);
        }
    }

    private bool IsNew(object thing) => _seen.Add(thing);

    private void Text(string? text) => _bytes += text is not null && IsNew(text) ? PerText + (2 * text.Length) : 0;

    private void Names(ColumnNames? names)
    {
        if (names is not null && IsNew(names))
        {
            _bytes += PerObject;
            Entries(names.Names);
        }
    }

    private void Entries(IReadOnlySet<LineageName> names)
    {
        foreach (LineageName name in names)
        {
            _bytes += PerEntry;
            Text(name.Name);
            if (name.Place is { } place && IsNew(place))
            {
                _places.Push(place);
            }
        }
    }

    private void Place(LineagePlace place)
    {
        _bytes += PerObject;
        if (place is LineageQualifier qualifier)
        {
            foreach (LineageAlias alias in qualifier.Meanings)
            {
                _bytes += PerEntry;
                Alias(alias);
            }
        }
        else if (place is LineageLevel level)
        {
            foreach (LineageColumns columns in level.Sources)
            {
                _bytes += PerEntry;
                Columns(columns);
            }

            if (level.Outer is { } outer && IsNew(outer))
            {
                _places.Push(outer);
            }
        }
    }

    private void Alias(LineageAlias alias)
    {
        if (IsNew(alias))
        {
            _bytes += PerObject;
            Text(alias.Alias);
            Text(alias.Relation?.Name);
            Columns(alias.Columns);
            Names(alias.From);
        }
    }

    private void Columns(LineageColumns? columns)
    {
        if (columns is null || !IsNew(columns))
        {
            return;
        }

        _bytes += 2 * PerObject;
        foreach (string name in columns.Names)
        {
            _bytes += PerEntry;
            Text(name);
        }

        _bytes += columns.Relations.Count * (long)PerEntry;
    }
}
