using System.Collections.Immutable;
using System.Net;
using WireGate.Core.Sessions;

namespace WireGate.Core.Credentials;

/// <summary>
/// What the store keeps of a placeholder: everything it is bound to, and what proves possession of it. The token itself is shown
/// once, when it is minted, and is not kept. Immutable; a change is a new record.
/// </summary>
public sealed record Placeholder
{
    /// <summary>Ten base62 characters; public, it stands in logs and in the audit log.</summary>
    public required string Id { get; init; }

    /// <summary>On whose behalf it is presented.</summary>
    public required Identity Identity { get; init; }

    /// <summary>Targets it may reach; never empty.</summary>
    public required ImmutableArray<string> Targets { get; init; }

    /// <summary>The login it asks for; null: the grant's, else the target's first.</summary>
    public string? Login { get; init; }

    /// <summary>Networks it may be presented from; empty: any.</summary>
    public ImmutableArray<IPNetwork> Sources { get; init; } = [];

    /// <summary>Before this moment it is refused.</summary>
    public required DateTimeOffset NotBefore { get; init; }

    /// <summary>From this moment on it may no longer be presented.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>How long a session opened with it may live; null: as long as the client stays.</summary>
    public TimeSpan? SessionLifetime { get; init; }

    /// <summary>How many sessions it may still open; null: any number.</summary>
    public int? UsesLeft { get; init; }

    /// <summary>Id of the placeholder that it was narrowed from; null: none.</summary>
    public string? Parent { get; init; }

    /// <summary>Who minted it.</summary>
    public required Identity MintedBy { get; init; }

    /// <summary>When it was minted.</summary>
    public required DateTimeOffset Minted { get; init; }

    /// <summary>When it was revoked; null: it was not.</summary>
    public DateTimeOffset? Revoked { get; init; }

    /// <summary>What proves possession of the token.</summary>
    public required PlaceholderProof Proof { get; init; }
}

/// <summary>What is stored in place of the token: nothing from which it could be had back.</summary>
/// <param name="Hash">HMAC-SHA-256 of the whole token under the store's pepper; 32 bytes.</param>
/// <param name="Salt">Salt of the SCRAM verifier; 16 bytes, the same HMAC construction as the fake salt of an unknown id.</param>
/// <param name="Iterations">PBKDF2 rounds of the SCRAM verifier.</param>
/// <param name="StoredKey">RFC 5802 StoredKey of the whole token as password; 32 bytes.</param>
/// <param name="ServerKey">RFC 5802 ServerKey of the whole token as password; 32 bytes.</param>
public sealed record PlaceholderProof(
    ReadOnlyMemory<byte> Hash, ReadOnlyMemory<byte> Salt, int Iterations, ReadOnlyMemory<byte> StoredKey, ReadOnlyMemory<byte> ServerKey)
{
    /// <summary>Always <c>***</c>: a verifier lets whoever holds it play the gateway.</summary>
    public override string ToString() => "***";
}
