using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

/// <summary>A key of RFC 5656 on one of the three NIST curves.</summary>
internal sealed class EcdsaPublicKey : SshPublicKey
{
    private readonly EcdsaCurve _curve;
    private readonly byte[] _point;

    private EcdsaPublicKey(Peer peer, EcdsaCurve curve, byte[] point)
        : base(peer, curve.KeyType, ToBlob(curve.KeyType, Encoding.ASCII.GetBytes(curve.Name), point), curve.KeyType)
    {
        _curve = curve;
        _point = point;
    }

    public static EcdsaPublicKey Read(Peer peer, EcdsaCurve curve, ref SshReader reader)
    {
        if (!Ascii.Equals(reader.ReadString(), curve.Name))
        {
            ProtocolException.Throw(peer, "an ECDSA key on another curve than its type says");
        }

        byte[] point = reader.ReadString().ToArray();
        if (!curve.IsUncompressed(point))
        {
            ProtocolException.Throw(peer, "an ECDSA key that is no uncompressed point");
        }

        try
        {
            using ECDsa key = curve.Open(point);
        }
        catch (CryptographicException e)
        {
            throw new ProtocolException(peer, "an ECDSA key that is not on its curve", e);
        }

        return new EcdsaPublicKey(peer, curve, point);
    }

    internal override bool VerifySignature(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        byte[] halves = _curve.ToHalves(Peer, signature);
        using ECDsa key = _curve.Open(_point);
        return key.VerifyData(data, halves, _curve.Hash);
    }

    /// <summary>What a security key adds to its blob.</summary>
    internal byte[] ToSecurityKeyBlob(byte[] application) => ToBlob(SkEcdsaType, Encoding.ASCII.GetBytes(_curve.Name), _point, application);
}
