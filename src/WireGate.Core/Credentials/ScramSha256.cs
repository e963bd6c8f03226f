using System.Security.Cryptography;

namespace WireGate.Core.Credentials;

/// <summary>The key derivation of SCRAM-SHA-256 (RFC 5802 section 3, RFC 7677), shared by both of its roles and by the store.</summary>
public static class ScramSha256
{
    /// <summary>Length in bytes of every key, hash and signature.</summary>
    public const int KeyLength = 32;

    /// <summary>PBKDF2 rounds of our own verifiers: RFC 7677's minimum, enough for a token of 190 random bits.</summary>
    public const int Iterations = 4096;

    /// <summary>
    /// SaltedPassword := Hi(Normalize(password), salt, i). About a millisecond of CPU for 4096 rounds: never on an event loop.
    /// </summary>
    /// <param name="password">Already normalised; an ASCII password is.</param>
    /// <param name="salt">As the server sent it, decoded.</param>
    /// <param name="iterations">Rounds; the caller has bounded them.</param>
    /// <param name="destination"><see cref="KeyLength"/> bytes; secret, the caller clears them.</param>
    public static void SaltedPassword(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int iterations, Span<byte> destination) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, destination, iterations, HashAlgorithmName.SHA256);

    /// <summary>ClientKey := HMAC(SaltedPassword, "Client Key"). As good as the password: the caller clears it.</summary>
    public static void ClientKey(ReadOnlySpan<byte> saltedPassword, Span<byte> destination) =>
        HMACSHA256.HashData(saltedPassword, "Client Key"u8, destination);

    /// <summary>StoredKey := H(ClientKey). What a server keeps to check a proof.</summary>
    public static void StoredKey(ReadOnlySpan<byte> clientKey, Span<byte> destination) => SHA256.HashData(clientKey, destination);

    /// <summary>ServerKey := HMAC(SaltedPassword, "Server Key"). What a server keeps to prove itself.</summary>
    public static void ServerKey(ReadOnlySpan<byte> saltedPassword, Span<byte> destination) =>
        HMACSHA256.HashData(saltedPassword, "Server Key"u8, destination);
}
