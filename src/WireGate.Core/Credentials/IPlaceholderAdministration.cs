using System.Collections.Immutable;
using System.Net;
using WireGate.Core.Sessions;

namespace WireGate.Core.Credentials;

/// <summary>Mints and revokes placeholders. The store implements it; only the daemon calls it. Safe from any thread, never on an event loop.</summary>
public interface IPlaceholderAdministration
{
    /// <summary>Every placeholder that is kept, the revoked and the expired among them, in no particular order. Memory only: never blocks.</summary>
    IReadOnlyList<Placeholder> All { get; }

    /// <summary>Makes a placeholder and its token; both are durable on return.</summary>
    /// <exception cref="MintRefusedException">The parent is gone, or the request is wider than the parent.</exception>
    /// <exception cref="StoreUnavailableException">The store failed: nothing was minted.</exception>
    ValueTask<MintedPlaceholder> MintAsync(MintRequest request, CancellationToken cancellationToken);

    /// <summary>Revokes what the filter names, and with each its descendants; durable on return.</summary>
    /// <returns>What was revoked by this very call; one that was revoked before is not in it.</returns>
    /// <exception cref="StoreUnavailableException">The store failed: nothing was revoked.</exception>
    ValueTask<IReadOnlyList<Placeholder>> RevokeAsync(RevokeFilter filter, CancellationToken cancellationToken);
}

/// <summary>What is to be minted. The caller has checked it against the config; the store checks it against the parent.</summary>
public sealed record MintRequest
{
    /// <summary>On whose behalf it will be presented.</summary>
    public required Identity Identity { get; init; }

    /// <summary>Targets it may reach; never empty.</summary>
    public required ImmutableArray<string> Targets { get; init; }

    /// <summary>The login it asks for; null: the grant's, else the target's first.</summary>
    public string? Login { get; init; }

    /// <summary>Networks it may be presented from; empty: any.</summary>
    public ImmutableArray<IPNetwork> Sources { get; init; } = [];

    /// <summary>Before this moment it is refused; null: valid at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>How long it may be presented, counted from <see cref="NotBefore"/> or from now.</summary>
    public required TimeSpan Ttl { get; init; }

    /// <summary>How long a session opened with it may live; null: as long as the client stays.</summary>
    public TimeSpan? SessionLifetime { get; init; }

    /// <summary>How many sessions it may open; null: any number.</summary>
    public int? Uses { get; init; }

    /// <summary>Id of the placeholder that it is narrowed from; null: none.</summary>
    public string? Parent { get; init; }

    /// <summary>Who mints it.</summary>
    public required Identity MintedBy { get; init; }
}

/// <summary>A new placeholder and the only copy of its token, which the caller owns and disposes.</summary>
/// <param name="Placeholder">What the store keeps.</param>
/// <param name="Token">The whole text, <c>wgp_…</c>, as ASCII bytes.</param>
public sealed record MintedPlaceholder(Placeholder Placeholder, Secret Token) : IDisposable
{
    /// <summary>Zeroes the token.</summary>
    public void Dispose() => Token.Dispose();
}

/// <summary>Which placeholders to revoke. Members that are set must all hold; the default names none.</summary>
public sealed record RevokeFilter
{
    /// <summary>The one of this id.</summary>
    public string? Id { get; init; }

    /// <summary>Every one. It must be said: an empty filter revokes nothing.</summary>
    public bool All { get; init; }

    /// <summary>Those that may reach this target.</summary>
    public string? Target { get; init; }

    /// <summary>Those minted before this moment.</summary>
    public DateTimeOffset? IssuedBefore { get; init; }
}

/// <summary>The store does not mint this. The message says why and may be shown to whoever asked.</summary>
public sealed class MintRefusedException(string message) : Exception(message);
