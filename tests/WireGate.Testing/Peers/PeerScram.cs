using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Credentials;

namespace WireGate.Testing.Peers;

/// <summary>Both sides of SCRAM-SHA-256 written down once more from RFC 5802, so that the product's are not tested with themselves.</summary>
public static class PeerScram
{
    /// <summary>client-final-message for a server-first-message, and the signature that the server must answer.</summary>
    /// <param name="password">What the client knows.</param>
    /// <param name="header">The GS2 header, as in client-first-message.</param>
    /// <param name="binding">The channel binding's data; empty: none.</param>
    /// <param name="clientFirstBare">client-first-message without its header.</param>
    /// <param name="serverFirst">As it came.</param>
    public static (string Final, string Signature) Answer(
        string password, string header, byte[] binding, string clientFirstBare, string serverFirst)
    {
        ArgumentNullException.ThrowIfNull(serverFirst);
        string[] parts = serverFirst.Split(',');
        string input = Convert.ToBase64String([.. Encoding.ASCII.GetBytes(header), .. binding]);
        string withoutProof = $"c={input},{parts[0]}";
        string message = $"{clientFirstBare},{serverFirst},{withoutProof}";
        byte[] salted = Salt(password, Convert.FromBase64String(parts[1][2..]), int.Parse(parts[2][2..], null));
        byte[] proof = Proof(salted, message);
        return ($"{withoutProof},p={Convert.ToBase64String(proof)}", Signature(salted, message));
    }

    /// <summary>SaltedPassword.</summary>
    public static byte[] Salt(string password, byte[] salt, int iterations)
    {
        byte[] salted = new byte[ScramSha256.KeyLength];
        ScramSha256.SaltedPassword(Encoding.UTF8.GetBytes(password), salt, iterations, salted);
        return salted;
    }

    /// <summary>ClientProof over AuthMessage.</summary>
    public static byte[] Proof(byte[] saltedPassword, string authMessage)
    {
        byte[] key = HMACSHA256.HashData(saltedPassword, "Client Key"u8);
        byte[] signature = HMACSHA256.HashData(SHA256.HashData(key), Encoding.ASCII.GetBytes(authMessage));
        return [.. key.Zip(signature, (k, s) => (byte)(k ^ s))];
    }

    /// <summary>ServerSignature over AuthMessage, in base64.</summary>
    public static string Signature(byte[] saltedPassword, string authMessage) => Convert.ToBase64String(
        HMACSHA256.HashData(HMACSHA256.HashData(saltedPassword, "Server Key"u8), Encoding.ASCII.GetBytes(authMessage)));
}
