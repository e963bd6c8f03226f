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
    public IEnumerable<string> Algorithms => keys.SelectMany(k => k.PublicKey.SignatureAlgorithms);

    /// <summary>The key for an algorithm that was agreed on.</summary>
    public SshPrivateKey For(string algorithm) => keys.First(k => k.PublicKey.SignatureAlgorithms.Contains(algorithm));
}
