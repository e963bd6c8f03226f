using WireGate.Core.Framing;
using WireGate.Ssh.Cryptography;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

/// <summary>A key of RFC 8709.</summary>
internal sealed class Ed25519PublicKey : SshPublicKey
{
    private readonly byte[] _key;

    private Ed25519PublicKey(Peer peer, byte[] key) : base(peer, Ed25519Type, ToBlob(Ed25519Type, key), Ed25519Type) => _key = key;

    public static Ed25519PublicKey Read(Peer peer, ref SshReader reader)
    {
        byte[] key = reader.ReadString().ToArray();
        if (key.Length != Ed25519.KeyLength)
        {
            ProtocolException.Throw(peer, "an Ed25519 key of another length than 32 bytes");
        }

        return new Ed25519PublicKey(peer, key);
    }

    internal override bool VerifySignature(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != Ed25519.SignatureLength)
        {
            ProtocolException.Throw(Peer, "an Ed25519 signature of another length than 64 bytes");
        }

        return Ed25519.Verify(_key, data, signature);
    }

    /// <summary>What a security key adds to its blob.</summary>
    internal byte[] ToSecurityKeyBlob(byte[] application) => ToBlob(SkEd25519Type, _key, application);
}
