using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace WireGate.Core.Credentials;

/// <summary>The text form of a placeholder, which tells a typo or a cut-off paste from a token without asking any store.</summary>
/*
 *   wgp_ <id: 10> _ <secret: 32> <crc: 6>          53 characters, all of [0-9A-Za-z_]
 *
 *   id      names the placeholder; public
 *   secret  190 random bits
 *   crc     CRC-32 (IEEE 802.3, as in zlib) of the 47 characters before it: base62, most significant digit first, padded with 0
 */
public static class PlaceholderToken
{
    /// <summary>What every token starts with.</summary>
    public const string Prefix = "wgp_";

    /// <summary>Length of an id in characters; 62^10 of them exist.</summary>
    public const int IdLength = 10;

    /// <summary>Length of a token in characters, which are ASCII.</summary>
    public const int Length = 4 + IdLength + 1 + SecretLength + CrcLength;

    /// <summary>The regular expression for secret scanners. What it finds is a token if its checksum is right, too.</summary>
    public const string Pattern = @"\bwgp_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}\b";

    private const int SecretLength = 32;

    // 62^6 is the first power of 62 above 2^32.
    private const int CrcLength = 6;
    private const int IdStart = 4;
    private const int CrcStart = Length - CrcLength;

    private static readonly SearchValues<byte> Base62Digits = SearchValues.Create(Base62);
    private static readonly uint[] CrcTables = MakeCrcTables();

    private static ReadOnlySpan<byte> Base62 => "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8;

    /// <summary>Checks shape and checksum.</summary>
    /// <param name="token">The whole text, nothing around it.</param>
    /// <param name="id">The id, a part of <paramref name="token"/>.</param>
    /// <returns>False: it is no token. True says nothing about whether it was ever minted.</returns>
    public static bool TryParse(ReadOnlySpan<byte> token, out ReadOnlySpan<byte> id)
    {
        id = default;
        if (token.Length != Length || !token.StartsWith("wgp_"u8) || token[IdStart + IdLength] != (byte)'_')
        {
            return false;
        }

        ReadOnlySpan<byte> named = token.Slice(IdStart, IdLength);
        if (!IsBase62(named) || !IsBase62(token[(IdStart + IdLength + 1)..]))
        {
            return false;
        }

        Span<byte> crc = stackalloc byte[CrcLength];
        WriteCrc(token[..CrcStart], crc);
        if (!token[CrcStart..].SequenceEqual(crc))
        {
            return false;
        }

        id = named;
        return true;
    }

    /// <summary>The id of what <see cref="TryParse"/> found to be a token, a part of it.</summary>
    public static ReadOnlySpan<byte> IdOf(ReadOnlySpan<byte> token) => token.Slice(IdStart, IdLength);

    /// <summary>Whether a token stands anywhere in a text.</summary>
    public static bool IsWithin(ReadOnlySpan<byte> text)
    {
        for (int at; (at = text.IndexOf("wgp_"u8)) >= 0 && text.Length - at >= Length; text = text[(at + 1)..])
        {
            if (TryParse(text.Slice(at, Length), out _))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How many tokens stand in a text.</summary>
    public static int Count(ReadOnlySpan<byte> text)
    {
        int count = 0;
        for (int at; (at = text.IndexOf("wgp_"u8)) >= 0 && text.Length - at >= Length; text = text[(at + 1)..])
        {
            count += TryParse(text.Slice(at, Length), out _) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Whether a text may be the first characters of a token, and is not all of one.</summary>
    public static bool IsBeginning(ReadOnlySpan<byte> text)
    {
        if (text.Length <= IdStart)
        {
            return "wgp_"u8.StartsWith(text);
        }

        if (text.Length >= Length || !text.StartsWith("wgp_"u8))
        {
            return false;
        }

        ReadOnlySpan<byte> id = text[IdStart..Math.Min(text.Length, IdStart + IdLength)], rest = text[(IdStart + id.Length)..];
        return IsBase62(id) && (rest.IsEmpty || (rest[0] == (byte)'_' && IsBase62(rest[1..])));
    }

    /// <summary>Whether this has the shape of an id. No id contains what separates it in a user name: <c>+</c>, <c>@</c>, <c>_</c>.</summary>
    public static bool IsId(ReadOnlySpan<byte> text) => text.Length == IdLength && IsBase62(text);

    /// <summary>Makes a new token. The caller owns and disposes it.</summary>
    /// <param name="id">Its public part.</param>
    public static Secret Create(out string id)
    {
        Secret token = Secret.Create(Length, 0, static (text, _) =>
        {
            "wgp_"u8.CopyTo(text);
            RandomNumberGenerator.GetItems(Base62, text.Slice(IdStart, IdLength));
            text[IdStart + IdLength] = (byte)'_';
            RandomNumberGenerator.GetItems(Base62, text.Slice(IdStart + IdLength + 1, SecretLength));
            WriteCrc(text[..CrcStart], text[CrcStart..]);
        });
        id = Encoding.ASCII.GetString(token.Span.Slice(IdStart, IdLength));
        return token;
    }

    private static bool IsBase62(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(Base62Digits);

    private static void WriteCrc(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        // Eight bytes at once, by as many tables: each says what its byte does to the sum behind those that follow it.
        ReadOnlySpan<uint> tables = CrcTables;
        uint crc = uint.MaxValue;
        for (; text.Length >= 8; text = text[8..])
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(text) ^ crc, high = BinaryPrimitives.ReadUInt32LittleEndian(text[4..]);
            crc = tables[(7 * 256) + (byte)low] ^ tables[(6 * 256) + (byte)(low >> 8)] ^ tables[(5 * 256) + (byte)(low >> 16)] ^ tables[(4 * 256) + (byte)(low >> 24)]
                ^ tables[(3 * 256) + (byte)high] ^ tables[(2 * 256) + (byte)(high >> 8)] ^ tables[256 + (byte)(high >> 16)] ^ tables[(byte)(high >> 24)];
        }

        foreach (byte b in text)
        {
            crc = (crc >> 8) ^ tables[(byte)(crc ^ b)];
        }

        crc = ~crc;
        for (int i = destination.Length - 1; i >= 0; i--)
        {
            (crc, uint digit) = Math.DivRem(crc, 62u);
            destination[i] = Base62[(int)digit];
        }
    }

    // What a byte does to the sum, and what it does with one to seven bytes of zeros behind it: HTTP proves a placeholder for each request.
    private static uint[] MakeCrcTables()
    {
        const uint ReversedPolynomial = 0xEDB88320;
        uint[] tables = new uint[8 * 256];
        for (uint b = 0; b < 256; b++)
        {
            uint crc = b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (ReversedPolynomial & (0 - (crc & 1)));
            }

            tables[b] = crc;
        }

        for (int i = 256; i < tables.Length; i++)
        {
            tables[i] = (tables[i - 256] >> 8) ^ tables[(byte)tables[i - 256]];
        }

        return tables;
    }
}
