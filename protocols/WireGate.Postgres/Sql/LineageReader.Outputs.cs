using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>What a query gives back, and what it is called.</summary>
internal sealed partial class LineageReader
{
    private const string Nameless = "?column?";

    // What the upstream calls an expression by what it is.
    private static readonly Dictionary<string, string> NamesByType = new(StringComparer.Ordinal)
    {
        ["CoalesceExpr"] = "coalesce",
        ["A_ArrayExpr"] = "array",
        ["RowExpr"] = "row",
        ["GroupingFunc"] = "grouping",
        ["XmlSerialize"] = "xmlserialize",
    };

    private List<LineageOutput> Targets(JsonElement list, bool isNamed)
    {
        var outputs = new List<LineageOutput>();
        foreach (JsonElement wrapped in list.EnumerateArray())
        {
            if (!wrapped.IsA("ResTarget"u8, out JsonElement target) || !target.Has("val"u8, out JsonElement value))
            {
                outputs.Add(new LineageOutput(null, AllNames(), true, false));
                continue;
            }

            ColumnNames names = Names(value);
            bool isColumn = value.IsA("ColumnRef"u8, out JsonElement column);
            if (Expands(value))
            {
                if (isNamed && !isColumn)
                {
                    // Its columns are called what its type calls them.
                    Flow(null, names);
                }

                ColumnNames all = AllNames();
                all.AddAll(names);
                outputs.Add(new LineageOutput(target.Text("name"u8), all, true, isColumn) { Columns = Star(value) });
                continue;
            }

            string? name = target.Text("name"u8) ?? NameOf(value).Name;
            // A column that keeps its name is what it was. But t.f may be f of t, and t a whole row, which around here is a column.
            bool isKept = isColumn && column.Strings("fields"u8) is [{ } own] && own == name && !IsAlias(own);
            if (isNamed && !isKept)
            {
                Flow(name, names);
            }

            outputs.Add(new LineageOutput(name, names, false, isColumn));
        }

        return outputs;
    }

    // *, t.*, (x).*: in a list of columns each is as many as that has.
    private static bool Expands(JsonElement value) => value.IsA("ColumnRef"u8, out JsonElement column)
        ? column.Strings("fields"u8)[^1] is null
        : value.IsA("A_Indirection"u8, out JsonElement access) && access.List("indirection"u8).Last().IsA("A_Star"u8, out _);

    // What the upstream calls an expression: a weak name gives way to that of a cast or a CASE around it. Null: it may be any.
    private static (string? Name, bool IsWeak) NameOf(JsonElement value)
    {
        foreach (JsonProperty property in value.EnumerateObject())
        {
            JsonElement node = property.Value;
            switch (property.Name)
            {
                case "ColumnRef":
                    return (node.Strings("fields"u8).FindLast(f => f is not null), false);
                case "FuncCall":
                    return (node.Strings("funcname"u8)[^1], false);
                case "A_Indirection":
                    string? field = node.Strings("indirection"u8).FindLast(f => f is not null);
                    return field is null ? Inner(node, "arg"u8) : (field, false);
                case "CollateClause":
                    return Inner(node, "arg"u8);
                case "TypeCast":
                    (string? Name, bool IsWeak) cast = Inner(node, "arg"u8);
                    return !cast.IsWeak ? cast : (node.Has("typeName"u8, out JsonElement type) ? type.Strings("names"u8).LastOrDefault() : null, true);
                case "CaseExpr":
                    (string? Name, bool IsWeak) otherwise = Inner(node, "defresult"u8);
                    return !otherwise.IsWeak ? otherwise : ("case", true);
                case "A_Expr":
                    return node.Is("kind"u8, "AEXPR_NULLIF"u8) ? ("nullif", false) : (Nameless, true);
                case "SubLink" when node.Is("subLinkType"u8, "EXISTS_SUBLINK"u8):
                    return ("exists", false);
                case "SubLink" when node.Is("subLinkType"u8, "ARRAY_SUBLINK"u8):
                    return ("array", false);
                case "SQLValueFunction":
                    // SVFOP_CURRENT_TIMESTAMP_N
                    return (node.Text("op"u8)?.Replace("SVFOP_", "", StringComparison.Ordinal).Replace("_N", "", StringComparison.Ordinal).ToLowerInvariant(), false);
                case "MinMaxExpr":
                    return (node.Is("op"u8, "IS_LEAST"u8) ? "least" : "greatest", false);
                case "BoolExpr" or "NullTest" or "BooleanTest" or "A_Const" or "ParamRef":
                    return (Nameless, true);
                default:
                    return (NamesByType.GetValueOrDefault(property.Name), false);
            }
        }

        return (null, false);
    }

    private static (string? Name, bool IsWeak) Inner(JsonElement node, ReadOnlySpan<byte> field) =>
        node.Has(field, out JsonElement value) ? NameOf(value) : (Nameless, true);

    // What GROUP BY, ORDER BY and DISTINCT say may be meant by what the query gives back.
    private void DecidesByOutput(JsonElement select, ReadOnlySpan<byte> field, List<LineageOutput> outputs)
    {
        if (!select.Has(field))
        {
            return;
        }

        var level = new LineageLevel(_scopes[^1].Level);
        level.Add(ColumnsOf(outputs, []));
        bool isGroup = field.SequenceEqual("groupClause"u8);
        SqlName? only = OnlyOf(select) is { } name && outputs is [{ IsStar: true, Columns: { Names.Count: 0, Relations: { Count: 1 } read } }] && read.Contains(name)
            ? name : null;
        foreach (JsonElement item in select.List(field))
        {
            if (only is { } relation && PlaceOf(item) is { } place)
            {
                _places.Add((relation, place));
            }
            else
            {
                Decides(item, outputs, level, isGroup);
            }
        }
    }

    private void Decides(JsonElement item, List<LineageOutput> outputs, LineageLevel level, bool isGroup)
    {
        bool isPlainDistinct = true;
        foreach (JsonProperty property in item.EnumerateObject())
        {
            isPlainDistinct = false;
            JsonElement node = property.Value;
            switch (property.Name)
            {
                case "SortBy" when node.Has("node"u8, out JsonElement by):
                    Decides(by, outputs, level, isGroup);
                    break;
                case "GroupingSet" or "RowExpr" or "List":
                    // ROLLUP (1, (2, 3)): each part is as if it stood alone.
                    foreach (JsonElement part in Parts(node))
                    {
                        Decides(part, outputs, level, isGroup);
                    }

                    break;
                case "A_Const" when node.Has("ival"u8, out JsonElement number):
                    DecidesByPlace(number.Has("ival"u8, out JsonElement digits) ? digits.GetInt32() : 0, outputs);
                    break;
                case "ColumnRef" when node.Strings("fields"u8) is [{ } name]:
                    DecidesByName(name, outputs, level, isGroup);
                    break;
                default:
                    _predicates.AddAll(Names(item));
                    break;
            }
        }

        if (isPlainDistinct)
        {
            _predicates.AddAll(AllOf(outputs));
        }
    }

    // ORDER BY 1: the number, if it is nothing else.
    private static int? PlaceOf(JsonElement item) =>
        item.IsA("SortBy"u8, out JsonElement sort) ? (sort.Has("node"u8, out JsonElement by) ? PlaceOf(by) : null)
        : item.IsA("A_Const"u8, out JsonElement number) && number.Has("ival"u8, out JsonElement value) && value.Has("ival"u8, out JsonElement digits) ? digits.GetInt32()
        : null;

    private static IEnumerable<JsonElement> Parts(JsonElement node) =>
        node.List("content"u8).Concat(node.List("args"u8)).Concat(node.List("items"u8));

    private void DecidesByPlace(int place, List<LineageOutput> outputs)
    {
        if (outputs.Exists(o => o.IsStar))
        {
            _predicates.HasStar = true;
        }
        else if (place >= 1 && place <= outputs.Count)
        {
            _predicates.AddAll(outputs[place - 1].From);
        }
    }

    // To ORDER BY and DISTINCT ON a name is first what the query gives back; to GROUP BY first a column of FROM.
    private void DecidesByName(string name, List<LineageOutput> outputs, LineageLevel level, bool isGroup)
    {
        if (!_budget.Takes(outputs.Count))
        {
            return;
        }

        bool isMeant = false;
        foreach (LineageOutput output in outputs)
        {
            if (output.IsStar || (output.Name is not null && output.Name != name))
            {
                continue;
            }

            _predicates.AddAll(output.From);
            isMeant |= output.Name is not null;
            if (isGroup)
            {
                Flow(output.Name, output.From);
            }
        }

        if (isGroup || !isMeant || outputs.Exists(o => o.IsStar))
        {
            _predicates.Add(level, name);
        }
    }
}
