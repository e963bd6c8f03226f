using System.Collections.Immutable;

namespace WireGate.Core.Policy;

/// <summary>What becomes of an operation. The smaller the stricter.</summary>
public enum Verdict
{
    /// <summary>It is refused.</summary>
    Deny = 0,

    /// <summary>It waits for people.</summary>
    Hold,

    /// <summary>It passes.</summary>
    Allow,
}

/// <summary>What the rules say of one operation. The default value refuses.</summary>
public readonly record struct Decision
{
    private readonly string? _reason;
    private readonly string? _config;
    private readonly MaskSet? _masks;
    private readonly ImmutableArray<string> _observed;

    /// <summary>The verdict.</summary>
    public Verdict Verdict { get; init; }

    /// <summary>The rule that gave it; null: the default of the rules.</summary>
    public string? Rule { get; init; }

    /// <summary>Why, for whoever asked; null: the rule's name says it.</summary>
    public string? Reason
    {
        get => _config is null ? _reason ?? "no decision was made" : _reason;
        init => _reason = value;
    }

    /// <summary>
    /// Of a request that no rule allows, which would have but for what; for the audit log and <c>explain</c>, never for whoever asked, who could
    /// guess by it. Null: none was near.
    /// </summary>
    public string? Near { get; init; }

    /// <summary>Who may approve; null unless it is held.</summary>
    public HoldTerms? Hold { get; init; }

    /// <summary>What must be masked of what the upstream answers.</summary>
    public MaskSet Masks
    {
        get => _masks ?? MaskSet.None;
        init => _masks = value;
    }

    /// <summary>What observed rules would have made stricter: the rule's name, and <c>deny</c>, <c>hold</c>, <c>limit</c> or <c>mask</c>.</summary>
    public ImmutableArray<string> Observed
    {
        get => _observed.IsDefault ? [] : _observed;
        init => _observed = value;
    }

    /// <summary>Version of the config that decided.</summary>
    public string Config
    {
        get => _config ?? "";
        init => _config = value;
    }

    /// <summary>False: it depends on the time or on how much was asked for, and holds for this one operation only.</summary>
    public bool IsStable { get; init; }

    /// <summary>What failed while deciding, for the log; null: nothing did.</summary>
    public Exception? Fault { get; init; }

    /// <summary>What becomes of two operations of which one may be the other, or which run as one: the stricter, with the masks of both.</summary>
    public Decision And(Decision other)
    {
        Decision stricter = other.Verdict < Verdict ? other : this;
        return stricter with
        {
            Hold = Verdict == Verdict.Hold && other.Verdict == Verdict.Hold ? Hold?.And(other.Hold ?? Hold) : stricter.Hold,
            Masks = Masks.And(other.Masks),
            Observed = [.. Observed.Union(other.Observed)],
            IsStable = IsStable && other.IsStable,
        };
    }
}
