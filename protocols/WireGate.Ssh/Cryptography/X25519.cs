using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace WireGate.Ssh.Cryptography;

/// <summary>One side of an X25519 agreement (RFC 7748), with a key that is used once.</summary>
internal sealed unsafe partial class X25519 : IDisposable
{
    /// <summary>Bytes of a public key and of what is agreed on.</summary>
    internal const int Length = 32;

    // NID_X25519.
    private const int KeyType = 1034;

    private readonly SafeEvpPKeyHandle _key;

    public X25519()
    {
        byte[] seed = RandomNumberGenerator.GetBytes(Length);
        fixed (byte* s = seed)
        {
            nint key = EVP_PKEY_new_raw_private_key(KeyType, 0, s, Length);
            CryptographicOperations.ZeroMemory(seed);
            _key = key == 0 ? throw LibCrypto.Failure("EVP_PKEY_new_raw_private_key") : new SafeEvpPKeyHandle(key, ownsHandle: true);
        }

        PublicKey = new byte[Length];
        nuint length = Length;
        fixed (byte* p = PublicKey)
        {
            if (EVP_PKEY_get_raw_public_key(_key, p, &length) != 1)
            {
                throw LibCrypto.Failure("EVP_PKEY_get_raw_public_key");
            }
        }
    }

    /// <summary>What the other side is told.</summary>
    public byte[] PublicKey { get; }

    /// <summary>Agrees.</summary>
    /// <param name="other">The other side's public key, <see cref="Length"/> bytes.</param>
    /// <param name="secret">Takes <see cref="Length"/> bytes.</param>
    /// <returns>False: the other's key is one with which everybody agrees on zero (RFC 8731 section 3).</returns>
    public bool TryAgree(ReadOnlySpan<byte> other, Span<byte> secret)
    {
        nint peer;
        fixed (byte* o = other)
        {
            peer = EVP_PKEY_new_raw_public_key(KeyType, 0, o, (nuint)other.Length);
        }

        nint context = 0;
        try
        {
            if (peer == 0 || (context = EVP_PKEY_CTX_new(_key, 0)) == 0 || EVP_PKEY_derive_init(context) != 1)
            {
                throw LibCrypto.Failure("EVP_PKEY_derive_init");
            }

            nuint length = Length;
            fixed (byte* s = secret)
            {
                // The library refuses the points of small order by itself; the comparison does not depend on it.
                if (EVP_PKEY_derive_set_peer(context, peer) != 1 || EVP_PKEY_derive(context, s, &length) != 1)
                {
                    LibCrypto.ERR_clear_error();
                    return false;
                }
            }

            return length == Length && !CryptographicOperations.FixedTimeEquals(secret[..Length], stackalloc byte[Length]);
        }
        finally
        {
            EVP_PKEY_CTX_free(context);
            EVP_PKEY_free(peer);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    [LibraryImport(LibCrypto.Library)]
    private static partial nint EVP_PKEY_new_raw_private_key(int type, nint engine, byte* key, nuint length);

    [LibraryImport(LibCrypto.Library)]
    private static partial nint EVP_PKEY_new_raw_public_key(int type, nint engine, byte* key, nuint length);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_PKEY_get_raw_public_key(SafeEvpPKeyHandle key, byte* publicKey, nuint* length);

    [LibraryImport(LibCrypto.Library)]
    private static partial nint EVP_PKEY_CTX_new(SafeEvpPKeyHandle key, nint engine);

    [LibraryImport(LibCrypto.Library)]
    private static partial void EVP_PKEY_CTX_free(nint context);

    [LibraryImport(LibCrypto.Library)]
    private static partial void EVP_PKEY_free(nint key);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_PKEY_derive_init(nint context);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_PKEY_derive_set_peer(nint context, nint peer);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_PKEY_derive(nint context, byte* secret, nuint* length);

    /// <summary>Owns an EVP_PKEY.</summary>
    private sealed class SafeEvpPKeyHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        public SafeEvpPKeyHandle(nint key, bool ownsHandle)
            : base(ownsHandle) => SetHandle(key);

        protected override bool ReleaseHandle()
        {
            EVP_PKEY_free(handle);
            return true;
        }
    }
}
