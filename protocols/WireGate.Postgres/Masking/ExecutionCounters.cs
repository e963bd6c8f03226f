using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Masking;

/// <summary>What the server counts of what ran, in the session's own transaction too: whether a subquery did may hang on a value.</summary>
internal static class ExecutionCounters
{
    private static readonly NamePattern[] Views = Patterns(
        "pg_stat_*_tables", "pg_stat_*_indexes", "pg_stat_*_functions", "pg_statio_*", "pg_stat_database", "pg_stat_io");

    private static readonly NamePattern[] Columns = Patterns(
        "seq_*", "idx_*", "n_*", "heap_blks_*", "toast_*", "tidx_*", "blks_*", "tup_*", "last_*_scan", "calls", "*_time", "reads", "hits", "read_bytes");

    /// <summary>Whether a column is one.</summary>
    public static bool Contain(CatalogRelation relation, string column) => relation.Schema == "pg_catalog"
        && Array.Exists(Views, v => v.Matches(relation.Name)) && Array.Exists(Columns, c => c.Matches(column));

    /// <summary>The function by which a statement asks for one; null: none.</summary>
    public static SqlName? AskedBy(SqlStatementFacts facts)
    {
        foreach (SqlName function in facts.Functions)
        {
            if (function.Schema is null or "pg_catalog" && function.Name.StartsWith("pg_stat_get_", StringComparison.Ordinal))
            {
                return function;
            }
        }

        return null;
    }

    private static NamePattern[] Patterns(params string[] texts) => [.. texts.Select(t => new NamePattern(t))];
}
