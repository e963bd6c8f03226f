using System.Numerics;
using System.Security.Cryptography;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

/// <summary>A key of RFC 4253 section 6.6 whose signatures are RFC 8332's: with SHA-2 only.</summary>
internal sealed class RsaPublicKey : SshPublicKey
{
    public const string Sha256Algorithm = "rsa-sha2-256";
    public const string Sha512Algorithm = "rsa-sha2-512";

    private const int MinBits = 2048;
    private const int MaxBits = 16384;

    // libcrypto's limit for large moduli, here for all of them: what a longer exponent costs is only the verifier's time.
    private const int MaxExponentLength = 8;

    private readonly byte[] _modulus;
    private readonly byte[] _exponent;

    private RsaPublicKey(Peer peer, byte[] modulus, byte[] exponent, byte[] blob) : base(peer, RsaType, blob, Sha512Algorithm, Sha256Algorithm)
    {
        _modulus = modulus;
        _exponent = exponent;
    }

    public static RsaPublicKey Read(Peer peer, ref SshReader reader)
    {
        byte[] exponent = reader.ReadPositiveMpint().ToArray();
        byte[] modulus = reader.ReadPositiveMpint().ToArray();
        long bits = (8L * modulus.Length) - BitOperations.LeadingZeroCount((uint)modulus[0] << 24);
        if (bits is < MinBits or > MaxBits)
        {
            ProtocolException.Throw(peer, "an RSA key of fewer than 2048 bits or of more than 16384");
        }

        if (exponent.Length > MaxExponentLength || exponent is [1] || (exponent[^1] & 1) == 0 || (modulus[^1] & 1) == 0)
        {
            ProtocolException.Throw(peer, "an RSA key with numbers that no such key has");
        }

        using var writer = new SshWriter();
        return new RsaPublicKey(peer, modulus, exponent, writer.String(RsaType).Mpint(exponent).Mpint(modulus).WrittenSpan.ToArray());
    }

    public static HashAlgorithmName HashOf(string algorithm) =>
        algorithm == Sha256Algorithm ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512;

    internal override bool VerifySignature(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length > _modulus.Length)
        {
            ProtocolException.Throw(Peer, "an RSA signature that is longer than its key");
        }

        // RFC 8332 section 3: there are signers that leave zeros at the beginning out.
        byte[] padded = new byte[_modulus.Length];
        signature.CopyTo(padded.AsSpan(padded.Length - signature.Length));
        using RSA key = RSA.Create(new RSAParameters { Modulus = _modulus, Exponent = _exponent });
        return key.VerifyData(data, padded, HashOf(algorithm), RSASignaturePadding.Pkcs1);
    }
}
