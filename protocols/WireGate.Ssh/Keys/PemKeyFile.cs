using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using WireGate.Core.Framing;
using WireGate.Ssh.Cryptography;

namespace WireGate.Ssh.Keys;

/// <summary>
/// Private keys in PEM, by libcrypto: PKCS#1, SEC1, PKCS#8, encrypted or not, also in the way of before PKCS#8. The BCL reads neither
/// Ed25519 nor that way.
/// </summary>
internal static unsafe partial class PemKeyFile
{
    private const int RsaIdentifier = 6;
    private const int EcIdentifier = 408;

    /// <exception cref="KeyFileException">In the operator's words.</exception>
    /// <exception cref="ProtocolException">Its key may not sign here.</exception>
    /// <exception cref="CryptographicException">Its numbers do not make a key.</exception>
    public static SshPrivateKey Parse(ReadOnlySpan<byte> file, ReadOnlySpan<byte> passphrase)
    {
        if (Refuse(file) is { } refusal)
        {
            throw new KeyFileException(refusal);
        }

        using SafeEvpPKeyHandle key = Read(file, passphrase);
        switch (EVP_PKEY_get_id(key))
        {
            case Ed25519.Identifier:
                return new Ed25519PrivateKey(key.DuplicateHandle());
            case RsaIdentifier:
                return Own(new RSAOpenSsl(key), RsaPrivateKey.Own);
            case EcIdentifier:
                return Own(new ECDsaOpenSsl(key), EcdsaPrivateKey.Own);
            default:
                throw new KeyFileException("a key of a kind that may not sign here: make one with ssh-keygen -t ed25519");
        }
    }

    /// <summary>What is often taken for a private key.</summary>
    private static string? Refuse(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> text = file.TrimStart(" \t\r\n"u8);
        return text.StartsWith("PuTTY-User-Key-File-"u8) ? "a PPK file: puttygen key.ppk -O private-openssh -o key"
            : text.StartsWith("ssh-"u8) || text.StartsWith("ecdsa-"u8) || text.StartsWith("sk-"u8) || text.IndexOf("PUBLIC KEY-----"u8) >= 0
                ? "a public key: the private one is in the file beside it whose name has no .pub"
            : text.IndexOf("-----BEGIN DSA "u8) >= 0 ? "a DSA key: too weak to be used, make another with ssh-keygen -t ed25519"
            : text.IndexOf("PRIVATE KEY-----"u8) < 0 ? "no private key in OpenSSH's form or in PEM"
            : null;
    }

    private static SafeEvpPKeyHandle Read(ReadOnlySpan<byte> file, ReadOnlySpan<byte> passphrase)
    {
        fixed (byte* bytes = file, secret = passphrase)
        {
            var asked = new Passphrase { Bytes = secret, Length = passphrase.Length };
            nint bio = BIO_new_mem_buf(bytes, file.Length);
            if (bio == 0)
            {
                throw LibCrypto.Failure(nameof(BIO_new_mem_buf));
            }

            try
            {
                // With a callback always: without one libcrypto would ask on the terminal.
                SafeEvpPKeyHandle key = PEM_read_bio_PrivateKey(bio, 0, &GetPassphrase, &asked);
                return !key.IsInvalid ? key
                    : throw new KeyFileException(!asked.WasAsked ? "the key file is damaged"
                        : passphrase.IsEmpty ? "the key needs a passphrase"
                        : "the passphrase is wrong, or the key file is damaged");
            }
            finally
            {
                _ = BIO_free(bio);
                LibCrypto.ERR_clear_error();
            }
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetPassphrase(byte* buffer, int size, int isForWriting, Passphrase* passphrase)
    {
        passphrase->WasAsked = true;
        if (passphrase->Length == 0 || passphrase->Length > size)
        {
            return -1;
        }

        new ReadOnlySpan<byte>(passphrase->Bytes, passphrase->Length).CopyTo(new Span<byte>(buffer, size));
        return passphrase->Length;
    }

    private static SshPrivateKey Own<T>(T key, Func<T, SshPrivateKey> own) where T : IDisposable
    {
        try
        {
            return own(key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    [LibraryImport(LibCrypto.Library)]
    private static partial nint BIO_new_mem_buf(byte* bytes, int length);

    [LibraryImport(LibCrypto.Library)]
    private static partial int BIO_free(nint bio);

    [LibraryImport(LibCrypto.Library)]
    private static partial SafeEvpPKeyHandle PEM_read_bio_PrivateKey(
        nint bio, nint key, delegate* unmanaged[Cdecl]<byte*, int, int, Passphrase*, int> callback, Passphrase* passphrase);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_PKEY_get_id(SafeEvpPKeyHandle key);

    private struct Passphrase
    {
        public byte* Bytes;
        public int Length;
        public bool WasAsked;
    }
}
