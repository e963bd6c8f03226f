using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>Functions in FROM, and rows of a type that they make.</summary>
internal sealed partial class LineageReader
{
    // A function, XMLTABLE: what its columns are called is not always told.
    private void Function(JsonElement node, string? alias, List<string?> renamed)
    {
        ColumnNames names = Names(node);
        _predicates.AddAll(names);
        Flow(null, names);
        LineageColumns columns = NoColumns();
        foreach (string? column in (IEnumerable<string?>)[.. renamed, .. ColumnsListed(node)])
        {
            columns.Add(column);
            Flow(column, names);
        }

        alias ??= FunctionsOf(node).FirstOrDefault();
        if (alias is null)
        {
            Made(null, columns);
            return;
        }

        // By its name it is what a function gave that gives plain values.
        Flow(alias, names);
        LineageColumns value = NoColumns();
        value.Add(alias);
        _scopes[^1].Level.Add(value);
        AddFields(columns, node, alias, renamed.Count);

        Alias(new LineageAlias(alias, null, columns, names));
    }

    // What its columns are called by what the functions are: in the place of any that have other names they are not.
    private static void AddFields(LineageColumns columns, JsonElement node, string alias, int renamed)
    {
        JsonElement[] functions = [.. FunctionsIn(node)];
        int known = 0;
        foreach (JsonElement function in functions)
        {
            string? name = function.IsA("FuncCall"u8, out JsonElement call) ? call.Strings("funcname"u8)[^1] : null;
            ReadOnlySpan<string> fields = StatementReader.FieldsOf(name);
            known += Math.Max(1, fields.Length);
            if (RowType(function) is { } type)
            {
                columns.AddAll(type);
            }

            foreach (string field in renamed == 0 ? fields : [])
            {
                columns.Add(field);
            }

            columns.Add(renamed == 0 && functions.Length > 1 ? name : null);
        }

        columns.Add(renamed == 0 && functions.Length == 1 ? alias : null);
        columns.Add(node.Flag("ordinality"u8) && renamed <= known ? "ordinality" : null);
    }

    // AS x (a int, b text), and COLUMNS of XMLTABLE.
    private static IEnumerable<string?> ColumnsListed(JsonElement node)
    {
        foreach (JsonElement wrapped in node.List("coldeflist"u8))
        {
            yield return wrapped.IsA("ColumnDef"u8, out JsonElement column) ? column.Text("colname"u8) : null;
        }

        foreach (JsonElement wrapped in node.List("columns"u8))
        {
            yield return wrapped.IsA("RangeTableFuncCol"u8, out JsonElement column) ? column.Text("colname"u8) : null;
        }
    }

    private static IEnumerable<string?> FunctionsOf(JsonElement node) => FunctionsIn(node).Select(function =>
        function.IsA("FuncCall"u8, out JsonElement call) ? call.Strings("funcname"u8)[^1] : null);

    private static IEnumerable<JsonElement> FunctionsIn(JsonElement node)
    {
        foreach (JsonElement wrapped in node.List("functions"u8))
        {
            JsonElement function = wrapped.IsA("List"u8, out JsonElement list) ? list.List("items"u8).FirstOrDefault() : default;
            if (function.ValueKind == JsonValueKind.Object)
            {
                yield return function;
            }
        }
    }

    // json_populate_record(null::t, …): a row of t, whose fields are its columns, or functions of such a row.
    private static SqlName? RowType(JsonElement value)
    {
        if (!value.IsA("FuncCall"u8, out JsonElement call) || call.Strings("funcname"u8)[^1]
            is not ("json_populate_record" or "json_populate_recordset" or "jsonb_populate_record" or "jsonb_populate_recordset"))
        {
            return null;
        }

        JsonElement row = call.List("args"u8).FirstOrDefault();
        return row.ValueKind == JsonValueKind.Object && row.IsA("TypeCast"u8, out JsonElement cast) && cast.Has("typeName"u8, out JsonElement type)
            && type.Strings("names"u8) is { Count: > 0 } names ? FunctionOf(names) : null;
    }
}
