using System.Numerics;

namespace WireGate.Ssh.Cryptography;

/// <summary>
/// Arithmetic of FIPS 203's polynomials: 256 coefficients modulo 3329, one a <see cref="short"/>, in no canonical form between the steps.
/// What it computes on may be secret: no branch, no index and no division depends on a coefficient.
/// </summary>
internal static class MlKem768Polynomial
{
    /// <summary>Coefficients of a polynomial.</summary>
    public const int Length = 256;

    /// <summary>Polynomials of a vector, and rows and columns of the matrix: what makes it ML-KEM-768.</summary>
    public const int Rank = 3;

    /// <summary>Coefficients of a vector.</summary>
    public const int VectorLength = Rank * Length;

    /// <summary>q</summary>
    public const int Modulus = 3329;

    // A root of unity of order 256 modulo q.
    private const int Root = 17;

    // q^-1 modulo 2^16, as a signed number.
    private const int ModulusInverse = -3327;

    // Montgomery's factor R = 2^16 modulo q; its square; and its square over 128, which the inverse transform ends with.
    private const int Montgomery = (1 << 16) % Modulus;
    private const int MontgomerySquare = Montgomery * Montgomery % Modulus;
    private const int InverseScale = 1441;

    // The nearest to 2^26 / q.
    private const int BarrettFactor = 20159;

    /// <summary>The powers of the root in the order in which the transform takes them, times R.</summary>
    private static readonly short[] Zetas = MakeZetas();

    /// <summary>
    /// The number-theoretic transform, in place. Coefficients come with absolute values up to q, and leave with up to q / 2.
    /// </summary>
    public static void Transform(Span<short> polynomial)
    {
        Span<short> all = polynomial[..Length];
        int next = 1;
        for (int half = Length / 2; half >= 2; half /= 2)
        {
            for (int start = 0; start < Length; start += 2 * half)
            {
                int zeta = Zetas[next++];
                Span<short> low = all.Slice(start, half);
                Span<short> high = all.Slice(start + half, half);
                for (int i = 0; i < low.Length && i < high.Length; i++)
                {
                    // Each of the seven steps adds less than q: the sums stay below 2^15.
                    int product = ReduceProduct(zeta * high[i]);
                    high[i] = (short)(low[i] - product);
                    low[i] = (short)(low[i] + product);
                }
            }
        }

        Reduce(all);
    }

    /// <summary>
    /// The inverse transform, in place, of what <see cref="MultiplyVectors"/> made: it takes out the R^-1 that products have. The results
    /// are below q in absolute value.
    /// </summary>
    public static void InverseTransform(Span<short> polynomial)
    {
        Span<short> all = polynomial[..Length];
        int next = (Length / 2) - 1;
        for (int half = 2; half <= Length / 2; half *= 2)
        {
            for (int start = 0; start < Length; start += 2 * half)
            {
                int zeta = Zetas[next--];
                Span<short> low = all.Slice(start, half);
                Span<short> high = all.Slice(start + half, half);
                for (int i = 0; i < low.Length && i < high.Length; i++)
                {
                    int difference = high[i] - low[i];
                    low[i] = ReduceSum(low[i] + high[i]);
                    high[i] = ReduceProduct(zeta * difference);
                }
            }
        }

        foreach (ref short coefficient in all)
        {
            coefficient = ReduceProduct(InverseScale * coefficient);
        }
    }

    /// <summary>
    /// The sum of the products of two vectors' transformed polynomials, times R^-1. Of one vector the coefficients are below q, of the
    /// other they are at most q / 2 in absolute value.
    /// </summary>
    public static void MultiplyVectors(ReadOnlySpan<short> left, ReadOnlySpan<short> right, Span<short> product)
    {
        left = left[..VectorLength];
        right = right[..VectorLength];
        product = product[..Length];
        for (int i = 0; i < Length; i += 2)
        {
            // Modulo X^2 - zeta; the sums of six products of q * q / 2 at most are reduced once.
            int constant = 0;
            int square = 0;
            int linear = 0;
            for (int at = i; at < VectorLength - 1; at += Length)
            {
                int a0 = left[at];
                int a1 = left[at + 1];
                int b0 = right[at];
                int b1 = right[at + 1];
                constant += a0 * b0;
                square += a1 * b1;
                linear += (a0 * b1) + (a1 * b0);
            }

            // The second of each two has the negative root.
            int zeta = Zetas[(Length / 4) + (i / 4)];
            zeta = (i & 2) == 0 ? zeta : -zeta;
            product[i] = ReduceProduct(constant + (zeta * ReduceProduct(square)));
            product[i + 1] = ReduceProduct(linear);
        }
    }

    /// <summary>Takes out the R^-1 of a product that stays transformed.</summary>
    public static void Normalize(Span<short> product)
    {
        foreach (ref short coefficient in product)
        {
            coefficient = ReduceProduct(MontgomerySquare * coefficient);
        }
    }

    /// <summary>Adds to <paramref name="sum"/>; the caller sees to it that it stays below 2^15.</summary>
    public static void Add(Span<short> sum, ReadOnlySpan<short> other)
    {
        for (int i = 0; i < sum.Length && i < other.Length; i++)
        {
            sum[i] += other[i];
        }
    }

    /// <summary>Subtracts <paramref name="difference"/> from <paramref name="from"/> and puts the result into it.</summary>
    public static void SubtractFrom(ReadOnlySpan<short> from, Span<short> difference)
    {
        for (int i = 0; i < difference.Length && i < from.Length; i++)
        {
            difference[i] = (short)(from[i] - difference[i]);
        }
    }

    /// <summary>Brings coefficients to absolute values of at most q / 2.</summary>
    public static void Reduce(Span<short> coefficients)
    {
        foreach (ref short coefficient in coefficients)
        {
            coefficient = ReduceSum(coefficient);
        }
    }

    /// <summary>The same number modulo q, from 0 to q - 1.</summary>
    public static int Canonical(short coefficient)
    {
        int reduced = ReduceSum(coefficient);
        return reduced + ((reduced >> 31) & Modulus);
    }

    // Montgomery: value * R^-1 modulo q, below q in absolute value, if value is below q * 2^15.
    private static short ReduceProduct(int value)
    {
        int factor = (short)((short)value * ModulusInverse);
        return (short)((value - (factor * Modulus)) >> 16);
    }

    // Barrett: value modulo q, at most q / 2 in absolute value, if value is below 2^15.
    private static short ReduceSum(int value)
    {
        int quotient = ((BarrettFactor * value) + (1 << 25)) >> 26;
        return (short)(value - (quotient * Modulus));
    }

    private static short[] MakeZetas()
    {
        Span<int> powers = stackalloc int[Length / 2];
        int power = Montgomery;
        foreach (ref int one in powers)
        {
            one = power;
            power = power * Root % Modulus;
        }

        short[] zetas = new short[Length / 2];
        for (int i = 0; i < zetas.Length; i++)
        {
            // Seven bits, reversed.
            int reversed = 0;
            for (int bit = 0; bit < BitOperations.Log2(Length / 2); bit++)
            {
                reversed = (reversed << 1) | ((i >> bit) & 1);
            }

            zetas[i] = ReduceSum(powers[reversed]);
        }

        return zetas;
    }
}
