using System.Collections.Frozen;

namespace WireGate.Core.Policy.Facts;

/// <summary>The closed list of words that say what a statement is. A kind of statement that is not in it is <see cref="Unknown"/>.</summary>
public static class SqlKinds
{
    /// <summary>A statement that does not parse, is over the limit, or is of no listed kind.</summary>
    public const string Unknown = "unknown";

    /// <summary>All of them, as rules may name them: the statement's first word or words.</summary>
    public static FrozenSet<string> All { get; } = FrozenSet.ToFrozenSet(
        [
            Unknown, "select", "values", "table", "insert", "update", "delete", "merge", "truncate", "select into", "create table as",
            "select for update", "copy to", "copy from", "copy to file", "copy from file", "copy to program", "copy from program",
            "create", "alter", "drop", "comment", "security label", "import foreign schema", "refresh materialized view", "reindex", "cluster",
            "vacuum", "analyze", "grant", "revoke", "create role", "alter role", "drop role", "reassign owned", "drop owned",
            "begin", "commit", "rollback", "savepoint", "release", "rollback to", "prepare transaction", "commit prepared", "rollback prepared",
            "set", "set transaction", "reset", "show", "set role", "set session authorization", "set constraints", "discard",
            "prepare", "execute", "deallocate", "declare", "fetch", "move", "close", "explain", "explain analyze",
            "lock", "listen", "unlisten", "notify", "load", "checkpoint", "do", "call", "function call",
        ],
        StringComparer.Ordinal);
}
