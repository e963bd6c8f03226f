using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

internal sealed class EcdsaPrivateKey : SshPrivateKey
{
    private readonly ECDsa _key;
    private readonly EcdsaCurve _curve;

    private EcdsaPrivateKey(ECDsa key, EcdsaCurve curve, SshPublicKey publicKey) : base(publicKey)
    {
        _key = key;
        _curve = curve;
    }

    /// <param name="key">Owned from now on.</param>
    /// <exception cref="KeyFileException">It is on another curve.</exception>
    public static EcdsaPrivateKey Own(ECDsa key)
    {
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        EcdsaCurve curve = (parameters.Curve.IsNamed ? EcdsaCurve.Find(parameters.Curve) : null)
            ?? throw new KeyFileException("an ECDSA key on another curve than NIST's P-256, P-384 and P-521: SSH has no name for it");
        using var writer = new SshWriter();
        writer.String(curve.Name).UInt32((uint)(1 + (2 * curve.FieldLength))).Byte(4).Raw(parameters.Q.X).Raw(parameters.Q.Y);
        var reader = new SshReader(Peer.Client, writer.WrittenSpan);
        return new EcdsaPrivateKey(key, curve, EcdsaPublicKey.Read(Peer.Client, curve, ref reader));
    }

    /// <summary>Reads what openssh-key-v1 has between a key's type and its comment.</summary>
    public static EcdsaPrivateKey Read(EcdsaCurve curve, ref SshReader reader)
    {
        ReadOnlySpan<byte> name = reader.ReadString();
        ReadOnlySpan<byte> point = reader.ReadString();
        ReadOnlySpan<byte> number = reader.ReadPositiveMpint();
        if (!Ascii.Equals(name, curve.Name) || !curve.IsUncompressed(point) || number.Length > curve.FieldLength)
        {
            throw new KeyFileException("an ECDSA key whose numbers do not fit its curve");
        }

        byte[] d = GC.AllocateArray<byte>(curve.FieldLength, pinned: true);
        try
        {
            number.CopyTo(d.AsSpan(d.Length - number.Length));
            return Own(ECDsa.Create(new ECParameters { Curve = curve.Curve, Q = curve.ToPoint(point), D = d }));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(d);
        }
    }

    public override void Dispose() => _key.Dispose();

    private protected override byte[] SignData(string algorithm, ReadOnlySpan<byte> data)
    {
        Span<byte> halves = stackalloc byte[2 * _curve.FieldLength];
        _key.SignData(data, halves, _curve.Hash);
        return _curve.ToNumbers(halves);
    }
}
