using System.Buffers.Binary;
using System.Security.Cryptography;

namespace WireGate.Ssh.Keys;

/// <summary>
/// bcrypt_pbkdf: PBKDF2's frame around a bcrypt whose salt and key are hashes of SHA-512. Unlike PBKDF2 it deals the blocks out to the
/// output byte by byte in turn, so that no part of the key can be had without all the work.
/// </summary>
internal static class BcryptPbkdf
{
    private const int BlockLength = 32;

    // Of bcrypt itself, in each round.
    private const int Repetitions = 64;

    private static ReadOnlySpan<byte> Text => "OxychromaticBlowfishSwatDynamite"u8;

    public static void Derive(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, int rounds, Span<byte> output)
    {
        Span<byte> secret = stackalloc byte[(2 * SHA512.HashSizeInBytes) + (2 * BlockLength)];
        Span<byte> hashedPassphrase = secret[..SHA512.HashSizeInBytes];
        Span<byte> hashedSalt = secret.Slice(SHA512.HashSizeInBytes, SHA512.HashSizeInBytes);
        Span<byte> round = secret.Slice(2 * SHA512.HashSizeInBytes, BlockLength);
        Span<byte> block = secret[^BlockLength..];
        byte[] countedSalt = [.. salt, 0, 0, 0, 0];
        using var blowfish = new Blowfish();
        try
        {
            SHA512.HashData(passphrase, hashedPassphrase);
            int blocks = (output.Length + BlockLength - 1) / BlockLength;
            int share = (output.Length + blocks - 1) / blocks;
            for (int i = 0; i < blocks; i++)
            {
                BinaryPrimitives.WriteInt32BigEndian(countedSalt.AsSpan(salt.Length), i + 1);
                SHA512.HashData(countedSalt, hashedSalt);
                Hash(blowfish, hashedPassphrase, hashedSalt, round);
                round.CopyTo(block);
                for (int repeated = 1; repeated < rounds; repeated++)
                {
                    SHA512.HashData(round, hashedSalt);
                    Hash(blowfish, hashedPassphrase, hashedSalt, round);
                    for (int j = 0; j < BlockLength; j++)
                    {
                        block[j] ^= round[j];
                    }
                }

                for (int j = 0; j < share && (j * blocks) + i < output.Length; j++)
                {
                    output[(j * blocks) + i] = block[j];
                }
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static void Hash(Blowfish blowfish, ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, Span<byte> hash)
    {
        blowfish.Reset();
        blowfish.Expand(key, salt);
        for (int i = 0; i < Repetitions; i++)
        {
            blowfish.Expand(salt, []);
            blowfish.Expand(key, []);
        }

        for (int i = 0; i < BlockLength; i += 2 * sizeof(uint))
        {
            uint left = BinaryPrimitives.ReadUInt32BigEndian(Text[i..]);
            uint right = BinaryPrimitives.ReadUInt32BigEndian(Text[(i + sizeof(uint))..]);
            for (int j = 0; j < Repetitions; j++)
            {
                blowfish.Encrypt(ref left, ref right);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(hash[i..], left);
            BinaryPrimitives.WriteUInt32LittleEndian(hash[(i + sizeof(uint))..], right);
        }
    }
}
