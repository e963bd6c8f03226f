using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Authentication;

/// <summary>PostgreSQL's md5 authentication, which a target must allow by name.</summary>
internal static class Md5Password
{
    /// <summary>Length in bytes of the answer: <c>md5</c> and 32 hex digits.</summary>
    public const int Length = 3 + HexLength;

    private const int HexLength = 2 * MD5.HashSizeInBytes;

    /// <summary>"md5" + hex(md5(hex(md5(password + user)) + salt))</summary>
    /// <param name="password">The secret.</param>
    /// <param name="user">The login's user name.</param>
    /// <param name="salt">As the upstream sent it.</param>
    /// <param name="destination"><see cref="Length"/> bytes; it opens this one connection.</param>
    [SuppressMessage("Security", "CA5351", Justification = "The upstream's protocol prescribes MD5.")]
    public static void Answer(ReadOnlySpan<byte> password, string user, ReadOnlySpan<byte> salt, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(salt.Length, AuthenticationRequest.Md5SaltLength);
        Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
        Span<byte> inner = stackalloc byte[HexLength];
        using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5))
        {
            hash.AppendData(password);
            hash.AppendData(Encoding.UTF8.GetBytes(user));
            hash.GetHashAndReset(digest);
            Convert.TryToHexStringLower(digest, inner, out _);
            hash.AppendData(inner);
            hash.AppendData(salt);
            hash.GetHashAndReset(digest);
        }

        "md5"u8.CopyTo(destination);
        Convert.TryToHexStringLower(digest, destination[3..Length], out _);

        // The inner digest is what such a server stores: with it anybody can log in.
        CryptographicOperations.ZeroMemory(inner);
    }
}
