using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace WireGate.Ssh.Cryptography;

/// <summary>
/// The system's OpenSSL 3 libcrypto, for what the BCL does not have (Ed25519, X25519, ChaCha20, Poly1305) or has only at a price for each
/// call (AES-GCM: 0.9 µs, against 0.2 with a kept context). Each part declares its own calls.
/// </summary>
internal static partial class LibCrypto
{
    /// <summary>OpenSSL 3's, the same on all distributions: the BCL of this process has loaded it already.</summary>
    internal const string Library = "libcrypto.so.3";

    /// <summary>What the library said last, for what can only be our fault or the machine's.</summary>
    internal static CryptographicException Failure(string call)
    {
        ulong code = ERR_get_error();
        ERR_clear_error();
        return new CryptographicException($"{call}: OpenSSL error {code:x}");
    }

    [LibraryImport(Library)]
    private static partial ulong ERR_get_error();

    [LibraryImport(Library)]
    internal static partial void ERR_clear_error();
}
