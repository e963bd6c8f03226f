using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace WireGate.Ssh.Cryptography;

/// <summary>One side of a Diffie-Hellman agreement in a group of RFC 3526, with a key that is used once. Its generator is 2.</summary>
internal sealed unsafe partial class FiniteField : IDisposable
{
    // Twice the strength of the stronger of the groups (RFC 3526 section 8), and more: 256 bits.
    private const int ExponentLength = 64;

    private readonly nint _prime;
    private readonly nint _exponent;

    /// <param name="bits">Of the prime: 2048 (group 14) or 4096 (group 16).</param>
    public FiniteField(int bits)
    {
        _prime = bits switch
        {
            2048 => BN_get_rfc3526_prime_2048(0),
            4096 => BN_get_rfc3526_prime_4096(0),
            _ => throw new ArgumentOutOfRangeException(nameof(bits)),
        };
        Length = bits / 8;
        Span<byte> exponent = stackalloc byte[ExponentLength];
        RandomNumberGenerator.Fill(exponent);
        _exponent = Number(exponent);
        CryptographicOperations.ZeroMemory(exponent);
        PublicKey = new byte[Length];
        Power([2], PublicKey);
    }

    /// <summary>Bytes of a public key and of what is agreed on.</summary>
    public int Length { get; }

    /// <summary>What the other side is told: a number, its most significant byte first.</summary>
    public byte[] PublicKey { get; }

    /// <summary>Agrees.</summary>
    /// <param name="other">The other side's number.</param>
    /// <param name="secret">Takes <see cref="Length"/> bytes.</param>
    /// <returns>False: it is not between 1 and p - 1, both of which everybody would guess the secret of (RFC 4253 section 8).</returns>
    public bool TryAgree(ReadOnlySpan<byte> other, Span<byte> secret)
    {
        Span<byte> prime = new byte[Length];
        Write(_prime, prime);

        // It is odd.
        prime[^1]--;
        ReadOnlySpan<byte> number = other.TrimStart((byte)0);
        if (number.Length > Length || number is [] or [1] || (number.Length == Length && number.SequenceCompareTo(prime) >= 0))
        {
            return false;
        }

        Power(number, secret[..Length]);
        return true;
    }

    /// <summary>Zeroes the key.</summary>
    public void Dispose()
    {
        BN_clear_free(_exponent);
        BN_free(_prime);
    }

    // In a time that does not depend on the exponent.
    private void Power(ReadOnlySpan<byte> number, Span<byte> result)
    {
        nint context = BN_CTX_new(), raised = BN_new(), origin = Number(number);
        try
        {
            if (BN_mod_exp_mont_consttime(raised, origin, _exponent, _prime, context, 0) != 1)
            {
                throw LibCrypto.Failure("BN_mod_exp_mont_consttime");
            }

            Write(raised, result);
        }
        finally
        {
            BN_clear_free(raised);
            BN_free(origin);
            BN_CTX_free(context);
        }
    }

    private static nint Number(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* b = bytes)
        {
            nint number = BN_bin2bn(b, bytes.Length, 0);
            return number != 0 ? number : throw LibCrypto.Failure("BN_bin2bn");
        }
    }

    private static void Write(nint number, Span<byte> bytes)
    {
        fixed (byte* b = bytes)
        {
            if (BN_bn2binpad(number, b, bytes.Length) != bytes.Length)
            {
                throw LibCrypto.Failure("BN_bn2binpad");
            }
        }
    }

    [LibraryImport(LibCrypto.Library)]
    private static partial nint BN_get_rfc3526_prime_2048(nint number);

    [LibraryImport(LibCrypto.Library)]
    private static partial nint BN_get_rfc3526_prime_4096(nint number);

    [LibraryImport(LibCrypto.Library)]
    private static partial nint BN_new();

    [LibraryImport(LibCrypto.Library)]
    private static partial void BN_free(nint number);

    [LibraryImport(LibCrypto.Library)]
    private static partial void BN_clear_free(nint number);

    [LibraryImport(LibCrypto.Library)]
    private static partial nint BN_CTX_new();

    [LibraryImport(LibCrypto.Library)]
    private static partial void BN_CTX_free(nint context);

    [LibraryImport(LibCrypto.Library)]
    private static partial nint BN_bin2bn(byte* bytes, int length, nint number);

    [LibraryImport(LibCrypto.Library)]
    private static partial int BN_bn2binpad(nint number, byte* bytes, int length);

    [LibraryImport(LibCrypto.Library)]
    private static partial int BN_mod_exp_mont_consttime(nint result, nint number, nint exponent, nint modulus, nint context, nint montgomery);
}
