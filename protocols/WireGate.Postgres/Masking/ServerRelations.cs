using WireGate.Core.Configuration;

namespace WireGate.Postgres.Masking;

/// <summary>What the relations that came with the server tell of values of any column, and of credentials. Their numbers differ by version.</summary>
internal static class ServerRelations
{
    private static readonly (string Schema, string Relation, string Columns)[] Hidden =
    [
        ("pg_catalog", "pg_stats_ext_exprs", "*"), ("pg_catalog", "pg_statistic_ext_data", "*"), ("pg_catalog", "pg_backend_memory_contexts", "*"),
        ("pg_catalog", "pg_largeobject", "data"), ("pg_catalog", "pg_stat_activity", "query"),
        ("pg_catalog", "pg_authid", "rolpassword"), ("pg_catalog", "pg_shadow", "passwd"), ("pg_catalog", "pg_subscription", "subconninfo"),
        ("pg_catalog", "pg_user_mapping", "umoptions"), ("pg_catalog", "pg_user_mappings", "umoptions"),
        ("information_schema", "_pg_user_mappings", "umoptions"), ("information_schema", "user_mapping_options", "option_value"),
        ("pg_catalog", "pg_foreign_server", "srvoptions"), ("information_schema", "_pg_foreign_servers", "srvoptions"),
        ("information_schema", "foreign_server_options", "option_value"),
        ("pg_catalog", "pg_hba_file_rules", "options"), ("pg_catalog", "pg_file_settings", "setting"),
    ];

    // What ANALYZE makes of values is all of these but whose it is: an order, a width, a share of NULLs tell of them as well.
    private static readonly (string Relation, string[] Shown)[] Statistics =
    [
        ("pg_statistic", ["starelid", "staattnum", "stainherit"]),
        ("pg_stats", ["schemaname", "tablename", "attname", "inherited"]),
        ("pg_stats_ext",
        ["schemaname", "tablename", "statistics_schemaname", "statistics_name", "statistics_owner", "attnames", "exprs", "kinds", "inherited"]),
    ];

    // Columns of the server's own views that call what looks something up, and keeps a lock on it.
    private static readonly (string Schema, string Relation, string Columns)[] LookingUp =
    [
        ("pg_catalog", "pg_views", "definition"), ("pg_catalog", "pg_matviews", "definition"), ("pg_catalog", "pg_rules", "definition"),
        ("pg_catalog", "pg_indexes", "indexdef"), ("pg_catalog", "pg_sequences", "last_value"), ("pg_catalog", "pg_policies", "*qual"),
        ("pg_catalog", "pg_policies", "with_check"), ("pg_catalog", "pg_stats_ext", "exprs"), ("information_schema", "*", "*"),
    ];

    /// <summary>Whether a column is hidden, whatever the masks name.</summary>
    public static bool Hide(CatalogRelation relation, string column) => Contain(Hidden, relation, column)
        || (relation.Schema == "pg_catalog" && Array.Exists(Statistics, s => s.Relation == relation.Name && !s.Shown.Contains(column)));

    /// <summary>Whether a column is computed when it is read, by what keeps a lock.</summary>
    public static bool LookUp(CatalogRelation relation, string column) => Contain(LookingUp, relation, column);

    private static bool Contain((string Schema, string Relation, string Columns)[] columns, CatalogRelation relation, string column) =>
        Array.Exists(columns, c =>
            c.Schema == relation.Schema && (c.Relation == relation.Name || c.Relation == "*") && new NamePattern(c.Columns).Matches(column));
}
