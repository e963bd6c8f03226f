using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>Queries within queries, and what FROM names.</summary>
internal sealed partial class LineageReader
{
    // Named: what it gives back can be referred to by name from around it.
    private List<LineageOutput> Query(JsonElement select, bool isNamed)
    {
        With(select);
        List<LineageOutput> outputs;
        if (select.Has("larg"u8, out JsonElement left) && select.Has("rarg"u8, out JsonElement right))
        {
            outputs = Both(Query(left, isNamed: true), Query(right, isNamed: true));
            if (!select.Is("op"u8, "SETOP_UNION"u8))
            {
                // INTERSECT and EXCEPT tell by their rows which values are equal.
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
        DecidesByPlace(select, "groupClause"u8, outputs);
        DecidesByPlace(select, "sortClause"u8, outputs);
        DecidesByPlace(select, "distinctClause"u8, outputs);
        return outputs;
    }

    // The names are those of the left, the values those of both.
    private List<LineageOutput> Both(List<LineageOutput> left, List<LineageOutput> right)
    {
        bool isByPlace = left.Count == right.Count && !left.Exists(o => o.IsStar) && !right.Exists(o => o.IsStar);
        var outputs = new List<LineageOutput>();
        var all = new ColumnNames();
        for (int i = 0; i < left.Count; i++)
        {
            var names = new ColumnNames();
            names.AddAll(left[i].From);
            if (isByPlace)
            {
                names.AddAll(right[i].From);
                _flows.Add(new LineageFlow(left[i].Name, names));
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
        _flows.Add(new LineageFlow(null, all));
        return [new LineageOutput(null, all, IsStar: true, IsPlain: false)];
    }

    private List<LineageOutput> Values(JsonElement lists)
    {
        var columns = new List<ColumnNames>();
        foreach (JsonElement wrapped in lists.EnumerateArray())
        {
            int i = 0;
            foreach (JsonElement item in wrapped.IsA("List"u8, out JsonElement list) ? list.List("items"u8) : default)
            {
                if (columns.Count == i)
                {
                    columns.Add(new ColumnNames());
                }

                columns[i++].AddAll(Names(item));
            }
        }

        var outputs = new List<LineageOutput>();
        foreach (ColumnNames names in columns)
        {
            string name = $"column{outputs.Count + 1}";
            _flows.Add(new LineageFlow(name, names));
            outputs.Add(new LineageOutput(name, names, false, false));
        }

        return outputs;
    }

    private List<LineageOutput> Targets(JsonElement list, bool isNamed)
    {
        var outputs = new List<LineageOutput>();
        foreach (JsonElement wrapped in list.EnumerateArray())
        {
            if (!wrapped.IsA("ResTarget"u8, out JsonElement target) || !target.Has("val"u8, out JsonElement value))
            {
                outputs.Add(new LineageOutput(null, new ColumnNames { HasStar = true }, true, false));
                continue;
            }

            ColumnNames names = Names(value);
            string? alias = target.Text("name"u8);
            bool isColumn = value.IsA("ColumnRef"u8, out JsonElement column);
            bool isStar = names.HasStar && (isColumn || value.IsA("A_Indirection"u8, out _));
            string? own = isColumn && !isStar ? column.Strings("fields"u8)[^1] : null;
            if (isNamed && !isStar && (alias ?? own) is var name && name != own)
            {
                _flows.Add(new LineageFlow(name, names));
            }
            else if (isNamed && !isStar && !isColumn)
            {
                _flows.Add(new LineageFlow(NameOf(value), names));
            }

            outputs.Add(new LineageOutput(alias ?? own, names, isStar, isColumn));
        }

        return outputs;
    }

    // What the upstream calls an expression; null: it is not looked for here, and may be any name.
    private static string? NameOf(JsonElement value) =>
        value.IsA("FuncCall"u8, out JsonElement call) ? call.Strings("funcname"u8)[^1]
        : value.IsA("A_Expr"u8, out JsonElement expression) && !expression.Is("kind"u8, "AEXPR_NULLIF"u8) ? "?column?"
        : null;

    private void With(JsonElement statement)
    {
        if (!statement.Has("withClause"u8, out JsonElement with))
        {
            return;
        }

        foreach (JsonElement wrapped in with.List("ctes"u8))
        {
            if (wrapped.IsA("CommonTableExpr"u8, out JsonElement cte) && cte.Has("ctequery"u8, out JsonElement query))
            {
                _aliases.Add(new LineageAlias(cte.Text("ctename"u8) ?? "", null));
                List<LineageOutput> outputs = Nested(query);
                Rename(cte.Strings("aliascolnames"u8), outputs);
                if (cte.Has("search_clause"u8) || cte.Has("cycle_clause"u8))
                {
                    _flows.Add(new LineageFlow(null, AllOf(outputs)));
                }
            }
        }
    }

    private List<LineageOutput> Nested(JsonElement wrapped)
    {
        foreach (JsonProperty property in wrapped.EnumerateObject())
        {
            return property.Name switch
            {
                "SelectStmt" => Query(property.Value, isNamed: true),
                "InsertStmt" or "UpdateStmt" or "DeleteStmt" or "MergeStmt" => Change(property.Name, property.Value),
                _ => [new LineageOutput(null, new ColumnNames { HasStar = true }, true, false)],
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
                    SqlName name = Name(node);
                    _aliases.Add(new LineageAlias(alias ?? name.Name, name));
                    Rename(renamed, [new LineageOutput(null, new ColumnNames { HasStar = true }, true, false)]);
                    break;
                case "RangeSubselect" when node.Has("subquery"u8, out JsonElement query):
                    Rename(renamed, Nested(query));
                    Made(alias);
                    break;
                case "JoinExpr":
                    FromSide(node, "larg"u8);
                    FromSide(node, "rarg"u8);
                    Decides(node, "quals"u8);
                    // By all columns that both sides have.
                    _predicates.HasStar |= node.Flag("isNatural"u8);
                    foreach (string? column in node.Strings("usingClause"u8))
                    {
                        _predicates.Add(null, column ?? "*");
                    }

                    Rename(renamed, [new LineageOutput(null, new ColumnNames { HasStar = true }, true, false)]);
                    Made(alias);
                    break;
                case "RangeTableSample" when node.Has("relation"u8, out JsonElement sampled):
                    FromItem(sampled);
                    Decides(node, "args"u8);
                    Decides(node, "repeatable"u8);
                    break;
                default:
                    // A function: its columns have whatever names, and how many rows it gives tells of its arguments.
                    ColumnNames names = Names(node);
                    _predicates.AddAll(names);
                    _flows.Add(new LineageFlow(null, names));
                    Rename(renamed, [new LineageOutput(null, names, true, false)]);
                    if (alias is not null)
                    {
                        _flows.Add(new LineageFlow(alias, names));
                    }

                    break;
            }
        }
    }

    private void FromSide(JsonElement join, ReadOnlySpan<byte> side)
    {
        if (join.Has(side, out JsonElement item))
        {
            FromItem(item);
        }
    }

    private void Made(string? alias)
    {
        if (alias is not null)
        {
            _aliases.Add(new LineageAlias(alias, null));
        }
    }

    private void Rename(List<string?> names, List<LineageOutput> outputs)
    {
        bool isByPlace = !outputs.Exists(o => o.IsStar) && names.Count <= outputs.Count;
        for (int i = 0; i < names.Count; i++)
        {
            _flows.Add(new LineageFlow(names[i], isByPlace ? outputs[i].From : AllOf(outputs)));
        }
    }

    private static ColumnNames AllOf(List<LineageOutput> outputs)
    {
        var all = new ColumnNames();
        foreach (LineageOutput output in outputs)
        {
            all.AddAll(output.From);
            all.HasStar |= output.IsStar;
        }

        return all;
    }
}
