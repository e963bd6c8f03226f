using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Encoding = WireGate.Ssh.Cryptography.MlKem768Encoding;
using Polynomial = WireGate.Ssh.Cryptography.MlKem768Polynomial;
using Sampling = WireGate.Ssh.Cryptography.MlKem768Sampling;

namespace WireGate.Ssh.Cryptography;

/// <summary>
/// K-PKE, the public-key encryption within ML-KEM-768 (FIPS 203 section 5). By itself it withstands no chosen ciphertext.
/// </summary>
internal static class MlKem768Encryption
{
    /// <summary>KeyGen</summary>
    /// <param name="seed">32 bytes, secret: d.</param>
    /// <param name="encryptionKey"><see cref="MlKem768.EncapsulationKeyLength"/> bytes.</param>
    /// <param name="decryptionKey"><see cref="MlKem768Encoding.VectorLength"/> bytes, secret.</param>
    public static void GenerateKey(ReadOnlySpan<byte> seed, Span<byte> encryptionKey, Span<byte> decryptionKey)
    {
        Span<byte> input = stackalloc byte[Sampling.SeedLength + 1];
        Span<byte> seeds = stackalloc byte[2 * Sampling.SeedLength];
        Span<short> row = stackalloc short[Polynomial.VectorLength];
        Span<short> product = stackalloc short[Polynomial.Length];
        Span<short> secret = stackalloc short[2 * Polynomial.VectorLength];

        seed[..Sampling.SeedLength].CopyTo(input);
        input[Sampling.SeedLength] = Polynomial.Rank;
        SHA3_512.HashData(input, seeds);
        ReadOnlySpan<byte> matrixSeed = seeds[..Sampling.SeedLength];

        Sampling.Noise(seeds[Sampling.SeedLength..], 0, secret);
        for (int i = 0; i < secret.Length; i += Polynomial.Length)
        {
            Polynomial.Transform(secret[i..]);
        }

        Span<short> key = secret[..Polynomial.VectorLength];
        Span<short> sums = secret[Polynomial.VectorLength..];
        for (int i = 0; i < Polynomial.Rank; i++)
        {
            Sampling.MatrixRow(matrixSeed, i, isTransposed: false, row);
            Polynomial.MultiplyVectors(row, key, product);
            Polynomial.Normalize(product);
            Polynomial.Add(sums[(i * Polynomial.Length)..], product);
        }

        Encoding.Encode(sums, encryptionKey);
        matrixSeed.CopyTo(encryptionKey[Encoding.VectorLength..]);
        Encoding.Encode(key, decryptionKey);

        CryptographicOperations.ZeroMemory(input);
        CryptographicOperations.ZeroMemory(seeds);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(product));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(secret));
    }

    /// <summary>Encrypt</summary>
    /// <param name="encryptionKey"><see cref="MlKem768.EncapsulationKeyLength"/> bytes, known to be canonical.</param>
    /// <param name="message">32 bytes, secret.</param>
    /// <param name="seed">32 bytes, secret: r.</param>
    /// <param name="ciphertext"><see cref="MlKem768.CiphertextLength"/> bytes.</param>
    public static void Encrypt(ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> seed, Span<byte> ciphertext)
    {
        Span<short> row = stackalloc short[Polynomial.VectorLength];
        Span<short> secret = stackalloc short[(2 * Polynomial.VectorLength) + (2 * Polynomial.Length)];
        Span<short> key = secret[..Polynomial.VectorLength];
        Span<short> vector = secret.Slice(Polynomial.VectorLength, Polynomial.VectorLength);
        Span<short> scalar = secret.Slice(2 * Polynomial.VectorLength, Polynomial.Length);
        Span<short> product = secret[^Polynomial.Length..];

        // In one go: y, e1 and e2 have the numbers from 0.
        Sampling.Noise(seed, 0, secret[..^Polynomial.Length]);
        for (int i = 0; i < key.Length; i += Polynomial.Length)
        {
            Polynomial.Transform(key[i..]);
        }

        ReadOnlySpan<byte> matrixSeed = encryptionKey[Encoding.VectorLength..];
        for (int i = 0; i < Polynomial.Rank; i++)
        {
            Sampling.MatrixRow(matrixSeed, i, isTransposed: true, row);
            Polynomial.MultiplyVectors(row, key, product);
            Polynomial.InverseTransform(product);
            Polynomial.Add(vector[(i * Polynomial.Length)..], product);
        }

        Encoding.Decode(encryptionKey, row);
        Polynomial.MultiplyVectors(row, key, product);
        Polynomial.InverseTransform(product);
        Polynomial.Add(scalar, product);
        Encoding.FromMessage(message, product);
        Polynomial.Add(scalar, product);

        Encoding.CompressVector(vector, ciphertext);
        Encoding.CompressPolynomial(scalar, ciphertext[Encoding.CompressedVectorLength..]);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(secret));
    }

    /// <summary>Decrypt</summary>
    /// <param name="decryptionKey"><see cref="MlKem768Encoding.VectorLength"/> bytes, secret.</param>
    /// <param name="ciphertext"><see cref="MlKem768.CiphertextLength"/> bytes.</param>
    /// <param name="message">32 bytes, secret.</param>
    public static void Decrypt(ReadOnlySpan<byte> decryptionKey, ReadOnlySpan<byte> ciphertext, Span<byte> message)
    {
        Span<short> vector = stackalloc short[Polynomial.VectorLength];
        Span<short> scalar = stackalloc short[Polynomial.Length];
        Span<short> secret = stackalloc short[Polynomial.VectorLength + Polynomial.Length];
        Span<short> key = secret[..Polynomial.VectorLength];
        Span<short> product = secret[Polynomial.VectorLength..];

        Encoding.DecompressVector(ciphertext, vector);
        Encoding.DecompressPolynomial(ciphertext[Encoding.CompressedVectorLength..], scalar);
        for (int i = 0; i < vector.Length; i += Polynomial.Length)
        {
            Polynomial.Transform(vector[i..]);
        }

        Encoding.Decode(decryptionKey, key);
        Polynomial.MultiplyVectors(key, vector, product);
        Polynomial.InverseTransform(product);
        Polynomial.SubtractFrom(scalar, product);
        Encoding.ToMessage(product, message);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(secret));
    }
}
