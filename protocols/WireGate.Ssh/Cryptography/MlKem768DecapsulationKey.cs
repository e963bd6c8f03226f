using System.Runtime.InteropServices;
using System.Security.Cryptography;
using WireGate.Core.Credentials;

namespace WireGate.Ssh.Cryptography;

/// <summary>
/// ML-KEM-768's other side: the owner of the keys, which serve one exchange. Its own form is FIPS 203's decapsulation key in pinned
/// memory, zeroed when disposed.
/// </summary>
internal sealed class MlKem768DecapsulationKey : IDisposable
{
    // dk = decryption key | encapsulation key | its hash | z
    private const int EncapsulationKeyAt = MlKem768Encoding.VectorLength;
    private const int KeyHashAt = EncapsulationKeyAt + MlKem768.EncapsulationKeyLength;
    private const int RejectionSeedAt = KeyHashAt + SHA3_256.HashSizeInBytes;
    private const int Length = RejectionSeedAt + MlKem768Sampling.SeedLength;

    private readonly MLKem? _platform;
    private readonly byte[] _platformEncapsulationKey = [];
    private readonly Secret? _key;

    private MlKem768DecapsulationKey(Secret key) => _key = key;

    private MlKem768DecapsulationKey(MLKem platform)
    {
        _platform = platform;
        _platformEncapsulationKey = platform.ExportEncapsulationKey();
    }

    /// <summary><see cref="MlKem768.EncapsulationKeyLength"/> bytes for the peer.</summary>
    public ReadOnlySpan<byte> EncapsulationKey => _key is null
        ? _platformEncapsulationKey
        : Key.Slice(EncapsulationKeyAt, MlKem768.EncapsulationKeyLength);

    /// <summary>FIPS 203's form of it; ours only.</summary>
    internal ReadOnlySpan<byte> Key
    {
        get
        {
            ReadOnlySpan<byte> key = _key is null ? [] : _key.Span;
            ObjectDisposedException.ThrowIf(key.IsEmpty, this);
            return key;
        }
    }

    /// <summary>Fresh keys.</summary>
    public static MlKem768DecapsulationKey Generate()
    {
        if (MLKem.IsSupported)
        {
            return new MlKem768DecapsulationKey(MLKem.GenerateKey(MLKemAlgorithm.MLKem768));
        }

        Span<byte> seeds = stackalloc byte[2 * MlKem768Sampling.SeedLength];
        RandomNumberGenerator.Fill(seeds);
        MlKem768DecapsulationKey key = FromSeeds(seeds[..MlKem768Sampling.SeedLength], seeds[MlKem768Sampling.SeedLength..]);
        CryptographicOperations.ZeroMemory(seeds);
        return key;
    }

    /// <summary>Reads the shared secret out of a ciphertext.</summary>
    /// <param name="ciphertext">From the peer.</param>
    /// <param name="sharedSecret">
    /// <see cref="MlKem768.SharedSecretLength"/> bytes, which the caller zeroes. If the ciphertext was made for no message with this key, a
    /// secret that nobody else knows, in the same time.
    /// </param>
    public void Decapsulate(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(ciphertext.Length, MlKem768.CiphertextLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(sharedSecret.Length, MlKem768.SharedSecretLength);
        if (_platform is not null)
        {
            _platform.Decapsulate(ciphertext, sharedSecret);
            return;
        }

        ReadOnlySpan<byte> key = Key;
        Span<byte> message = stackalloc byte[MlKem768Encoding.MessageLength];
        Span<byte> again = stackalloc byte[MlKem768.CiphertextLength];
        Span<byte> accepted = stackalloc byte[MlKem768.SharedSecretLength];
        MlKem768Encryption.Decrypt(key, ciphertext, message);
        MlKem768.Encapsulate(EncapsulationKey, key[KeyHashAt..RejectionSeedAt], message, again, accepted);

        Span<byte> rejectionInput = stackalloc byte[MlKem768Sampling.SeedLength + MlKem768.CiphertextLength];
        key[RejectionSeedAt..].CopyTo(rejectionInput);
        ciphertext.CopyTo(rejectionInput[MlKem768Sampling.SeedLength..]);
        Shake256.HashData(rejectionInput, sharedSecret);
        CopyIfEqual(ciphertext, again, accepted, sharedSecret);

        CryptographicOperations.ZeroMemory(message);
        CryptographicOperations.ZeroMemory(again);
        CryptographicOperations.ZeroMemory(accepted);
        CryptographicOperations.ZeroMemory(rejectionInput);
    }

    /// <summary>Zeroes the keys.</summary>
    public void Dispose()
    {
        _platform?.Dispose();
        _key?.Dispose();
    }

    /// <summary>KeyGen_internal: deterministic, and never the platform's.</summary>
    /// <param name="keySeed">32 random bytes, secret: d.</param>
    /// <param name="rejectionSeed">32 random bytes, secret: z.</param>
    internal static MlKem768DecapsulationKey FromSeeds(ReadOnlySpan<byte> keySeed, ReadOnlySpan<byte> rejectionSeed)
    {
        Span<byte> key = stackalloc byte[Length];
        Span<byte> encapsulationKey = key.Slice(EncapsulationKeyAt, MlKem768.EncapsulationKeyLength);
        MlKem768Encryption.GenerateKey(keySeed, encapsulationKey, key);
        SHA3_256.HashData(encapsulationKey, key[KeyHashAt..RejectionSeedAt]);
        rejectionSeed.CopyTo(key[RejectionSeedAt..]);
        MlKem768DecapsulationKey made = FromKey(key);
        CryptographicOperations.ZeroMemory(key);
        return made;
    }

    /// <summary>From FIPS 203's form; never the platform's.</summary>
    internal static MlKem768DecapsulationKey FromKey(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, Length);
        return new MlKem768DecapsulationKey(Secret.CopyOf(key));
    }

    // Without a branch, for whether they are equal is what an attacker asks with made-up ciphertexts.
    private static void CopyIfEqual(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ReadOnlySpan<ulong> rightWords = MemoryMarshal.Cast<byte, ulong>(right);
        ulong differences = 0;
        int at = 0;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(left))
        {
            differences |= word ^ rightWords[at++];
        }

        // All ones if there is no difference: only of 0 neither the number nor its negative has the highest bit.
        byte mask = (byte)(((differences | (0UL - differences)) >> 63) - 1);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] ^= (byte)(mask & (destination[i] ^ source[i]));
        }
    }
}
