using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace WireGate.Ssh.Cryptography;

/// <summary>Signatures of RFC 8032 (Ed25519, without prehash or context), by libcrypto. Its keys may be used by several threads at once.</summary>
internal static unsafe partial class Ed25519
{
    /// <summary>Bytes of a public key, and of the seed that is the private one.</summary>
    public const int KeyLength = 32;

    public const int SignatureLength = 64;

    /// <summary>EVP_PKEY_ED25519.</summary>
    public const int Identifier = 1087;

    /// <summary>A new private key.</summary>
    public static SafeEvpPKeyHandle Generate()
    {
        Span<byte> seed = stackalloc byte[KeyLength];
        try
        {
            RandomNumberGenerator.Fill(seed);
            return OpenPrivateKey(seed);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>The private key of a seed, in memory of libcrypto's, which zeroes it.</summary>
    public static SafeEvpPKeyHandle OpenPrivateKey(ReadOnlySpan<byte> seed)
    {
        SafeEvpPKeyHandle key = EVP_PKEY_new_raw_private_key(Identifier, 0, seed, (nuint)seed.Length);
        return key.IsInvalid ? throw LibCrypto.Failure(nameof(EVP_PKEY_new_raw_private_key)) : key;
    }

    public static void GetPublicKey(SafeEvpPKeyHandle key, Span<byte> publicKey)
    {
        nuint length = (nuint)publicKey.Length;
        if (EVP_PKEY_get_raw_public_key(key, publicKey, ref length) != 1 || length != KeyLength)
        {
            throw LibCrypto.Failure(nameof(EVP_PKEY_get_raw_public_key));
        }
    }

    public static byte[] Sign(SafeEvpPKeyHandle key, ReadOnlySpan<byte> data)
    {
        using ContextHandle context = NewContext();
        byte[] signature = new byte[SignatureLength];
        nuint length = SignatureLength;
        if (EVP_DigestSignInit(context, 0, 0, 0, key) != 1
            || EVP_DigestSign(context, signature, ref length, data, (nuint)data.Length) != 1 || length != SignatureLength)
        {
            throw LibCrypto.Failure(nameof(EVP_DigestSign));
        }

        return signature;
    }

    /// <summary>False also where the key is no point of the curve: nothing can have been signed with it.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using SafeEvpPKeyHandle key = EVP_PKEY_new_raw_public_key(Identifier, 0, publicKey, (nuint)publicKey.Length);
        using ContextHandle context = NewContext();
        if (key.IsInvalid || EVP_DigestVerifyInit(context, 0, 0, 0, key) != 1)
        {
            throw LibCrypto.Failure(nameof(EVP_DigestVerifyInit));
        }

        bool isValid = EVP_DigestVerify(context, signature, (nuint)signature.Length, data, (nuint)data.Length) == 1;
        LibCrypto.ERR_clear_error();
        return isValid;
    }

    private static ContextHandle NewContext()
    {
        ContextHandle context = EVP_MD_CTX_new();
        return context.IsInvalid ? throw LibCrypto.Failure(nameof(EVP_MD_CTX_new)) : context;
    }

    [LibraryImport(LibCrypto.Library)]
    private static partial SafeEvpPKeyHandle EVP_PKEY_new_raw_private_key(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(LibCrypto.Library)]
    private static partial SafeEvpPKeyHandle EVP_PKEY_new_raw_public_key(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_PKEY_get_raw_public_key(SafeEvpPKeyHandle key, Span<byte> publicKey, ref nuint length);

    [LibraryImport(LibCrypto.Library)]
    private static partial ContextHandle EVP_MD_CTX_new();

    [LibraryImport(LibCrypto.Library)]
    private static partial void EVP_MD_CTX_free(nint context);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_DigestSignInit(ContextHandle context, nint keyContext, nint digest, nint engine, SafeEvpPKeyHandle key);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_DigestSign(
        ContextHandle context, Span<byte> signature, ref nuint signatureLength, ReadOnlySpan<byte> data, nuint length);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_DigestVerifyInit(ContextHandle context, nint keyContext, nint digest, nint engine, SafeEvpPKeyHandle key);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_DigestVerify(
        ContextHandle context, ReadOnlySpan<byte> signature, nuint signatureLength, ReadOnlySpan<byte> data, nuint length);

    private sealed class ContextHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            EVP_MD_CTX_free(handle);
            return true;
        }
    }
}
