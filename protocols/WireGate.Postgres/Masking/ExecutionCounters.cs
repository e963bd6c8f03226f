using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Masking;

/// <summary>What the server counts of what ran, in the session's own transaction too: whether a subquery did may hang on a value.</summary>
internal static class ExecutionCounters
{
    // Of what runs in the whole server: of these everything counts but what says of whom, and since when.
    private static readonly NamePattern[] Whole = Patterns("pg_stat_io", "pg_stat_wal", "pg_stat_slru", "pg_stat_bgwriter", "pg_stat_checkpointer");
    private static readonly NamePattern[] Labels = Patterns("backend_type", "object", "context", "op_bytes", "name", "stats_reset");

    private static readonly NamePattern[] Views = Patterns(
        "pg_stat_*_tables", "pg_stat_*_indexes", "pg_stat_*_functions", "pg_statio_*", "pg_stat_database");

    private static readonly NamePattern[] Columns = Patterns(
        "seq_*", "idx_*", "n_*", "heap_blks_*", "toast_*", "tidx_*", "blks_*", "blk_*", "tup_*", "last_*_scan", "calls", "*_time", "temp_*",
        "parallel_*");

    // Temporary files count.
    private const string Files = "pg_tablespace_size";

    /// <summary>Whether a column is one.</summary>
    public static bool Contain(CatalogRelation relation, string column) => relation.Schema == "pg_catalog"
        && (Matches(Whole, relation.Name) ? !Matches(Labels, column) : Matches(Views, relation.Name) && Matches(Columns, column));

    /// <summary>Whether its rows are as many as the session holds things in memory: each regular expression that ran is one.</summary>
    public static bool ContainRows(CatalogRelation relation) => relation is { Schema: "pg_catalog", Name: "pg_backend_memory_contexts" };

    /// <summary>The function by which a statement asks for one; null: none.</summary>
    public static SqlName? AskedBy(SqlStatementFacts facts)
    {
        foreach (SqlName function in facts.Functions)
        {
            if (function.Schema is null or "pg_catalog"
                && (function.Name == Files || function.Name.StartsWith("pg_stat_get_", StringComparison.Ordinal)))
            {
                return function;
            }
        }

        return null;
    }

    private static bool Matches(NamePattern[] patterns, string name) => Array.Exists(patterns, p => p.Matches(name));

    private static NamePattern[] Patterns(params string[] texts) => [.. texts.Select(t => new NamePattern(t))];
}
