namespace WireGate.EndToEnd.Tests.NonInterference;

/// <summary>Joins, and functions in FROM.</summary>
internal sealed partial class RandomQueries
{
    private string Join(Scope scope, int depth)
    {
        int first = scope.Sources.Count;
        string left = FromItem(scope, depth - 1), right = FromItem(scope, depth - 1);
        List<Source> sides = scope.Sources[first..];
        string[] common = sides.Count == 2
            ? [.. sides[0].Columns.Select(c => c.Name).Intersect(sides[1].Columns.Select(c => c.Name)).Where(n => n != "ssn" || Chance(0.2))] : [];
        string using_ = common.Length > 0 ? Pick(common) : "";
        string join = (common.Length > 0 ? _random.Next(4) : 3) switch
        {
            0 or 1 => $"{left} {Pick(["", "LEFT ", "FULL "])}JOIN {right} USING ({using_}){(Chance(0.3) ? $" AS j{first}" : "")}",
            2 => $"{left} NATURAL JOIN {right}",
            _ => $"{left} {Pick(["CROSS JOIN " + right, $"LEFT JOIN {right} ON true", $"JOIN {right} ON {Condition(scope, 0)}"])}",
        };
        if (Chance(0.3))
        {
            scope.Sources.RemoveRange(first, scope.Sources.Count - first);
            return Named(scope, $"({join})", [.. sides.SelectMany(s => s.Columns)]);
        }

        return join;
    }

    private string Function(Scope scope)
    {
        string text = Expression(scope, 0, Kind.Text), name = AnyName();
        (string sql, Column[] columns) = _random.Next(5) switch
        {
            0 => ("generate_series(1, 2)", [new Column(name, Kind.Number)]),
            1 => ($"unnest(ARRAY[{text}, 'u'])", [new Column(name, Kind.Text)]),
            2 => ($"upper({text})", [new Column(name, Kind.Text)]),
            3 when scope.Sources.Count > 0 => ($"json_each_text(to_json({Row(scope).Sql}))", [new Column("key", Kind.Text), new Column("value", Kind.Text)]),
            _ => ($"ROWS FROM (upper({text}), generate_series(1, 2))", new[] { new Column("name", Kind.Text), new Column("id", Kind.Number) }),
        };
        string alias = Pick([.. Names.Where(n => scope.Sources.TrueForAll(s => s.Name != n)), $"x{scope.Sources.Count}"]);
        scope.Sources.Add(new Source(alias, columns));
        return $"{(scope.Sources.Count > 1 ? "LATERAL " : "")}{sql} AS {alias}({string.Join(", ", columns.Select(c => c.Name))})";
    }
}
