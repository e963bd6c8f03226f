using System.Security.Cryptography;

namespace WireGate.Ssh.Cryptography;

/// <summary>
/// ML-KEM-768 (FIPS 203) for the key exchange mlkem768x25519-sha256: the platform's where it has it, which OpenSSL does from 3.5 on, and
/// else this one. Here: the side that has the encapsulation key.
/// </summary>
internal static class MlKem768
{
    /// <summary>Length in bytes of an encapsulation key.</summary>
    public const int EncapsulationKeyLength = MlKem768Encoding.VectorLength + MlKem768Sampling.SeedLength;

    /// <summary>Length in bytes of a ciphertext.</summary>
    public const int CiphertextLength = MlKem768Encoding.CompressedVectorLength + MlKem768Encoding.CompressedPolynomialLength;

    /// <summary>Length in bytes of a shared secret.</summary>
    public const int SharedSecretLength = 32;

    private const int HashLength = 32;

    /// <summary>Makes a shared secret, and the ciphertext that tells it to the owner of the key.</summary>
    /// <param name="encapsulationKey">Of the peer.</param>
    /// <param name="ciphertext"><see cref="CiphertextLength"/> bytes.</param>
    /// <param name="sharedSecret"><see cref="SharedSecretLength"/> bytes, which the caller zeroes.</param>
    /// <returns>False: the key is none, for a coefficient of it is not below the modulus. Nothing was written.</returns>
    public static bool TryEncapsulate(ReadOnlySpan<byte> encapsulationKey, Span<byte> ciphertext, Span<byte> sharedSecret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(encapsulationKey.Length, EncapsulationKeyLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(ciphertext.Length, CiphertextLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(sharedSecret.Length, SharedSecretLength);
        if (!MlKem768Encoding.IsCanonical(encapsulationKey))
        {
            return false;
        }

        if (MLKem.IsSupported)
        {
            using MLKem key = MLKem.ImportEncapsulationKey(MLKemAlgorithm.MLKem768, encapsulationKey);
            key.Encapsulate(ciphertext, sharedSecret);
            return true;
        }

        Span<byte> message = stackalloc byte[MlKem768Encoding.MessageLength];
        RandomNumberGenerator.Fill(message);
        Encapsulate(encapsulationKey, message, ciphertext, sharedSecret);
        CryptographicOperations.ZeroMemory(message);
        return true;
    }

    /// <summary>Encaps_internal: deterministic, and never the platform's.</summary>
    /// <param name="encapsulationKey">Known to be canonical.</param>
    /// <param name="message">32 random bytes, secret: m.</param>
    /// <param name="ciphertext"><see cref="CiphertextLength"/> bytes.</param>
    /// <param name="sharedSecret"><see cref="SharedSecretLength"/> bytes.</param>
    internal static void Encapsulate(
        ReadOnlySpan<byte> encapsulationKey,
        ReadOnlySpan<byte> message,
        Span<byte> ciphertext,
        Span<byte> sharedSecret)
    {
        Span<byte> keyHash = stackalloc byte[HashLength];
        SHA3_256.HashData(encapsulationKey, keyHash);
        Encapsulate(encapsulationKey, keyHash, message, ciphertext, sharedSecret);
    }

    /// <summary>The same where the key's hash is known.</summary>
    internal static void Encapsulate(
        ReadOnlySpan<byte> encapsulationKey,
        ReadOnlySpan<byte> keyHash,
        ReadOnlySpan<byte> message,
        Span<byte> ciphertext,
        Span<byte> sharedSecret)
    {
        Span<byte> input = stackalloc byte[MlKem768Encoding.MessageLength + HashLength];
        Span<byte> output = stackalloc byte[SharedSecretLength + MlKem768Sampling.SeedLength];
        message.CopyTo(input);
        keyHash.CopyTo(input[MlKem768Encoding.MessageLength..]);
        SHA3_512.HashData(input, output);
        MlKem768Encryption.Encrypt(encapsulationKey, message, output[SharedSecretLength..], ciphertext);
        output[..SharedSecretLength].CopyTo(sharedSecret);
        CryptographicOperations.ZeroMemory(input);
        CryptographicOperations.ZeroMemory(output);
    }
}
