using System.Security.Cryptography;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

/// <summary>A curve of RFC 5656 section 10.1, with what its keys and signatures are made of.</summary>
/// <param name="Name">As it stands in keys.</param>
/// <param name="Curve">The BCL's.</param>
/// <param name="FieldLength">Bytes of a coordinate, and of each half of a signature.</param>
/// <param name="Hash">What is signed is hashed with.</param>
internal sealed record EcdsaCurve(string Name, ECCurve Curve, int FieldLength, HashAlgorithmName Hash)
{
    private static readonly EcdsaCurve[] All =
    [
        new("nistp256", ECCurve.NamedCurves.nistP256, 32, HashAlgorithmName.SHA256),
        new("nistp384", ECCurve.NamedCurves.nistP384, 48, HashAlgorithmName.SHA384),
        new("nistp521", ECCurve.NamedCurves.nistP521, 66, HashAlgorithmName.SHA512),
    ];

    /// <summary>The type of its keys, which also is the name of its signatures.</summary>
    public string KeyType { get; } = "ecdsa-sha2-" + Name;

    public static EcdsaCurve P256 => All[0];

    public static EcdsaCurve? Find(string keyType) => Array.Find(All, curve => curve.KeyType == keyType);

    public static EcdsaCurve? Find(ECCurve curve) => Array.Find(All, known => known.Curve.Oid.Value == curve.Oid.Value);

    /// <summary>A public key that is a point of the curve.</summary>
    /// <param name="point">Uncompressed.</param>
    /// <exception cref="CryptographicException">It is not on the curve.</exception>
    public ECDsa Open(ReadOnlySpan<byte> point) => ECDsa.Create(new ECParameters { Curve = Curve, Q = ToPoint(point) });

    /// <summary>The coordinates of an uncompressed point of the right length.</summary>
    public ECPoint ToPoint(ReadOnlySpan<byte> point) => new()
    {
        X = point[1..(1 + FieldLength)].ToArray(),
        Y = point[(1 + FieldLength)..].ToArray(),
    };

    /// <summary>True: as long as a point of the curve, and not compressed.</summary>
    public bool IsUncompressed(ReadOnlySpan<byte> point) => point.Length == 1 + (2 * FieldLength) && point[0] == 4;

    /// <summary>From SSH's form of a signature (two numbers) to IEEE P1363's (two halves).</summary>
    public byte[] ToHalves(Peer peer, ReadOnlySpan<byte> signature)
    {
        byte[] halves = new byte[2 * FieldLength];
        var reader = new SshReader(peer, signature);
        for (int end = FieldLength; end <= halves.Length; end += FieldLength)
        {
            ReadOnlySpan<byte> number = reader.ReadPositiveMpint();
            if (number.Length > FieldLength)
            {
                ProtocolException.Throw(peer, "a signature with numbers too large for its curve");
            }

            number.CopyTo(halves.AsSpan(end - number.Length));
        }

        reader.End();
        return halves;
    }

    /// <summary>From IEEE P1363's form of a signature to SSH's.</summary>
    public byte[] ToNumbers(ReadOnlySpan<byte> halves)
    {
        using var writer = new SshWriter();
        return writer.Mpint(halves[..FieldLength]).Mpint(halves[FieldLength..]).WrittenSpan.ToArray();
    }
}
