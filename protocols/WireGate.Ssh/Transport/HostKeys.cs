using System.Collections.Immutable;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Transport;

/// <summary>The keys by which a listener proves itself to its clients.</summary>
/// <param name="keys">At least one; owned by whoever made this.</param>
internal sealed class HostKeys(ImmutableArray<SshPrivateKey> keys)
{
    /// <summary>The keys.</summary>
    public ImmutableArray<SshPrivateKey> Keys => keys;

    /// <summary>What can be signed with, the keys in their order.</summary>
    public IEnumerable<string> Algorithms => keys.SelectMany(k => SignatureAlgorithms.Of(k.PublicKey.KeyType));

    /// <summary>The key for an algorithm that was agreed on.</summary>
    public SshPrivateKey For(string algorithm) => keys.First(k => SignatureAlgorithms.Of(k.PublicKey.KeyType).Contains(algorithm));
}

/// <summary>Which algorithms a key may sign with: RFC 8332 for RSA, for all others the key's own name.</summary>
internal static class SignatureAlgorithms
{
    private static readonly ImmutableArray<string> Rsa = ["rsa-sha2-512", "rsa-sha2-256"];

    public static ImmutableArray<string> Of(string keyType) => keyType == "ssh-rsa" ? Rsa : [keyType];
}
