using System.Collections.Immutable;
using WireGate.Core.Configuration;

namespace WireGate.Core.Credentials;

/// <summary>The store of placeholders as its administration sees it: what mints, shows and revokes them.</summary>
public interface IPlaceholderRegistry : IPlaceholderStore
{
    /// <summary>
    /// Raised after a revocation is durable and before <see cref="RevokeAsync"/> returns, with the ids revoked by it. Whoever holds
    /// sessions ends theirs. Raised on the store's own thread: a handler returns soon; what it throws reaches the revoker.
    /// </summary>
    event Action<ImmutableArray<string>>? Revoked;

    /// <summary>All of them as they are now, the expired and revoked included, the newest first. Memory only.</summary>
    ImmutableArray<Placeholder> List();

    /// <summary>Mints one, durably.</summary>
    /// <param name="request">What it shall be bound to.</param>
    /// <param name="bounds">Defaults and bounds in force.</param>
    /// <param name="cancellationToken">The caller's deadline.</param>
    /// <exception cref="StoreUnavailableException">The store failed; nothing was minted.</exception>
    ValueTask<MintResult> MintAsync(MintRequest request, PlaceholderConfig bounds, CancellationToken cancellationToken);

    /// <summary>Revokes all that <paramref name="filter"/> names and all that was narrowed from them, durably.</summary>
    /// <returns>What this call revoked; empty: nothing matched, or all had been revoked before.</returns>
    /// <exception cref="StoreUnavailableException">The store failed; nothing was revoked.</exception>
    ValueTask<ImmutableArray<Placeholder>> RevokeAsync(RevokeFilter filter, CancellationToken cancellationToken);
}
