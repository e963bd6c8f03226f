namespace WireGate.EndToEnd.Tests.NonInterference;

/// <summary>What kind of value a column holds.</summary>
internal enum Kind
{
    /// <summary>int.</summary>
    Number,

    /// <summary>text.</summary>
    Text,

    /// <summary>A whole row.</summary>
    Row,
}

/// <summary>A column; of a row also what that has.</summary>
internal sealed record Column(string Name, Kind Kind, IReadOnlyList<Column>? Fields = null);

/// <summary>What FROM may name, or does.</summary>
internal sealed record Source(string Name, IReadOnlyList<Column> Columns);

/// <summary>
/// Random queries, nearly all of which the server accepts, of few names that mean many things: each alias, column and name of WITH is
/// drawn from the same handful, so that whoever goes by names alone is led astray.
/// </summary>
/// <param name="random">Where the choices come from: the same seed, the same queries.</param>
/// <param name="tables">What may be read.</param>
internal sealed partial class RandomQueries(Random random, IReadOnlyList<Source> tables)
{
    /// <summary>A function that shows what is masked, whatever row it is called with.</summary>
    public const string NoColumn = "leak";

    private const int MostDepth = 3;
    private const int MostParts = 11;

    private static readonly string[] Names = ["id", "ssn", "name", "pay", "age", "body", "people", "notes", "p", "q"];

    private readonly Random _random = random;
    private int _parts;

    /// <summary>The next one.</summary>
    public string Next()
    {
        _parts = 0;
        return Query(new Scope(null, []), MostDepth, null).Sql;
    }

    /// <summary>A change that gives back what it changes.</summary>
    /// <param name="table">What.</param>
    /// <param name="hasOld">The server knows OLD and NEW.</param>
    public string Change(Source table, bool hasOld)
    {
        _parts = 0;
        var scope = new Scope(null, []);
        scope.Sources.Add(table);
        scope.Sources.AddRange(hasOld ? [table with { Name = "old" }, table with { Name = "new" }] : []);
        IEnumerable<string> items = Enumerable.Range(0, _random.Next(1, 4))
            .Select(_ => Item(scope, 2, Chance(0.25) ? Kind.Row : Chance(0.7) ? Kind.Text : Kind.Number).Sql);
        return $"UPDATE twin.{table.Name} SET id = {table.Name}.id RETURNING {string.Join(", ", items.ToList())}";
    }

    // What can be referred to at a place: by the query itself, then by those around it; and what WITH names.
    private sealed class Scope(Scope? outer, IReadOnlyList<Source> ctes)
    {
        public List<Source> Sources { get; } = [];

        public List<Source> Ctes { get; } = [.. ctes];

        public IEnumerable<Scope> Chain()
        {
            for (Scope? scope = this; scope is not null; scope = scope.Outer)
            {
                yield return scope;
            }
        }

        private Scope? Outer { get; } = outer;
    }

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

    private string AnyName() => Pick(Names);

    private Kind[] AnyKinds() => [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Chance(0.6) ? Kind.Text : Kind.Number)];

    // Kinds: of its columns; null: any.
    private (string Sql, IReadOnlyList<Column> Columns) Query(Scope outer, int depth, IReadOnlyList<Kind>? kinds)
    {
        var scope = new Scope(outer, outer.Ctes);
        string with = depth > 1 && Chance(0.3) ? With(scope, depth - 1) : "";
        double form = _parts++ < MostParts && depth > 0 ? _random.NextDouble() : 1;
        if (form < 0.15)
        {
            (string left, IReadOnlyList<Column> columns) = Query(new Scope(outer, scope.Ctes), depth - 1, kinds ?? AnyKinds());
            (string right, _) = Query(new Scope(outer, scope.Ctes), depth - 1, [.. columns.Select(c => c.Kind)]);
            string operation = Chance(0.8) ? "UNION ALL" : Pick(["UNION", "EXCEPT", "INTERSECT ALL"]);
            return ($"{with}({left}) {operation} ({right})", columns);
        }

        if (form < 0.2 && kinds?.Contains(Kind.Row) != true)
        {
            kinds ??= AnyKinds();
            IEnumerable<string> rows = Enumerable.Range(0, _random.Next(1, 3))
                .Select(_ => $"({string.Join(", ", kinds.Select(k => Expression(outer, depth - 1, k)))})");
            return ($"{with}VALUES {string.Join(", ", rows)}", [.. kinds.Select((k, i) => new Column($"column{i + 1}", k))]);
        }

        return Select(scope, depth, kinds, with);
    }

    private (string Sql, IReadOnlyList<Column> Columns) Select(Scope scope, int depth, IReadOnlyList<Kind>? kinds, string with)
    {
        string from = string.Join(", ", Enumerable.Range(0, Chance(0.25) ? 2 : 1).Select(_ => FromItem(scope, depth)).ToList());
        List<(string Sql, IReadOnlyList<Column> Columns)> items = [];
        bool isAggregated = Chance(0.07) && kinds?.Contains(Kind.Row) != true;
        if (isAggregated)
        {
            items.AddRange((kinds ?? AnyKinds()).Select(k => Aggregate(scope, k)));
        }
        else if (kinds is not null)
        {
            items.AddRange(kinds.Select(k => Item(scope, depth, k)));
        }
        else
        {
            items.AddRange(Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Chance(0.2) ? Star(scope)
                : Item(scope, depth, Chance(0.15) ? Kind.Row : Chance(0.65) ? Kind.Text : Kind.Number)));
        }

        string distinct = !isAggregated && Chance(0.03) ? "DISTINCT " : "";
        string where = Chance(0.15) ? $" WHERE {Condition(scope, depth - 1)}" : "";
        string order = !isAggregated && Chance(0.08) ? $" ORDER BY {Pick([AnyName(), "1"])}" : "";
        string limit = Chance(0.06) ? $" LIMIT {_random.Next(1, 4)}" : "";
        if (!isAggregated && order.Length == 0 && Chance(0.04))
        {
            order = $" GROUP BY {Expression(scope, 0, Kind.Number)}, {string.Join(", ", Enumerable.Range(1, items.Count))}";
        }

        return ($"{with}SELECT {distinct}{string.Join(", ", items.Select(i => i.Sql))} FROM {from}{where}{order}{limit}",
            [.. items.SelectMany(i => i.Columns)]);
    }

    private (string Sql, IReadOnlyList<Column> Columns) Item(Scope scope, int depth, Kind kind)
    {
        if (kind == Kind.Row)
        {
            (string row, IReadOnlyList<Column> fields) = Row(scope);
            string rowName = AnyName();
            return ($"{row} AS {rowName}", [new Column(rowName, Kind.Row, fields)]);
        }

        if (Chance(0.45) && AnyColumn(scope, kind) is { } column)
        {
            string renamed = AnyName();
            return Chance(0.5) ? (column.Sql, [new Column(column.Name, kind)]) : ($"{column.Sql} AS {renamed}", [new Column(renamed, kind)]);
        }

        string name = AnyName();
        if (kind == Kind.Text && Chance(0.03))
        {
            // As many rows as that has parts.
            return ($"(string_to_array({Expression(scope, 0, Kind.Text)}, 'a')).unnest AS {name}", [new Column(name, kind)]);
        }

        return ($"{Expression(scope, depth - 1, kind)} AS {name}", [new Column(name, kind)]);
    }

    private (string Sql, IReadOnlyList<Column> Columns) Aggregate(Scope scope, Kind kind)
    {
        string name = AnyName(), text = Expression(scope, 0, Kind.Text);
        string value = kind == Kind.Text ? Pick([$"string_agg({text}, ',')", $"min({text})", $"array_agg({text})::text"])
            : Pick(["count(*)::int", $"count({text})::int", $"max({Expression(scope, 0, Kind.Number)})"]);
        return ($"{value} AS {name}", [new Column(name, kind)]);
    }

    private (string Sql, IReadOnlyList<Column> Columns) Star(Scope scope)
    {
        if (Chance(0.5))
        {
            return ("*", [.. scope.Sources.SelectMany(s => s.Columns)]);
        }

        Source source = Pick(scope.Sources);
        return Chance(0.95) ? ($"{source.Name}.*", source.Columns) : ($"({source.Name}).*", source.Columns);
    }

    private string With(Scope scope, int depth)
    {
        var parts = new List<string>();
        bool isRecursive = Chance(0.15);
        for (int i = _random.Next(1, 3); i > 0; i--)
        {
            string name = AnyName();
            (string sql, IReadOnlyList<Column> columns) = Query(new Scope(null, scope.Ctes), depth, null);
            if (isRecursive)
            {
                columns = [.. columns.Where(c => c.Kind != Kind.Row)];
                var step = new Scope(null, scope.Ctes);
                step.Sources.Add(new Source(name, columns));
                string items = string.Join(", ", columns.Select(c => c.Name));
                sql = $"SELECT {(items.Length == 0 ? "1 AS id" : items)} FROM ({sql}) AS s UNION ALL SELECT {string.Join(", ", columns.Select(c => Expression(step, 1, c.Kind)))} FROM {name} WHERE false";
            }

            (string names, columns) = Renamed(columns);
            if (parts.Any(p => p.StartsWith($"{name} ", StringComparison.Ordinal) || p.StartsWith($"{name}(", StringComparison.Ordinal)))
            {
                continue;
            }

            parts.Add($"{name}{names} AS {Pick(["", "MATERIALIZED ", "NOT MATERIALIZED "])}({sql})");
            scope.Ctes.Add(new Source(name, columns));
        }

        return $"WITH {(isRecursive ? "RECURSIVE " : "")}{string.Join(", ", parts)} ";
    }

    // (a, b): the first of the columns get other names.
    private (string Sql, IReadOnlyList<Column> Columns) Renamed(IReadOnlyList<Column> columns)
    {
        if (Chance(0.65))
        {
            return ("", columns);
        }

        List<Column> renamed = [.. columns.Take(_random.Next(1, columns.Count + 1)).Select(c => c with { Name = AnyName() })];
        return ($"({string.Join(", ", renamed.Select(c => c.Name))})", [.. renamed, .. columns.Skip(renamed.Count)]);
    }

    private string FromItem(Scope scope, int depth)
    {
        double form = _parts++ < MostParts && depth > 0 ? _random.NextDouble() : 0;
        if (form < 0.5)
        {
            return Table(scope);
        }

        if (form < 0.72)
        {
            bool isLateral = scope.Sources.Count > 0 && Chance(0.4);
            Scope visible = isLateral ? scope : scope.Chain().Skip(1).FirstOrDefault() ?? scope;
            var own = new Scope(isLateral ? scope : visible, scope.Ctes);
            (string sql, IReadOnlyList<Column> columns) = Query(own, depth - 1, null);
            return (isLateral ? "LATERAL " : "") + Named(scope, $"({sql})", columns);
        }

        return form < 0.88 ? Join(scope, depth) : Function(scope);
    }

    private string Table(Scope scope)
    {
        bool isCte = scope.Ctes.Count > 0 && Chance(0.6);
        Source source = isCte ? Pick(scope.Ctes) : Pick(tables);
        string name = source.Name;
        if (isCte)
        {
            source = scope.Ctes.FindLast(c => c.Name == name)!;
        }
        else
        {
            name = $"twin.{name}";
        }

        if (Chance(0.35) && scope.Sources.TrueForAll(s => s.Name != source.Name))
        {
            scope.Sources.Add(source);
            return name;
        }

        return Named(scope, name, source.Columns);
    }

    private string Named(Scope scope, string item, IReadOnlyList<Column> columns)
    {
        string alias = Pick([.. Names.Where(n => scope.Sources.TrueForAll(s => s.Name != n)), $"x{scope.Sources.Count}"]);
        (string names, columns) = Renamed(columns);
        scope.Sources.Add(new Source(alias, columns));
        return $"{item} AS {alias}{names}";
    }
}
