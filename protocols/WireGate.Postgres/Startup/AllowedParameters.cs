using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace WireGate.Postgres.Startup;

/// <summary>
/// Which settings a client may bring along. The shipped list holds what drivers send and what concerns nobody but the session itself:
/// how values are written, how long it waits, what the planner tries. Left out, and refused unless the target names them: what changes
/// which object a name means or who runs it (search_path, role, session_authorization), what loads code
/// (session_preload_libraries, local_preload_libraries), what weakens how text is read (standard_conforming_strings,
/// backslash_quote: a rule must read a statement as the upstream does), and whatever is not known.
/// </summary>
internal sealed class AllowedParameters
{
    // PostgreSQL compares parameter names without regard to case, in ASCII only.
    private static readonly string[] Harmless =
    [
        // How the client is called and how values are written. What drivers send: libpq, pgjdbc, Npgsql, psycopg, pgx.
        "application_name", "client_encoding", "client_min_messages", "DateStyle", "IntervalStyle", "TimeZone", "bytea_output",
        "extra_float_digits", "lc_monetary", "lc_numeric", "lc_time", "xmlbinary", "xmloption",

        // How long the session waits before it gives up by itself.
        "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "transaction_timeout",
        "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout", "client_connection_check_interval",

        // What a transaction is unless it says otherwise; a client can say it in SQL at any time.
        "default_transaction_isolation", "default_transaction_read_only", "default_transaction_deferrable",

        // What the planner tries: speed, never meaning. asyncpg and SQLAlchemy switch jit off, test suites geqo.
        "geqo", "jit", "plan_cache_mode", "enable_bitmapscan", "enable_hashagg", "enable_hashjoin", "enable_indexonlyscan",
        "enable_indexscan", "enable_mergejoin", "enable_nestloop", "enable_parallel_append", "enable_parallel_hash",
        "enable_partition_pruning", "enable_partitionwise_aggregate", "enable_partitionwise_join", "enable_seqscan", "enable_sort",
        "enable_tidscan", "max_parallel_workers_per_gather",
    ];

    // Those by which a literal, a function's text or a file is read as another value, or what is written is another one; and what they may
    // be set to all the same: what drivers send, and what every session of a new server has anyway.
    private static readonly FrozenDictionary<string, Func<string, bool>> Reading = new Dictionary<string, Func<string, bool>>
    {
        ["DateStyle"] = Never,
        ["IntervalStyle"] = Never,
        ["TimeZone"] = Never,
        ["lc_monetary"] = Never,
        ["lc_numeric"] = Never,
        ["lc_time"] = Never,
        ["xmlbinary"] = Never,
        ["xmloption"] = Never,
        ["bytea_output"] = value => value.Equals("hex", StringComparison.OrdinalIgnoreCase),
        // From 1 on all write the same digits: as many as are needed.
        ["extra_float_digits"] = value => value is "1" or "2" or "3",
        ["client_encoding"] = LeavesBytes,
        ["standard_conforming_strings"] = value => value.Equals("on", StringComparison.OrdinalIgnoreCase),
    }
    .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The shipped list alone.</summary>
    public static readonly AllowedParameters Shipped = new([]);

    private readonly FrozenDictionary<string, string> _names;
    private readonly FrozenDictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    /// <param name="alsoAllowed">The target's own <c>parameters</c>.</param>
    public AllowedParameters(IEnumerable<string> alsoAllowed)
    {
        _names = Harmless.Concat(alsoAllowed)
            .DistinctBy(name => name, StringComparer.OrdinalIgnoreCase)
            .ToFrozenDictionary(name => name, StringComparer.OrdinalIgnoreCase);
        _lookup = _names.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Whether a text does the same behind this setting as before.</summary>
    /// <param name="name">Of a setting; false for one that nobody has looked at.</param>
    /// <param name="value">What it is set to; null: it cannot be known.</param>
    public static bool LeavesMeaning(string name, string? value) => Reading.TryGetValue(name, out Func<string, bool>? leaves)
        ? value is not null && leaves(value)
        : Shipped.TryFind(Encoding.UTF8.GetBytes(name), out _);

    private static bool Never(string value) => false;

    // As PostgreSQL compares them: by letters and digits. Texts are read as UTF-8; SQL_ASCII is whatever bytes there are.
    private static bool LeavesBytes(string encoding) =>
        string.Concat(encoding.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant() is "utf8" or "unicode" or "sqlascii";

    /// <summary>Finds a name as it came over the wire.</summary>
    /// <param name="name">The name; anything but printable ASCII is in no list.</param>
    /// <param name="canonical">Its spelling in the list; null when not allowed.</param>
    public bool TryFind(ReadOnlySpan<byte> name, [NotNullWhen(true)] out string? canonical)
    {
        // NAMEDATALEN of PostgreSQL; two custom parts with a dot may be longer, and then are not in a list of ours.
        const int MaxLength = 128;
        canonical = null;
        if (name.Length > MaxLength || !Ascii.IsValid(name))
        {
            return false;
        }

        Span<char> text = stackalloc char[name.Length];
        Encoding.ASCII.GetChars(name, text);
        return _lookup.TryGetValue(text, out canonical);
    }
}
