using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>A rule, made ready to judge by. Shared by all sessions of a config.</summary>
internal sealed class Rule
{
    private readonly SqlCondition? _sql;

    /// <param name="config">As it is written.</param>
    /// <param name="mask">The masks that it puts on, a bit each.</param>
    /// <param name="unmask">The masks that it lifts, a bit each.</param>
    internal Rule(RuleConfig config, ulong mask, ulong unmask)
    {
        Config = config;
        Mask = mask;
        Unmask = unmask;
        _sql = config.Match.Sql is { } sql ? new SqlCondition(sql) : null;
        Buckets = config.Limit is { } rate ? new RateBuckets(rate) : null;
        Observed = $"{config.Name}: {(config.Do is { } verdict ? Word(verdict) : config.Limit is null ? "mask" : "limit")}";
        Limited = config.Limit is { } limit
            ? config.Reason ?? $"no more than {limit.Operations} operations in {Duration.Format(limit.Per)}"
            : null;
    }

    internal RuleConfig Config { get; }

    internal string Name => Config.Name;

    internal ulong Mask { get; }

    internal ulong Unmask { get; }

    internal RateBuckets? Buckets { get; }

    /// <summary>What is recorded of it if it is only observed.</summary>
    internal string Observed { get; }

    /// <summary>What the client is told if it asked too often.</summary>
    internal string? Limited { get; }

    /// <summary>Whether the SQL part needs the facts of a text.</summary>
    internal bool NeedsSqlFacts => _sql is not null;

    /// <summary>Whether it names tables, columns or functions, or masks.</summary>
    internal bool NeedsNames =>
        (Mask | Unmask) != 0 || Config.Match.Sql is { } sql && !(sql.Tables.IsEmpty && sql.Columns.IsEmpty && sql.Functions.IsEmpty);

    /// <summary>Whether all of a statement is covered.</summary>
    /// <param name="statement">The statement.</param>
    /// <param name="path">What names without a schema mean.</param>
    /// <param name="now">The moment.</param>
    /// <param name="isStable">Set to false if the answer depends on the moment.</param>
    internal bool Covers(SqlStatementFacts statement, SqlSearchPath path, DateTimeOffset now, ref bool isStable) =>
        (_sql is null || _sql.Covers(statement, path)) && IsNow(now, ref isStable);

    /// <summary>Whether any part of a statement is touched.</summary>
    /// <param name="statement">The statement.</param>
    /// <param name="path">What names without a schema mean.</param>
    /// <param name="now">The moment.</param>
    /// <param name="isStable">Set to false if the answer depends on the moment.</param>
    internal bool Touches(SqlStatementFacts statement, SqlSearchPath path, DateTimeOffset now, ref bool isStable) =>
        (_sql is null || _sql.Touches(statement, path)) && IsNow(now, ref isStable);

    private bool IsNow(DateTimeOffset now, ref bool isStable)
    {
        if (Config.Match.Hours is not { } hours)
        {
            return true;
        }

        isStable = false;
        return hours.Contains(now);
    }

    private static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Deny => "deny",
        Verdict.Hold => "hold",
        _ => "allow",
    };
}
