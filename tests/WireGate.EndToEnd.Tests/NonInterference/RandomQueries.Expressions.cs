namespace WireGate.EndToEnd.Tests.NonInterference;

/// <summary>Values: columns by all the ways in which they can be named, and what is made of them without failing.</summary>
internal sealed partial class RandomQueries
{
    private string Expression(Scope scope, int depth, Kind kind)
    {
        if ((Chance(0.55) || depth <= 0 || _parts++ > MostParts) && AnyColumn(scope, kind) is { } column)
        {
            return column.Sql;
        }

        return kind == Kind.Text ? Text(scope, depth) : Number(scope, depth);
    }

    private string Text(Scope scope, int depth)
    {
        if (depth <= 0)
        {
            return Pick(["'t'", "'u'::text", "NULL::text"]);
        }

        depth--;
        return _random.Next(20) switch
        {
            0 => $"lower({Expression(scope, depth, Kind.Text)})",
            1 => $"({Expression(scope, depth, Kind.Text)} || {Expression(scope, depth, Kind.Text)})",
            2 => $"substring({Expression(scope, depth, Kind.Text)}, 1, 3)",
            3 => $"({Expression(scope, depth, Kind.Number)})::text",
            4 => $"coalesce({Expression(scope, depth, Kind.Text)}, {Expression(scope, depth, Kind.Text)})",
            5 => $"CASE WHEN {Condition(scope, depth)} THEN {Expression(scope, depth, Kind.Text)} ELSE {Expression(scope, depth, Kind.Text)} END",
            6 => $"({Row(scope).Sql})::text",
            7 => $"(to_jsonb({Row(scope).Sql}) ->> '{AnyName()}')",
            8 => $"to_json({Row(scope).Sql})::text",
            9 => $"(SELECT {Subquery(scope, depth, Kind.Text)} LIMIT 1)",
            10 => $"(ARRAY[{Expression(scope, depth, Kind.Text)}, {Expression(scope, depth, Kind.Text)}])[1]",
            11 => $"min({Expression(scope, 0, Kind.Text)}) OVER ()",
            12 => $"string_agg({Expression(scope, 0, Kind.Text)}, ',') OVER (PARTITION BY {Expression(scope, 0, Kind.Number)} ORDER BY {Expression(scope, 0, Kind.Text)})",
            13 => $"(SELECT x FROM jsonb_to_record(to_jsonb({Row(scope).Sql})) AS r({AnyName()} text, x text))",
            14 => $"(json_populate_record(NULL::twin.{Pick(tables).Name}, to_json({Row(scope).Sql}))).{AnyName()}::text",
            15 => $"nullif({Expression(scope, depth, Kind.Text)}, {Expression(scope, depth, Kind.Text)})",
            16 => $"(regexp_match({Expression(scope, depth, Kind.Text)}, 'a'))[(SELECT count(*)::int FROM {Inner(scope, depth)})]",
            17 => $"({Condition(scope, depth)})::text",
            18 => $"(SELECT string_agg({AnyName()}::text, ',') FROM {Inner(scope, depth)})",
            _ => $"concat_ws('-', {Row(scope).Sql}, {Expression(scope, depth, Kind.Text)})",
        };
    }

    private string Number(Scope scope, int depth)
    {
        if (depth <= 0)
        {
            return Pick(["1", "2", "NULL::int"]);
        }

        depth--;
        return _random.Next(9) switch
        {
            0 => $"({Expression(scope, depth, Kind.Number)} + {Expression(scope, depth, Kind.Number)})",
            1 => $"length({Expression(scope, depth, Kind.Text)})",
            2 => $"coalesce({Expression(scope, depth, Kind.Number)}, {Expression(scope, depth, Kind.Number)})",
            3 => $"CASE WHEN {Condition(scope, depth)} THEN 1 ELSE {Expression(scope, depth, Kind.Number)} END",
            4 => $"(SELECT {Subquery(scope, depth, Kind.Number)} LIMIT 1)",
            5 => $"(SELECT count(*)::int FROM {Inner(scope, depth)})",
            6 => $"(row_number() OVER (ORDER BY {Expression(scope, depth, Kind.Text)}))::int",
            7 => $"(count(*) FILTER (WHERE {Condition(scope, 0)}) OVER ())::int",
            _ => $"({Expression(scope, depth, Kind.Text)} IS NULL)::int",
        };
    }

    private string Condition(Scope scope, int depth) => _random.Next(9) switch
    {
        0 => $"{Expression(scope, depth, Kind.Number)} > 0",
        1 => $"{Expression(scope, depth, Kind.Text)} = {Expression(scope, depth, Kind.Text)}",
        2 when depth > 0 => $"EXISTS (SELECT {Subquery(scope, depth - 1, Kind.Text)})",
        3 when depth > 0 => $"{Expression(scope, depth - 1, Kind.Text)} IN (SELECT {Subquery(scope, depth - 1, Kind.Text)})",
        4 when depth > 0 => $"{Expression(scope, depth - 1, Kind.Text)} BETWEEN 'a' AND (SELECT {Subquery(scope, depth - 1, Kind.Text)} LIMIT 1)",
        5 when depth > 0 => $"({Expression(scope, depth - 1, Kind.Text)}, 'a') = ('alpha', (SELECT {Subquery(scope, depth - 1, Kind.Text)} LIMIT 1))",
        6 when depth > 0 => $"{Expression(scope, depth - 1, Kind.Text)} IN ('alpha', (SELECT {Subquery(scope, depth - 1, Kind.Text)} LIMIT 1))",
        7 when depth > 0 => $"'b' > ANY (SELECT {Subquery(scope, depth - 1, Kind.Text)})",
        _ => "true",
    };

    private string Subquery(Scope scope, int depth, Kind kind)
    {
        string sql = Query(scope, depth, [kind]).Sql;
        return sql.StartsWith("SELECT ", StringComparison.Ordinal) && !sql.StartsWith("SELECT DISTINCT", StringComparison.Ordinal)
            ? sql["SELECT ".Length..] : $"s FROM ({sql}) AS s0(s)";
    }

    private string Inner(Scope scope, int depth)
    {
        (string sql, _) = Query(scope, depth, null);
        return $"({sql}) AS {AnyName()}";
    }

    // A column by its name alone, by that of its relation, by a row's, or as a function of the row.
    private (string Sql, string Name)? AnyColumn(Scope scope, Kind kind)
    {
        var found = new List<(string Sql, string Name)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var rows = new HashSet<string>(StringComparer.Ordinal);
        foreach (Scope at in scope.Chain())
        {
            List<string> here = [.. at.Sources.SelectMany(s => s.Columns).Select(c => c.Name)];
            foreach (Source source in at.Sources.Where(s => rows.Add(s.Name)))
            {
                if (kind == Kind.Text && Chance(0.02))
                {
                    // It is none: it is a function of any row.
                    found.Add(($"{source.Name}.{NoColumn}", NoColumn));
                }

                foreach (Column column in source.Columns)
                {
                    bool isOne = source.Columns.Count(c => c.Name == column.Name) == 1;
                    if (column.Kind == kind && isOne)
                    {
                        found.Add(($"{source.Name}.{column.Name}", column.Name));
                        if (Chance(0.03))
                        {
                            // Mostly refused: it may be a call of a function.
                            found.Add(($"({source.Name}).{column.Name}", column.Name));
                        }

                        if (here.Count(n => n == column.Name) == 1 && !seen.Contains(column.Name))
                        {
                            found.Add((column.Name, column.Name));
                            found.Add((column.Name, column.Name));
                        }
                    }

                    foreach (Column field in column.Fields?.Where(f => f.Kind == kind && isOne && Chance(0.1)) ?? [])
                    {
                        found.Add(($"({source.Name}.{column.Name}).{field.Name}", field.Name));
                        found.Add(($"{field.Name}({source.Name}.{column.Name})", field.Name));
                    }
                }
            }

            seen.UnionWith(here);
        }

        return found.Count == 0 ? null : Pick(found);
    }

    private (string Sql, IReadOnlyList<Column> Fields) Row(Scope scope)
    {
        var found = new List<(string, IReadOnlyList<Column>)>();
        foreach (Scope at in scope.Chain())
        {
            foreach (Source source in at.Sources)
            {
                found.Add((source.Name, source.Columns));
                found.AddRange(source.Columns.Where(c => c.Fields is not null).Select(c => ($"{source.Name}.{c.Name}", c.Fields!)));
            }
        }

        return found.Count == 0 ? ("ROW(1, 'r'::text)", []) : Pick(found);
    }
}
