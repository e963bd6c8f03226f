using WireGate.Core.Configuration;

namespace WireGate.Core.Policy;

/// <summary>A rule, made ready to judge by. Shared by all sessions of a config.</summary>
internal sealed class Rule
{
    /// <param name="config">As it is written.</param>
    /// <param name="mask">The masks that it puts on, a bit each.</param>
    /// <param name="unmask">The masks that it lifts, a bit each.</param>
    internal Rule(RuleConfig config, ulong mask, ulong unmask)
    {
        Config = config;
        Mask = mask;
        Unmask = unmask;
        Sql = config.Match.Sql is { } sql ? new SqlCondition(sql) : null;
        Ssh = config.Match.Ssh is { } ssh ? new SshCondition(ssh) : null;
        Http = config.Match.Http is { } http ? new HttpCondition(http, config.Do, unmask != 0) : null;
        Kubernetes = config.Match.Kubernetes is { } kubernetes ? new KubernetesCondition(kubernetes) : null;
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

    /// <summary>Which SQL it is about; null: none, or any.</summary>
    internal SqlCondition? Sql { get; }

    /// <summary>Which operations of SSH it is about; null: none, or any.</summary>
    internal SshCondition? Ssh { get; }

    /// <summary>Which requests of HTTP it is about; null: none, or any.</summary>
    internal HttpCondition? Http { get; }

    /// <summary>Which requests to a Kubernetes API server it is about; null: none, or any.</summary>
    internal KubernetesCondition? Kubernetes { get; }

    /// <summary>Whether it is about every operation, whatever its kind.</summary>
    internal bool IsOfEverything => Config.Match.IsOfAnyOperation;

    /// <summary>Whether it may be about SQL.</summary>
    internal bool MayBeOfSql => Sql is not null || IsOfEverything;

    /// <summary>Whether the SQL part needs the facts of a text.</summary>
    internal bool NeedsSqlFacts => Sql is not null;

    /// <summary>Whether it names tables, columns or functions, or masks.</summary>
    internal bool NeedsNames =>
        (Mask | Unmask) != 0 || Config.Match.Sql is { } sql && !(sql.Tables.IsEmpty && sql.Columns.IsEmpty && sql.Functions.IsEmpty);

    /// <summary>Whether all of a part is covered.</summary>
    /// <param name="parts">The operation.</param>
    /// <param name="part">Which of its parts.</param>
    /// <param name="now">The moment.</param>
    /// <param name="isStable">Set to false if the answer depends on the moment.</param>
    internal bool Covers<TParts>(in TParts parts, int part, DateTimeOffset now, ref bool isStable)
        where TParts : struct, IOperationParts =>
        parts.IsCovered(this, part) && IsNow(now, ref isStable);

    /// <summary>Whether anything of a part is touched.</summary>
    /// <param name="parts">The operation.</param>
    /// <param name="part">Which of its parts.</param>
    /// <param name="now">The moment.</param>
    /// <param name="isStable">Set to false if the answer depends on the moment.</param>
    internal bool Touches<TParts>(in TParts parts, int part, DateTimeOffset now, ref bool isStable)
        where TParts : struct, IOperationParts =>
        parts.IsTouched(this, part) && IsNow(now, ref isStable);

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
