namespace WireGate.Core.Credentials;

/// <summary>The placeholders that exist. One per process; safe to call from any thread.</summary>
public interface IPlaceholderStore
{
    /// <summary>Finds by id. Memory only: never blocks, callable on an event loop.</summary>
    /// <returns>Null: no such id. A revoked or expired one is found; the caller judges it.</returns>
    Placeholder? Find(ReadOnlySpan<byte> id);

    /// <summary>
    /// Whether <paramref name="token"/> (the whole text) is this placeholder's. Costs the same for null, so that an unknown id
    /// cannot be told from a wrong secret.
    /// </summary>
    bool Verify(Placeholder? placeholder, ReadOnlySpan<byte> token);

    /// <summary>The proof that stands in for an unknown id: the same for the same id, and such that no token ever matches it.</summary>
    PlaceholderProof FakeProof(ReadOnlySpan<byte> id);

    /// <summary>Takes one use, atomically and durably, before anything is dialled.</summary>
    /// <returns>False: it is used up, revoked, expired or gone.</returns>
    /// <exception cref="StoreUnavailableException">The store failed: nobody gets through.</exception>
    ValueTask<bool> TryTakeUseAsync(Placeholder placeholder, CancellationToken cancellationToken);
}

/// <summary>The store cannot be read or written. Without its store the gateway lets nobody through.</summary>
public sealed class StoreUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException);
