using System.Buffers.Binary;
using System.Security.Cryptography;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

/// <summary>The public half of a key inside a FIDO token. The token signs not the data but a hash of them, with what it vouches for.</summary>
internal sealed class SecurityKeyPublicKey : SshPublicKey
{
    private readonly SshPublicKey _key;
    private readonly byte[] _application;

    private SecurityKeyPublicKey(Peer peer, string keyType, SshPublicKey key, byte[] application, byte[] blob) : base(peer, keyType, blob, keyType)
    {
        _key = key;
        _application = SHA256.HashData(application);
    }

    public override bool IsSecurityKey => true;

    public static SecurityKeyPublicKey ReadEd25519(Peer peer, ref SshReader reader)
    {
        Ed25519PublicKey key = Ed25519PublicKey.Read(peer, ref reader);
        byte[] application = reader.ReadString().ToArray();
        return new SecurityKeyPublicKey(peer, SkEd25519Type, key, application, key.ToSecurityKeyBlob(application));
    }

    public static SecurityKeyPublicKey ReadEcdsa(Peer peer, ref SshReader reader)
    {
        EcdsaPublicKey key = EcdsaPublicKey.Read(peer, EcdsaCurve.P256, ref reader);
        byte[] application = reader.ReadString().ToArray();
        return new SecurityKeyPublicKey(peer, SkEcdsaType, key, application, key.ToSecurityKeyBlob(application));
    }

    private protected override bool VerifyRest(
        string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, ref SshReader rest, out SkFlags flags)
    {
        byte vouched = rest.ReadByte();
        uint counter = rest.ReadUInt32();
        rest.End();
        flags = (SkFlags)vouched & (SkFlags.UserPresent | SkFlags.UserVerified);

        Span<byte> signed = stackalloc byte[SHA256.HashSizeInBytes + sizeof(byte) + sizeof(uint) + SHA256.HashSizeInBytes];
        _application.CopyTo(signed);
        signed[SHA256.HashSizeInBytes] = vouched;
        BinaryPrimitives.WriteUInt32BigEndian(signed[(SHA256.HashSizeInBytes + sizeof(byte))..], counter);
        SHA256.HashData(data, signed[^SHA256.HashSizeInBytes..]);
        return VerifySignature(algorithm, signed, signature);
    }

    internal override bool VerifySignature(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        _key.VerifySignature(algorithm, data, signature);
}
