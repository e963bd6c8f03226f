using System.Security.Cryptography;
using WireGate.Core.Framing;
using WireGate.Ssh.Cryptography;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

/// <param name="key">Owned from now on.</param>
internal sealed class Ed25519PrivateKey(SafeEvpPKeyHandle key) : SshPrivateKey(PublicKeyOf(key))
{
    private readonly SafeEvpPKeyHandle _key = key;

    public override void Dispose() => _key.Dispose();

    private protected override byte[] SignData(string algorithm, ReadOnlySpan<byte> data) => Ed25519.Sign(_key, data);

    private static Ed25519PublicKey PublicKeyOf(SafeEvpPKeyHandle key)
    {
        Span<byte> publicKey = stackalloc byte[Ed25519.KeyLength];
        Ed25519.GetPublicKey(key, publicKey);
        using var writer = new SshWriter();
        var reader = new SshReader(Peer.Client, writer.String(publicKey).WrittenSpan);
        return Ed25519PublicKey.Read(Peer.Client, ref reader);
    }
}
