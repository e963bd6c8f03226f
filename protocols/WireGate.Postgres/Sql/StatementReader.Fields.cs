using System.Collections.Frozen;
using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>
/// Fields that may be functions: <c>(x).f</c> is f(x) where x has no field f, whatever the type of x is. So a field is only a field where
/// it is selected from what is surely a row; else it counts as a call, too.
/// </summary>
internal sealed partial class StatementReader
{
    // Harmless functions that give back rows, or fail where they are made to give back anything else, and the fields of those that always
    // have the same. What is selected from a row is a field of it, or a function of that very type, as with t.f.
    private static readonly FrozenDictionary<string, string[]> RowFunctions = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["json_each"] = ["key", "value"],
        ["json_each_text"] = ["key", "value"],
        ["json_populate_record"] = [],
        ["json_populate_recordset"] = [],
        ["json_to_record"] = [],
        ["json_to_recordset"] = [],
        ["jsonb_each"] = ["key", "value"],
        ["jsonb_each_text"] = ["key", "value"],
        ["jsonb_populate_record"] = [],
        ["jsonb_populate_recordset"] = [],
        ["jsonb_to_record"] = [],
        ["jsonb_to_recordset"] = [],
        ["pg_get_keywords"] = ["word", "catcode", "barelabel", "catdesc", "baredesc"],
        ["pg_get_object_address"] = ["classid", "objid", "objsubid"],
        ["pg_identify_object"] = ["type", "schema", "name", "identity"],
        ["pg_identify_object_as_address"] = ["type", "object_names", "object_args"],
        ["pg_last_committed_xact"] = ["xid", "timestamp", "roident"],
        ["pg_partition_tree"] = ["relid", "parentrelid", "isleaf", "level"],
        ["pg_sequence_parameters"] = ["start_value", "minimum_value", "maximum_value", "increment", "cycle_option", "cache_size", "data_type"],
        ["pg_timezone_abbrevs"] = ["abbrev", "utc_offset", "is_dst"],
        ["pg_timezone_names"] = ["name", "abbrev", "utc_offset", "is_dst"],
        ["ts_parse"] = ["tokid", "token"],
        ["ts_token_type"] = ["tokid", "alias", "description"],
        ["_pg_expandarray"] = ["x", "n"],
    }
    .ToFrozenDictionary(StringComparer.Ordinal);

    // Fields of what those give back that drivers and people select from it by a name that it was given in between. No function of the
    // catalog is called so.
    private static readonly FrozenSet<string> RowFields = FrozenSet.Create(StringComparer.Ordinal, "key", "value", "n", "x");

    // Harmless functions that take any row and tell what is in it.
    private static readonly FrozenSet<string> FunctionsOfRows = FrozenSet.Create(
        StringComparer.Ordinal,
        "any_value", "array_agg", "concat", "first_value", "json_agg", "json_build_array", "json_build_object", "jsonb_agg",
        "jsonb_build_array", "jsonb_build_object", "lag", "last_value", "lead", "max", "min", "mode", "quote_literal", "quote_nullable",
        "row_to_json", "to_json", "to_jsonb");

    // (x).f and x[1].f. What a field holds may be anything again.
    private void FieldSelection(JsonElement selection)
    {
        Indirection(selection);
        foreach (string field in FieldsThatMayCall(selection))
        {
            var function = new SqlName(null, field);
            _facts.Function(function, HarmlessFunctions.Contains(function));
            if (!HarmlessFunctions.Computes(function) || field == Age)
            {
                Leaves(function);
            }
        }

        Descend(selection);
    }

    /// <summary>The fields of an <c>(x).f</c> that may be functions.</summary>
    internal static IEnumerable<string> FieldsThatMayCall(JsonElement selection)
    {
        bool isRow = selection.Has("arg"u8, out JsonElement value) && GivesRow(value);
        foreach (JsonElement item in selection.List("indirection"u8))
        {
            if (item.StringNode() is { } field && !isRow && MayBeFunction(field))
            {
                yield return field;
            }

            isRow = false;
        }
    }

    // FROM f() AS x: where f gives back plain values x stands for one, and x.g is g of it.
    private void FunctionInFrom(JsonElement item)
    {
        JsonElement[] functions = [.. item.List("functions"u8)];
        bool isRow = item.Flag("ordinality"u8) || item.Has("coldeflist"u8) || functions.Length != 1;
        if (!isRow && functions[0].IsA("List"u8, out JsonElement list) && list.List("items"u8).FirstOrDefault() is { ValueKind: JsonValueKind.Object } function
            && !GivesRow(function))
        {
            string? alias = AliasOf(item) ?? (function.IsA("FuncCall"u8, out JsonElement call) ? call.Strings("funcname"u8)[^1] : null);
            List<string?> renamed = item.Has("alias"u8, out JsonElement given) ? given.Strings("colnames"u8) : [];
            _facts.Value(alias, renamed.Count > 0 ? renamed : [alias]);
        }

        Descend(item);
    }

    /// <summary>Whether a field of a relation may be a function that tells its columns.</summary>
    internal static bool TellsRow(string field) => FunctionsOfRows.Contains(field);

    /// <summary>The fields that a function gives back whatever it is called with; none: they depend on that, or it gives plain values.</summary>
    internal static string[] FieldsOf(string? function) => function is not null && RowFunctions.TryGetValue(function, out string[]? fields) ? fields : [];

    private static bool GivesRow(JsonElement value) =>
        value.IsA("RowExpr"u8, out _)
        || (value.IsA("FuncCall"u8, out JsonElement call) && QualifiedName(call.Strings("funcname"u8)) is { } name
            && HarmlessFunctions.Contains(name) && RowFunctions.ContainsKey(name.Name));

    /// <summary>Whether a field of a value may be a function of it.</summary>
    internal static bool MayBeFunction(string field) => field != "*" && !RowFields.Contains(field);
}
