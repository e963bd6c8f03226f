using System.Collections.Immutable;
using WireGate.Core.Policy;

namespace WireGate.Core.Configuration;

/// <summary>Who may use which target as which login.</summary>
public sealed record GrantConfig
{
    /// <summary>Its unique name.</summary>
    public required string Name { get; init; }

    /// <summary>Who must vouch for the identity; null: the only configured issuer, <c>local</c>.</summary>
    public string? Issuer { get; init; }

    /// <summary>The subject, with <c>*</c> for any run of characters but ':' and '/'; null: any.</summary>
    public string? Subject { get; init; }

    /// <summary>Groups of which the identity must be in one; empty: any.</summary>
    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>Targets it opens; never empty.</summary>
    public required ImmutableArray<string> Targets { get; init; }

    /// <summary>The login it opens; null: each target's first, the least.</summary>
    public string? Login { get; init; }

    /// <summary>How long a session under it lives; null: as long as the client stays, or as its placeholder says.</summary>
    public TimeSpan? SessionLifetime { get; init; }

    /// <summary>Who must say yes to each session under it, before its upstream is touched; null: nobody is asked.</summary>
    public HoldTerms? Hold { get; init; }

    /// <summary>True: walsender connections too, which read the whole cluster.</summary>
    public bool Replication { get; init; }
}
