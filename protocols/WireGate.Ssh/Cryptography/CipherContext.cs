using System.Runtime.InteropServices;

namespace WireGate.Ssh.Cryptography;

/// <summary>The ciphers that SSH's packets are protected with, as libcrypto knows them.</summary>
internal enum CipherKind
{
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ctr,
    Aes192Ctr,
    Aes256Ctr,
    ChaCha20,
}

/// <summary>
/// A kept EVP_CIPHER_CTX: one key, one direction. Each packet only sets its nonce, which costs a fifth of what a new context does.
/// </summary>
internal sealed unsafe partial class CipherContext : SafeHandle
{
    private const int EVP_CTRL_AEAD_GET_TAG = 0x10;
    private const int EVP_CTRL_AEAD_SET_TAG = 0x11;

    /// <summary>For the marshaller.</summary>
    public CipherContext()
        : base(0, ownsHandle: true)
    {
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>A context with its key.</summary>
    /// <param name="kind">The cipher.</param>
    /// <param name="key">As long as the cipher's key.</param>
    /// <param name="iv">What it begins with; empty: each use sets its own.</param>
    /// <param name="isEncrypting">Its direction.</param>
    public static CipherContext Create(CipherKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, bool isEncrypting)
    {
        CipherContext context = EVP_CIPHER_CTX_new();
        fixed (byte* k = key, i = iv)
        {
            if (context.IsInvalid || EVP_CipherInit_ex(context, CipherOf(kind), 0, k, i, isEncrypting ? 1 : 0) != 1)
            {
                context.Dispose();
                throw LibCrypto.Failure("EVP_CipherInit_ex");
            }
        }

        return context;
    }

    /// <summary>Begins anew with another nonce, and the key that it has.</summary>
    public void SetNonce(ReadOnlySpan<byte> nonce)
    {
        fixed (byte* n = nonce)
        {
            Check(EVP_CipherInit_ex(this, 0, 0, null, n, -1), "EVP_CipherInit_ex");
        }
    }

    /// <summary>Authenticates what is not encrypted.</summary>
    public void UpdateAad(ReadOnlySpan<byte> aad)
    {
        int written;
        fixed (byte* a = aad)
        {
            Check(EVP_CipherUpdate(this, null, &written, a, aad.Length), "EVP_CipherUpdate");
        }
    }

    /// <summary>Encrypts or decrypts the next bytes; all of these are stream ciphers.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="destination">At least as long; the same memory, or apart from it.</param>
    public void Update(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, source.Length);
        int written;
        fixed (byte* s = source, d = destination)
        {
            Check(EVP_CipherUpdate(this, d, &written, s, source.Length), "EVP_CipherUpdate");
        }
    }

    /// <summary>Ends an AEAD's encryption and writes its tag.</summary>
    public void FinishTag(Span<byte> tag)
    {
        byte none;
        int written;
        Check(EVP_CipherFinal_ex(this, &none, &written), "EVP_CipherFinal_ex");
        fixed (byte* t = tag)
        {
            Check(EVP_CIPHER_CTX_ctrl(this, EVP_CTRL_AEAD_GET_TAG, tag.Length, t), "EVP_CTRL_AEAD_GET_TAG");
        }
    }

    /// <summary>Ends an AEAD's decryption.</summary>
    /// <returns>False: it is not the tag of what was decrypted.</returns>
    public bool VerifyTag(ReadOnlySpan<byte> tag)
    {
        fixed (byte* t = tag)
        {
            Check(EVP_CIPHER_CTX_ctrl(this, EVP_CTRL_AEAD_SET_TAG, tag.Length, t), "EVP_CTRL_AEAD_SET_TAG");
        }

        byte none;
        int written;
        if (EVP_CipherFinal_ex(this, &none, &written) == 1)
        {
            return true;
        }

        LibCrypto.ERR_clear_error();
        return false;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        EVP_CIPHER_CTX_free(handle);
        return true;
    }

    private static nint CipherOf(CipherKind kind) => kind switch
    {
        CipherKind.Aes128Gcm => EVP_aes_128_gcm(),
        CipherKind.Aes256Gcm => EVP_aes_256_gcm(),
        CipherKind.Aes128Ctr => EVP_aes_128_ctr(),
        CipherKind.Aes192Ctr => EVP_aes_192_ctr(),
        CipherKind.Aes256Ctr => EVP_aes_256_ctr(),
        CipherKind.ChaCha20 => EVP_chacha20(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static void Check(int result, string call)
    {
        if (result != 1)
        {
            throw LibCrypto.Failure(call);
        }
    }

    [LibraryImport(LibCrypto.Library)]
    private static partial CipherContext EVP_CIPHER_CTX_new();

    [LibraryImport(LibCrypto.Library)]
    private static partial void EVP_CIPHER_CTX_free(nint context);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_CIPHER_CTX_ctrl(CipherContext context, int type, int argument, void* pointer);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_CipherInit_ex(CipherContext context, nint cipher, nint engine, byte* key, byte* iv, int isEncrypting);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_CipherUpdate(CipherContext context, byte* destination, int* written, byte* source, int length);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_CipherFinal_ex(CipherContext context, byte* destination, int* written);

    [LibraryImport(LibCrypto.Library)]
    private static partial nint EVP_aes_128_gcm();

    [LibraryImport(LibCrypto.Library)]
    private static partial nint EVP_aes_256_gcm();

    [LibraryImport(LibCrypto.Library)]
    private static partial nint EVP_aes_128_ctr();

    [LibraryImport(LibCrypto.Library)]
    private static partial nint EVP_aes_192_ctr();

    [LibraryImport(LibCrypto.Library)]
    private static partial nint EVP_aes_256_ctr();

    [LibraryImport(LibCrypto.Library)]
    private static partial nint EVP_chacha20();
}
