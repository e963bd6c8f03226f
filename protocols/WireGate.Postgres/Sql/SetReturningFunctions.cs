using System.Collections.Frozen;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>
/// Functions that give any number of rows: how many there are may tell what they were called with, whatever becomes of the rows.
/// </summary>
internal static class SetReturningFunctions
{
    private static readonly FrozenSet<string> Names = FrozenSet.ToFrozenSet(
    [
        "generate_series", "generate_subscripts", "information_schema._pg_expandarray", "json_array_elements", "json_array_elements_text",
        "json_each", "json_each_text", "json_object_keys", "json_populate_recordset", "json_to_recordset", "jsonb_array_elements",
        "jsonb_array_elements_text", "jsonb_each", "jsonb_each_text", "jsonb_object_keys", "jsonb_path_query", "jsonb_path_query_tz",
        "jsonb_populate_recordset", "jsonb_to_recordset", "pg_get_keywords", "pg_listening_channels", "pg_options_to_table",
        "pg_partition_ancestors", "pg_partition_tree", "pg_show_all_settings", "pg_snapshot_xip", "pg_timezone_abbrevs", "pg_timezone_names",
        "regexp_matches", "regexp_split_to_table", "string_to_table", "ts_parse", "ts_token_type", "txid_snapshot_xip", "unnest",
    ],
    StringComparer.Ordinal);

    /// <summary>Whether a function of this name may be one: of those that are not <see cref="HarmlessFunctions"/> nothing is known.</summary>
    public static bool MayContain(SqlName name) =>
        !HarmlessFunctions.Contains(name) || Names.Contains(name.Schema is null or "pg_catalog" ? name.Name : name.ToString());
}
