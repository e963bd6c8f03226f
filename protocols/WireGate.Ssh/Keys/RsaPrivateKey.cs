using System.Runtime.InteropServices;
using System.Security.Cryptography;
using WireGate.Core.Framing;
using WireGate.Ssh.Cryptography;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

internal sealed partial class RsaPrivateKey : SshPrivateKey
{
    private readonly RSA _key;

    private RsaPrivateKey(RSA key, SshPublicKey publicKey) : base(publicKey) => _key = key;

    /// <param name="key">Owned from now on.</param>
    public static RsaPrivateKey Own(RSA key)
    {
        RSAParameters parameters = key.ExportParameters(includePrivateParameters: false);
        using var writer = new SshWriter();
        var reader = new SshReader(Peer.Client, writer.Mpint(parameters.Exponent).Mpint(parameters.Modulus).WrittenSpan);
        return new RsaPrivateKey(key, RsaPublicKey.Read(Peer.Client, ref reader));
    }

    /// <summary>Reads what openssh-key-v1 has between a key's type and its comment.</summary>
    public static RsaPrivateKey Read(ref SshReader reader)
    {
        ReadOnlySpan<byte> modulus = reader.ReadPositiveMpint();
        ReadOnlySpan<byte> exponent = reader.ReadPositiveMpint();
        ReadOnlySpan<byte> d = reader.ReadPositiveMpint();
        ReadOnlySpan<byte> inverse = reader.ReadPositiveMpint();
        ReadOnlySpan<byte> p = reader.ReadPositiveMpint();
        ReadOnlySpan<byte> q = reader.ReadPositiveMpint();

        // Bounds the work before any is done; the public half is made anew of the whole.
        using var writer = new SshWriter();
        var publicReader = new SshReader(Peer.Client, writer.Mpint(exponent).Mpint(modulus).WrittenSpan);
        RsaPublicKey.Read(Peer.Client, ref publicReader);

        int half = (modulus.Length + 1) / 2;
        var parameters = new RSAParameters
        {
            Modulus = modulus.ToArray(),
            Exponent = exponent.ToArray(),
            D = Pad(d, modulus.Length),
            P = Pad(p, half),
            Q = Pad(q, half),
            DP = Reduce(d, p, half),
            DQ = Reduce(d, q, half),
            InverseQ = Pad(inverse, half),
        };
        try
        {
            return Own(RSA.Create(parameters));
        }
        finally
        {
            foreach (byte[]? secret in new[] { parameters.D, parameters.P, parameters.Q, parameters.DP, parameters.DQ, parameters.InverseQ })
            {
                CryptographicOperations.ZeroMemory(secret);
            }
        }
    }

    public override void Dispose() => _key.Dispose();

    private protected override byte[] SignData(string algorithm, ReadOnlySpan<byte> data) =>
        _key.SignData(data.ToArray(), RsaPublicKey.HashOf(algorithm), RSASignaturePadding.Pkcs1);

    private static byte[] Pad(ReadOnlySpan<byte> number, int length)
    {
        if (number.Length > length)
        {
            throw new KeyFileException("an RSA key whose numbers do not fit its length");
        }

        byte[] padded = GC.AllocateArray<byte>(length, pinned: true);
        number.CopyTo(padded.AsSpan(length - number.Length));
        return padded;
    }

    /// <summary>d mod (prime − 1), which the file leaves out; by libcrypto, whose numbers can be zeroed.</summary>
    private static byte[] Reduce(ReadOnlySpan<byte> d, ReadOnlySpan<byte> prime, int length)
    {
        using Number remainder = new(BN_new());
        using Number dividend = new(BN_bin2bn(d, d.Length, 0));
        using Number divisor = new(BN_bin2bn(prime, prime.Length, 0));
        nint context = BN_CTX_secure_new();
        try
        {
            byte[] reduced = GC.AllocateArray<byte>(length, pinned: true);
            return BN_sub_word(divisor.Value, 1) == 1 && BN_div(0, remainder.Value, dividend.Value, divisor.Value, context) == 1
                && BN_bn2binpad(remainder.Value, reduced, length) == length ? reduced : throw LibCrypto.Failure(nameof(BN_div));
        }
        finally
        {
            BN_CTX_free(context);
        }
    }

    [LibraryImport(LibCrypto.Library)]
    private static partial nint BN_new();

    [LibraryImport(LibCrypto.Library)]
    private static partial nint BN_bin2bn(ReadOnlySpan<byte> bytes, int length, nint number);

    [LibraryImport(LibCrypto.Library)]
    private static partial int BN_bn2binpad(nint number, Span<byte> bytes, int length);

    [LibraryImport(LibCrypto.Library)]
    private static partial int BN_sub_word(nint number, ulong word);

    [LibraryImport(LibCrypto.Library)]
    private static partial int BN_div(nint quotient, nint remainder, nint dividend, nint divisor, nint context);

    [LibraryImport(LibCrypto.Library)]
    private static partial void BN_clear_free(nint number);

    [LibraryImport(LibCrypto.Library)]
    private static partial nint BN_CTX_secure_new();

    [LibraryImport(LibCrypto.Library)]
    private static partial void BN_CTX_free(nint context);

    private readonly struct Number(nint value) : IDisposable
    {
        public nint Value { get; } = value != 0 ? value : throw LibCrypto.Failure(nameof(BN_new));

        public void Dispose() => BN_clear_free(Value);
    }
}
