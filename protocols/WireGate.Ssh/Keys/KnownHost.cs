using System.Collections.Immutable;

namespace WireGate.Ssh.Keys;

/// <summary>What is known of one upstream.</summary>
/// <param name="keys">Its keys.</param>
/// <param name="authorities">Who may certify a key of it.</param>
/// <param name="revoked">What is not to be trusted, whoever else says so: a key of it, or an authority.</param>
internal sealed class KnownHost(
    ImmutableArray<SshPublicKey> keys, ImmutableArray<SshPublicKey> authorities, ImmutableArray<SshPublicKey> revoked)
{
    /// <summary>Its keys, without the revoked ones.</summary>
    public ImmutableArray<SshPublicKey> Keys { get; } = [.. keys.Except(revoked)];

    /// <summary>Who may certify a key of it, without the revoked ones.</summary>
    public ImmutableArray<SshPublicKey> Authorities { get; } = [.. authorities.Except(revoked)];

    public ImmutableArray<SshPublicKey> Revoked { get; } = revoked;

    /// <summary>The types of its keys in the file's order: what to ask it for first, so that it shows a key that is known.</summary>
    public ImmutableArray<string> KeyTypes => [.. Keys.Select(key => key.KeyType).Distinct()];

    /// <summary>True: this key is known to be its own.</summary>
    public bool Trusts(SshPublicKey key) => Keys.Contains(key);
}
