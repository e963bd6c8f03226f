using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using WireGate.Core.Sessions;

namespace WireGate.Core.Credentials;

/// <summary>What a new placeholder shall be bound to. With a <see cref="Parent"/>, what is left out is taken over from it.</summary>
public sealed record MintRequest
{
    /// <summary>On whose behalf it will be presented; null: the parent's. A parent's subject cannot be changed.</summary>
    public Identity? Identity { get; init; }

    /// <summary>Who asks.</summary>
    public required Identity MintedBy { get; init; }

    /// <summary>Targets it may reach; empty: the parent's.</summary>
    public ImmutableArray<string> Targets { get; init; } = [];

    /// <summary>The login it asks for; null: the parent's, else none.</summary>
    public string? Login { get; init; }

    /// <summary>Networks it may be presented from; empty: the parent's, else any.</summary>
    public ImmutableArray<IPNetwork> Sources { get; init; } = [];

    /// <summary>Before this moment it is refused; null: from now on.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>How long from now it may be presented; null: the configured default.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>How long a session opened with it may live; null: the parent's, else as long as the client stays.</summary>
    public TimeSpan? SessionLifetime { get; init; }

    /// <summary>How many sessions it may open; null: any number, but no more than the parent has left.</summary>
    public int? Uses { get; init; }

    /// <summary>Id of the placeholder to narrow; null: none.</summary>
    public string? Parent { get; init; }
}

/// <summary>A new placeholder and its token, which nobody can be shown again.</summary>
/// <param name="Placeholder">What was stored.</param>
/// <param name="Token">The whole token; whoever holds this record disposes it.</param>
public sealed record MintedPlaceholder(Placeholder Placeholder, Secret Token) : IDisposable
{
    /// <summary>Erases the token.</summary>
    public void Dispose() => Token.Dispose();
}

/// <summary>A minted placeholder, or why there is none.</summary>
public sealed record MintResult
{
    private MintResult()
    {
    }

    /// <summary>What was minted; null: refused.</summary>
    public MintedPlaceholder? Minted { get; private init; }

    /// <summary>Why not, for whoever asked; null: it was minted.</summary>
    public string? Refusal { get; private init; }

    /// <summary>True: it was minted.</summary>
    [MemberNotNullWhen(true, nameof(Minted))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsMinted => Minted is not null;

    /// <summary>It was minted.</summary>
    public static MintResult Of(MintedPlaceholder minted) => new() { Minted = minted };

    /// <summary>It was refused.</summary>
    public static MintResult Refused(string refusal) => new() { Refusal = refusal };
}
