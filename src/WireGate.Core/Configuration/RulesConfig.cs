using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Configuration;

/// <summary><c>rules</c>. Without any, nothing passes.</summary>
public sealed record RulesConfig
{
    /// <summary>What happens to what no rule allows, denies or holds. Never <see cref="Verdict.Hold"/>: nobody could be asked.</summary>
    public Verdict Default { get; init; } = Verdict.Deny;

    /// <summary>The built-in rule <see cref="RuleBook.CredentialMinting"/> is on.</summary>
    public bool DeniesCredentialMinting { get; init; } = true;

    /// <summary>The rules. Their order means nothing.</summary>
    public ImmutableArray<RuleConfig> List { get; init; } = [];

    /// <summary>Who else is asked; null: nobody.</summary>
    public ExternalRulesConfig? External { get; init; }
}

/// <summary>A decision point elsewhere, which can only make a decision stricter.</summary>
/// <param name="Opa">Where it answers.</param>
/// <param name="Timeout">How long it may take; after that the operation is denied.</param>
public sealed record ExternalRulesConfig(Uri Opa, TimeSpan Timeout);

/// <summary>One rule.</summary>
public sealed record RuleConfig
{
    /// <summary>Its unique name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is about.</summary>
    public MatchConfig Match { get; init; } = new();

    /// <summary>Its verdict; null: it only masks or limits.</summary>
    public Verdict? Do { get; init; }

    /// <summary>What the client is told; null: the rule's name alone.</summary>
    public string? Reason { get; init; }

    /// <summary>It changes nothing, and is recorded as what it would have done.</summary>
    public bool IsObserved { get; init; }

    /// <summary>Names of masks that it puts on.</summary>
    public ImmutableArray<string> Mask { get; init; } = [];

    /// <summary>Names of masks that it lifts.</summary>
    public ImmutableArray<string> Unmask { get; init; } = [];

    /// <summary>Who may approve, and until when; null unless it holds.</summary>
    public HoldTerms? Hold { get; init; }

    /// <summary>How many operations in what time; null: any number.</summary>
    public RateConfig? Limit { get; init; }
}

/// <summary>What a rule is about. What is not set fits everything.</summary>
public sealed record MatchConfig
{
    /// <summary>Names of targets; empty: any.</summary>
    public ImmutableArray<string> Targets { get; init; } = [];

    /// <summary>Labels that the target must have, all of them.</summary>
    public FrozenDictionary<string, string> Labels { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>The target's protocol; null: any.</summary>
    public string? Protocol { get; init; }

    /// <summary>Names of logins; empty: any.</summary>
    public ImmutableArray<string> Logins { get; init; } = [];

    /// <summary>Who asks; null: anybody.</summary>
    public CallerConfig? From { get; init; }

    /// <summary>Networks that the client is in; empty: any. A Unix socket is in none.</summary>
    public ImmutableArray<IPNetwork> Sources { get; init; } = [];

    /// <summary>When; null: always.</summary>
    public HoursConfig? Hours { get; init; }

    /// <summary>Facts of the session; null: any session.</summary>
    public SessionMatchConfig? Session { get; init; }

    /// <summary>Every operation is meant: what an allow must say if it means it.</summary>
    public bool AllOperations { get; init; }

    /// <summary>SQL; null: none, or any operation where <see cref="IsOfAnyOperation"/>.</summary>
    public SqlMatchConfig? Sql { get; init; }

    /// <summary>Operations of SSH; null: none, or any operation where <see cref="IsOfAnyOperation"/>.</summary>
    public SshMatchConfig? Ssh { get; init; }

    /// <summary>Requests of HTTP; null: none, or any operation where <see cref="IsOfAnyOperation"/>.</summary>
    public HttpMatchConfig? Http { get; init; }

    /// <summary>Requests to a Kubernetes API server; null: none, or any operation where <see cref="IsOfAnyOperation"/>.</summary>
    public KubernetesMatchConfig? Kubernetes { get; init; }

    /// <summary>It names no operations, of whatever protocol.</summary>
    public bool IsOfAnyOperation => Sql is null && Ssh is null && Http is null && Kubernetes is null;
}

/// <summary>Who asks. What is not set fits everybody.</summary>
public sealed record CallerConfig
{
    /// <summary>Who vouches for them; null: anybody.</summary>
    public string? Issuer { get; init; }

    /// <summary>The subject, with <c>*</c> for any run of characters but ':' and '/'; null: any.</summary>
    public string? Subject { get; init; }

    /// <summary>Groups of which the identity must be in one; empty: any.</summary>
    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>Claims that it must have, all of them.</summary>
    public FrozenDictionary<string, string> Claims { get; init; } = FrozenDictionary<string, string>.Empty;
}

/// <summary>Hours of the week.</summary>
/// <param name="Ranges">At least one.</param>
/// <param name="Not">Outside of all of them is meant.</param>
public sealed record HoursConfig(ImmutableArray<WeeklyHours> Ranges, bool Not)
{
    /// <summary>Whether a moment is meant.</summary>
    public bool Contains(DateTimeOffset moment)
    {
        foreach (WeeklyHours range in Ranges)
        {
            if (range.Contains(moment))
            {
                return !Not;
            }
        }

        return Not;
    }
}

/// <summary>Facts of a session. What is not set fits every session.</summary>
public sealed record SessionMatchConfig
{
    /// <summary>Patterns of the database's name; empty: any.</summary>
    public ImmutableArray<NamePattern> Databases { get; init; } = [];

    /// <summary>Patterns of the application's name, as the client gives it; empty: any.</summary>
    public ImmutableArray<NamePattern> Applications { get; init; } = [];

    /// <summary>Names of grants; empty: any.</summary>
    public ImmutableArray<string> Grants { get; init; } = [];

    /// <summary>Whether the client's connection is protected by TLS; null: either.</summary>
    public bool? Tls { get; init; }
}

/// <summary>What SQL. Null or empty: not asked for.</summary>
public sealed record SqlMatchConfig
{
    /// <summary>Effects; null: not asked for.</summary>
    public SqlEffects? Effects { get; init; }

    /// <summary>Words of <see cref="SqlKinds"/>.</summary>
    public ImmutableArray<string> Statements { get; init; } = [];

    /// <summary>Tables.</summary>
    public ImmutableArray<RelationPattern> Tables { get; init; } = [];

    /// <summary>Columns.</summary>
    public ImmutableArray<ColumnPattern> Columns { get; init; } = [];

    /// <summary>Functions.</summary>
    public ImmutableArray<RelationPattern> Functions { get; init; } = [];

    /// <summary>True: each UPDATE and DELETE must have a WHERE. False: one has none, as a TRUNCATE. Null: not asked for.</summary>
    public bool? Where { get; init; }
}

/// <summary>How many operations in what time.</summary>
/// <param name="Operations">So many, at once if need be.</param>
/// <param name="Per">The time in which as many are given back.</param>
/// <param name="By">Who shares them.</param>
public sealed record RateConfig(int Operations, TimeSpan Per, RateScope By);

/// <summary>Who shares a number of operations.</summary>
public enum RateScope
{
    /// <summary>All sessions of an identity.</summary>
    Identity = 0,

    /// <summary>One session.</summary>
    Session,

    /// <summary>All sessions of a placeholder.</summary>
    Placeholder,
}
