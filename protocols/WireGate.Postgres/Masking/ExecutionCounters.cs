using System.Collections.Frozen;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Masking;

/// <summary>
/// What the server counts of what ran, in the session's own transaction too: whether a subquery did may hang on a value, and how much was
/// written on its length.
/// </summary>
internal static class ExecutionCounters
{
    // Temporary files count, and WAL.
    private static readonly FrozenSet<string> Functions = FrozenSet.Create(
        StringComparer.Ordinal,
        "pg_tablespace_size", "pg_current_wal_flush_lsn", "pg_current_wal_insert_lsn", "pg_current_wal_lsn", "pg_last_wal_receive_lsn",
        "pg_last_wal_replay_lsn");

    /// <summary>Whether its rows are as many as the session holds things in memory: each regular expression that ran is one.</summary>
    public static bool ContainRows(CatalogRelation relation) => relation is { Schema: "pg_catalog", Name: "pg_backend_memory_contexts" };

    /// <summary>The function by which a statement asks for one; null: none.</summary>
    public static SqlName? AskedBy(SqlStatementFacts facts)
    {
        foreach (SqlName function in facts.Functions)
        {
            if (function.Schema is null or "pg_catalog"
                && (Functions.Contains(function.Name) || function.Name.StartsWith("pg_stat_get_", StringComparison.Ordinal)))
            {
                return function;
            }
        }

        return null;
    }
}
