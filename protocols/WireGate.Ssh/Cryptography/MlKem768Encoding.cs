using System.Buffers.Binary;

namespace WireGate.Ssh.Cryptography;

/// <summary>
/// FIPS 203's ByteEncode and ByteDecode, with its Compress and Decompress where coefficients have fewer bits than twelve. As the
/// arithmetic, of constant time: what decapsulation encrypts again to compare it is secret until it has compared.
/// </summary>
internal static class MlKem768Encoding
{
    /// <summary>Bytes of a polynomial with all twelve bits of each coefficient.</summary>
    public const int PolynomialLength = 12 * MlKem768Polynomial.Length / 8;

    /// <summary>Bytes of a vector with all twelve bits of each coefficient.</summary>
    public const int VectorLength = MlKem768Polynomial.Rank * PolynomialLength;

    /// <summary>Bytes of a vector with ten bits of each coefficient.</summary>
    public const int CompressedVectorLength = 10 * MlKem768Polynomial.VectorLength / 8;

    /// <summary>Bytes of a polynomial with four bits of each coefficient.</summary>
    public const int CompressedPolynomialLength = 4 * MlKem768Polynomial.Length / 8;

    /// <summary>Bytes of a polynomial with one bit of each coefficient.</summary>
    public const int MessageLength = MlKem768Polynomial.Length / 8;

    // 2^36 / q, rounded up: exact for dividends below 2^24.
    private const ulong Reciprocal = ((1UL << 36) / MlKem768Polynomial.Modulus) + 1;

    /// <summary>Whether each coefficient of an encoded vector is below q: FIPS 203's check of an encapsulation key.</summary>
    public static bool IsCanonical(ReadOnlySpan<byte> encoded)
    {
        encoded = encoded[..VectorLength];
        int excess = 0;
        for (; encoded is [byte first, byte second, byte third, ..]; encoded = encoded[3..])
        {
            excess |= MlKem768Polynomial.Modulus - 1 - (first | ((second & 0xf) << 8));
            excess |= MlKem768Polynomial.Modulus - 1 - ((second >> 4) | (third << 4));
        }

        return excess >= 0;
    }

    /// <summary>ByteEncode with twelve bits, of a vector.</summary>
    public static void Encode(ReadOnlySpan<short> vector, Span<byte> encoded)
    {
        encoded = encoded[..VectorLength];
        for (; vector is [short first, short second, ..] && encoded.Length >= 3; vector = vector[2..], encoded = encoded[3..])
        {
            int both = MlKem768Polynomial.Canonical(first) | (MlKem768Polynomial.Canonical(second) << 12);
            encoded[0] = (byte)both;
            encoded[1] = (byte)(both >> 8);
            encoded[2] = (byte)(both >> 16);
        }
    }

    /// <summary>ByteDecode with twelve bits, of a vector known to be canonical.</summary>
    public static void Decode(ReadOnlySpan<byte> encoded, Span<short> vector)
    {
        encoded = encoded[..VectorLength];
        for (; encoded is [byte first, byte second, byte third, ..] && vector.Length >= 2; encoded = encoded[3..], vector = vector[2..])
        {
            vector[0] = (short)(first | ((second & 0xf) << 8));
            vector[1] = (short)((second >> 4) | (third << 4));
        }
    }

    /// <summary>Compress and ByteEncode with ten bits, of a vector.</summary>
    public static void CompressVector(ReadOnlySpan<short> vector, Span<byte> encoded)
    {
        encoded = encoded[..CompressedVectorLength];
        for (; vector.Length >= 4 && encoded.Length >= 5; vector = vector[4..], encoded = encoded[5..])
        {
            ulong four = Compress(vector[0], 10) | (Compress(vector[1], 10) << 10);
            four |= (Compress(vector[2], 10) << 20) | (Compress(vector[3], 10) << 30);
            BinaryPrimitives.WriteUInt32LittleEndian(encoded, (uint)four);
            encoded[4] = (byte)(four >> 32);
        }
    }

    /// <summary>ByteDecode and Decompress with ten bits, of a vector.</summary>
    public static void DecompressVector(ReadOnlySpan<byte> encoded, Span<short> vector)
    {
        encoded = encoded[..CompressedVectorLength];
        for (; encoded.Length >= 5 && vector.Length >= 4; encoded = encoded[5..], vector = vector[4..])
        {
            ulong four = BinaryPrimitives.ReadUInt32LittleEndian(encoded) | ((ulong)encoded[4] << 32);
            vector[0] = Decompress((int)four & 0x3ff, 10);
            vector[1] = Decompress((int)(four >> 10) & 0x3ff, 10);
            vector[2] = Decompress((int)(four >> 20) & 0x3ff, 10);
            vector[3] = Decompress((int)(four >> 30), 10);
        }
    }

    /// <summary>Compress and ByteEncode with four bits, of a polynomial.</summary>
    public static void CompressPolynomial(ReadOnlySpan<short> polynomial, Span<byte> encoded)
    {
        foreach (ref byte two in encoded[..CompressedPolynomialLength])
        {
            two = (byte)(Compress(polynomial[0], 4) | (Compress(polynomial[1], 4) << 4));
            polynomial = polynomial[2..];
        }
    }

    /// <summary>ByteDecode and Decompress with four bits, of a polynomial.</summary>
    public static void DecompressPolynomial(ReadOnlySpan<byte> encoded, Span<short> polynomial)
    {
        foreach (byte two in encoded[..CompressedPolynomialLength])
        {
            polynomial[0] = Decompress(two & 0xf, 4);
            polynomial[1] = Decompress(two >> 4, 4);
            polynomial = polynomial[2..];
        }
    }

    /// <summary>Compress and ByteEncode with one bit: what a polynomial says.</summary>
    public static void ToMessage(ReadOnlySpan<short> polynomial, Span<byte> message)
    {
        foreach (ref byte bits in message[..MessageLength])
        {
            int gathered = 0;
            for (int bit = 0; bit < 8; bit++)
            {
                gathered |= (int)Compress(polynomial[bit], 1) << bit;
            }

            bits = (byte)gathered;
            polynomial = polynomial[8..];
        }
    }

    /// <summary>ByteDecode and Decompress with one bit: the polynomial that says it.</summary>
    public static void FromMessage(ReadOnlySpan<byte> message, Span<short> polynomial)
    {
        foreach (byte bits in message[..MessageLength])
        {
            for (int bit = 0; bit < 8; bit++)
            {
                polynomial[bit] = Decompress((bits >> bit) & 1, 1);
            }

            polynomial = polynomial[8..];
        }
    }

    /// <summary>
    /// The nearest to coefficient * 2^bits / q, modulo 2^bits. It multiplies: the time of a division tells of what it divides.
    /// </summary>
    internal static ulong Compress(short coefficient, int bits)
    {
        ulong dividend = ((ulong)(uint)MlKem768Polynomial.Canonical(coefficient) << bits) + (MlKem768Polynomial.Modulus / 2);
        return ((dividend * Reciprocal) >> 36) & ((1UL << bits) - 1);
    }

    // The nearest to value * q / 2^bits.
    private static short Decompress(int value, int bits) => (short)(((value * MlKem768Polynomial.Modulus) + (1 << (bits - 1))) >> bits);
}
