using System.Buffers.Binary;
using System.Security.Cryptography;

namespace WireGate.Ssh.Cryptography;

/// <summary>FIPS 203's SampleNTT and SamplePolyCBD: polynomials out of seeds.</summary>
internal static class MlKem768Sampling
{
    /// <summary>Length in bytes of a seed of either kind.</summary>
    public const int SeedLength = 32;

    // Three blocks of SHAKE128, which suffice 99 times of a hundred, and as many again: FIPS 203 wants 840 at least, less than which
    // happens once in 2^261 times.
    private const int FirstStreamLength = 3 * 168;
    private const int StreamLength = 2 * FirstStreamLength;

    // Two bits for and two against in each coefficient.
    private const int NoiseLength = 4 * MlKem768Polynomial.Length / 8;

    /// <summary>
    /// A row of the matrix that the seed stands for, transformed, or of its transpose: a column. Its coefficients are below q. It is
    /// public, and takes as long as it takes.
    /// </summary>
    public static void MatrixRow(ReadOnlySpan<byte> seed, int row, bool isTransposed, Span<short> vector)
    {
        Span<byte> input = stackalloc byte[SeedLength + 2];
        seed[..SeedLength].CopyTo(input);
        for (int column = 0; column < MlKem768Polynomial.Rank; column++)
        {
            input[SeedLength] = (byte)(isTransposed ? row : column);
            input[SeedLength + 1] = (byte)(isTransposed ? column : row);
            Uniform(input, vector.Slice(column * MlKem768Polynomial.Length, MlKem768Polynomial.Length));
        }
    }

    /// <summary>
    /// Polynomials of small coefficients, from -2 to 2, as many as there is room for. They are secret, and so is the seed.
    /// </summary>
    /// <param name="seed"><see cref="SeedLength"/> bytes.</param>
    /// <param name="first">The number of the first of them: each is made with one of its own.</param>
    /// <param name="polynomials">Of <see cref="MlKem768Polynomial.Length"/> coefficients each.</param>
    public static void Noise(ReadOnlySpan<byte> seed, int first, Span<short> polynomials)
    {
        Span<byte> input = stackalloc byte[SeedLength + 1];
        Span<byte> noise = stackalloc byte[NoiseLength];
        seed[..SeedLength].CopyTo(input);
        input[SeedLength] = (byte)first;
        for (; !polynomials.IsEmpty; polynomials = polynomials[MlKem768Polynomial.Length..])
        {
            Shake256.HashData(input, noise);
            Binomial(noise, polynomials[..MlKem768Polynomial.Length]);
            input[SeedLength]++;
        }

        CryptographicOperations.ZeroMemory(input);
        CryptographicOperations.ZeroMemory(noise);
    }

    private static void Binomial(ReadOnlySpan<byte> noise, Span<short> polynomial)
    {
        for (; noise.Length >= sizeof(uint) && polynomial.Length >= 8; noise = noise[sizeof(uint)..], polynomial = polynomial[8..])
        {
            // Sums of two bits each, in all places at once.
            uint bits = BinaryPrimitives.ReadUInt32LittleEndian(noise);
            uint sums = (bits & 0x55555555) + ((bits >> 1) & 0x55555555);
            for (int i = 0; i < 8; i++)
            {
                polynomial[i] = (short)((int)(sums & 3) - (int)((sums >> 2) & 3));
                sums >>= 4;
            }
        }
    }

    private static void Uniform(ReadOnlySpan<byte> input, Span<short> polynomial)
    {
        Span<byte> stream = stackalloc byte[StreamLength];
        Shake128.HashData(input, stream[..FirstStreamLength]);
        if (TryFill(stream[..FirstStreamLength], polynomial))
        {
            return;
        }

        // From the beginning: not every libcrypto lets a hash go on.
        Shake128.HashData(input, stream);
        if (!TryFill(stream, polynomial))
        {
            throw new CryptographicException("SampleNTT found too few coefficients");
        }
    }

    private static bool TryFill(ReadOnlySpan<byte> stream, Span<short> polynomial)
    {
        int count = 0;
        for (; stream is [byte first, byte second, byte third, ..]; stream = stream[3..])
        {
            // Each is written, and the next goes over it if it is too large: only the end is a branch, which can be foreseen.
            int candidate = first | ((second & 0xf) << 8);
            polynomial[count] = (short)candidate;
            count += (candidate - MlKem768Polynomial.Modulus) >>> 31;
            if (count == polynomial.Length)
            {
                return true;
            }

            candidate = (second >> 4) | (third << 4);
            polynomial[count] = (short)candidate;
            count += (candidate - MlKem768Polynomial.Modulus) >>> 31;
            if (count == polynomial.Length)
            {
                return true;
            }
        }

        return false;
    }
}
