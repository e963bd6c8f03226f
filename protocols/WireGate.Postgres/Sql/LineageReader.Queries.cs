using System.Text.Json;

namespace WireGate.Postgres.Sql;

/// <summary>Queries within queries, and what FROM names.</summary>
internal sealed partial class LineageReader
{
    // Named: what it gives back can be referred to by name from around it.
    private List<LineageOutput> Query(JsonElement select, bool isNamed)
    {
        (int outer, int depth) = (_ctes.Count, _depth);
        _depth = 0;
        With(select);
        OpenScope();
        List<LineageOutput> outputs;
        if (select.Has("larg"u8, out JsonElement left) && select.Has("rarg"u8, out JsonElement right))
        {
            outputs = Both(Query(left, isNamed: true), Query(right, isNamed: true), left.Has("larg"u8));
            if (!select.Is("op"u8, "SETOP_UNION"u8) || !select.Flag("all"u8))
            {
                // By their rows they tell which values are equal.
                _predicates.AddAll(AllOf(outputs));
            }
        }
        else if (select.Has("valuesLists"u8, out JsonElement values))
        {
            outputs = Values(values);
        }
        else
        {
            From(select, "fromClause"u8);
            outputs = select.Has("targetList"u8, out JsonElement targets) ? Targets(targets, isNamed) : [];
        }

        Decides(select, "whereClause"u8);
        Decides(select, "havingClause"u8);
        Decides(select, "windowClause"u8);
        Decides(select, "limitOffset"u8);
        Decides(select, "limitCount"u8);
        DecidesByOutput(select, "groupClause"u8, outputs);
        DecidesByOutput(select, "sortClause"u8, outputs);
        DecidesByOutput(select, "distinctClause"u8, outputs);
        CloseScope();
        _ctes.RemoveRange(outer, _ctes.Count - outer);
        _depth = depth;
        return outputs;
    }

    // The names are those of the left, the values those of both. Where the left is of two already its flow goes on.
    private List<LineageOutput> Both(List<LineageOutput> left, List<LineageOutput> right, bool isLeftOfTwo)
    {
        bool isByPlace = left.Count == right.Count && !left.Exists(o => o.IsStar) && !right.Exists(o => o.IsStar);
        var outputs = new List<LineageOutput>();
        LineageColumns columns = ColumnsOf(left, []);
        ColumnNames all = NoNames();
        for (int i = 0; i < left.Count; i++)
        {
            if (isByPlace && isLeftOfTwo)
            {
                left[i].From.AddAll(right[i].From);
                outputs.Add(left[i]);
                continue;
            }

            ColumnNames names = NoNames();
            names.AddAll(left[i].From);
            if (isByPlace)
            {
                names.AddAll(right[i].From);
                Flow(left[i].Name, names);
            }

            all.AddAll(left[i].From);
            outputs.Add(left[i] with { From = names, IsPlain = false });
        }

        if (isByPlace)
        {
            return outputs;
        }

        foreach (LineageOutput output in right)
        {
            all.AddAll(output.From);
        }

        // Which column meets which is not known without the columns that a star stands for.
        all.HasStar |= left.Exists(o => o.IsStar) || right.Exists(o => o.IsStar);
        Flow(null, all);
        return [new LineageOutput(null, all, IsStar: true, IsPlain: false) { Columns = columns }];
    }

    private List<LineageOutput> Values(JsonElement lists)
    {
        var columns = new List<ColumnNames>();
        bool isByPlace = true;
        foreach (JsonElement wrapped in lists.EnumerateArray())
        {
            int i = 0;
            foreach (JsonElement item in wrapped.IsA("List"u8, out JsonElement list) ? list.List("items"u8) : default)
            {
                if (columns.Count == i)
                {
                    columns.Add(NoNames());
                }

                columns[i++].AddAll(Names(item));
                isByPlace &= !Expands(item);
            }
        }

        if (!isByPlace)
        {
            // Which column a value is in is not known without the columns that a star stands for.
            ColumnNames all = AllNames();
            columns.ForEach(all.AddAll);
            Flow(null, all);
            return [new LineageOutput(null, all, IsStar: true, IsPlain: false)];
        }

        var outputs = new List<LineageOutput>();
        foreach (ColumnNames names in columns)
        {
            string name = $"column{outputs.Count + 1}";
            Flow(name, names);
            outputs.Add(new LineageOutput(name, names, false, false));
        }

        return outputs;
    }

    private List<LineageOutput> Nested(JsonElement wrapped)
    {
        foreach (JsonProperty property in wrapped.EnumerateObject())
        {
            return property.Name switch
            {
                "SelectStmt" => Query(property.Value, isNamed: true),
                "InsertStmt" or "UpdateStmt" or "DeleteStmt" or "MergeStmt" => Change(property.Value),
                _ => [new LineageOutput(null, AllNames(), true, false)],
            };
        }

        return [];
    }

    private void From(JsonElement node, ReadOnlySpan<byte> field)
    {
        foreach (JsonElement item in node.List(field))
        {
            FromItem(item);
        }
    }

    private void FromItem(JsonElement item)
    {
        foreach (JsonProperty property in item.EnumerateObject())
        {
            JsonElement node = property.Value;
            string? alias = AliasOf(node);
            List<string?> renamed = node.Has("alias"u8, out JsonElement given) ? given.Strings("colnames"u8) : [];
            switch (property.Name)
            {
                case "RangeVar":
                    Table(node, alias, renamed);
                    Rename(renamed, [new LineageOutput(null, AllNames(), true, false)]);
                    break;
                case "RangeSubselect" when node.Has("subquery"u8, out JsonElement query):
                    List<LineageOutput> outputs = Subquery(query, node.Flag("lateral"u8));
                    Rename(renamed, outputs);
                    Made(alias, ColumnsOf(outputs, renamed));
                    if (renamed.Count > 0)
                    {
                        // Which of them keep their names is not known where a star is among them.
                        _scopes[^1].Level.Add(ColumnsOf(outputs, []));
                    }

                    break;
                case "JoinExpr":
                    Join(node, alias, renamed);
                    break;
                case "RangeTableSample" when node.Has("relation"u8, out JsonElement sampled):
                    FromItem(sampled);
                    Decides(node, "args"u8);
                    Decides(node, "repeatable"u8);
                    break;
                default:
                    Function(node, alias, renamed);
                    break;
            }
        }
    }

    // Without LATERAL it sees nothing of what stands beside it in FROM.
    private List<LineageOutput> Subquery(JsonElement query, bool isLateral)
    {
        if (isLateral)
        {
            int outer = _lateral;
            _lateral = _scopes.Count;
            List<LineageOutput> made = Nested(query);
            _lateral = outer;
            return made;
        }

        Scope own = _scopes[^1];
        CloseScope();
        List<LineageOutput> outputs = Nested(query);
        _scopes.Add(own);
        return outputs;
    }

    private void Join(JsonElement join, string? alias, List<string?> renamed)
    {
        List<LineageColumns> shown = _scopes[^1].Shown;
        int first = shown.Count;
        FromSide(join, "larg"u8);
        FromSide(join, "rarg"u8);
        Decides(join, "quals"u8);
        // By all columns that both sides have.
        _predicates.HasStar |= join.Flag("isNatural"u8);
        LineageColumns merged = NoColumns();
        foreach (string? column in join.Strings("usingClause"u8))
        {
            _predicates.Add(_scopes[^1].Level, column ?? "*");
            merged.Add(column);
        }

        if (join.Has("join_using_alias"u8, out JsonElement joined) && joined.Text("aliasname"u8) is { } row)
        {
            Alias(new LineageAlias(row, null, merged, null), isShown: false);
        }

        if (alias is null)
        {
            return;
        }

        Rename(renamed, [new LineageOutput(null, AllNames(), true, false)]);
        LineageColumns columns = NoColumns();
        renamed.ForEach(columns.Add);
        (renamed.Count > 0 ? [] : shown[first..]).ForEach(columns.AddAll);
        shown.RemoveRange(first, shown.Count - first);
        Made(alias, columns);
    }

    private void FromSide(JsonElement join, ReadOnlySpan<byte> side)
    {
        if (join.Has(side, out JsonElement item))
        {
            FromItem(item);
        }
    }

    private void Rename(List<string?> names, List<LineageOutput> outputs)
    {
        if (names.Count == 0)
        {
            return;
        }

        ColumnNames? all = outputs.Exists(o => o.IsStar) || names.Count > outputs.Count ? AllOf(outputs) : null;
        for (int i = 0; i < names.Count; i++)
        {
            Flow(names[i], all ?? outputs[i].From);
        }
    }

    private ColumnNames AllOf(List<LineageOutput> outputs)
    {
        ColumnNames all = NoNames();
        foreach (LineageOutput output in outputs)
        {
            all.AddAll(output.From);
            all.HasStar |= output.IsStar;
        }

        return all;
    }
}
