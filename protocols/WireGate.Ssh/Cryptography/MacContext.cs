using System.Runtime.InteropServices;

namespace WireGate.Ssh.Cryptography;

/// <summary>A kept EVP_MAC_CTX: HMAC with one key for all packets, or Poly1305 with a key for each.</summary>
internal sealed unsafe partial class MacContext : SafeHandle
{
    // OSSL_PARAM_UTF8_STRING.
    private const uint Utf8String = 4;

    /// <summary>For the marshaller.</summary>
    public MacContext()
        : base(0, ownsHandle: true)
    {
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>HMAC with a key that all messages have.</summary>
    /// <param name="digest">The hash's name, <c>SHA256</c>.</param>
    /// <param name="key">The key.</param>
    public static MacContext Hmac(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> key)
    {
        MacContext context = Create("HMAC"u8);
        fixed (byte* name = "digest"u8, value = digest, k = key)
        {
            Parameter* parameters = stackalloc Parameter[2];
            parameters[0] = new Parameter { Key = name, Type = Utf8String, Data = value, Size = (nuint)digest.Length };
            parameters[1] = default;
            Check(EVP_MAC_init(context, k, (nuint)key.Length, parameters));
        }

        return context;
    }

    /// <summary>Poly1305; each message begins with its key.</summary>
    public static MacContext Poly1305() => Create("POLY1305"u8);

    /// <summary>Begins the next message.</summary>
    /// <param name="key">Its key; empty: the one that all messages have.</param>
    public void Begin(ReadOnlySpan<byte> key = default)
    {
        fixed (byte* k = key)
        {
            Check(EVP_MAC_init(this, k, (nuint)key.Length, null));
        }
    }

    public void Update(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* b = bytes)
        {
            Check(EVP_MAC_update(this, b, (nuint)bytes.Length));
        }
    }

    /// <summary>Ends a message.</summary>
    /// <param name="tag">As long as the whole tag.</param>
    public void Finish(Span<byte> tag)
    {
        nuint written;
        fixed (byte* t = tag)
        {
            Check(EVP_MAC_final(this, t, &written, (nuint)tag.Length));
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        EVP_MAC_CTX_free(handle);
        return true;
    }

    private static MacContext Create(ReadOnlySpan<byte> name)
    {
        nint mac;
        fixed (byte* n = name)
        {
            mac = EVP_MAC_fetch(0, n, null);
        }

        // The context keeps the algorithm.
        MacContext context = mac == 0 ? throw LibCrypto.Failure("EVP_MAC_fetch") : EVP_MAC_CTX_new(mac);
        EVP_MAC_free(mac);
        return context.IsInvalid ? throw LibCrypto.Failure("EVP_MAC_CTX_new") : context;
    }

    private static void Check(int result)
    {
        if (result != 1)
        {
            throw LibCrypto.Failure("EVP_MAC");
        }
    }

    [LibraryImport(LibCrypto.Library)]
    private static partial nint EVP_MAC_fetch(nint library, byte* name, byte* properties);

    [LibraryImport(LibCrypto.Library)]
    private static partial void EVP_MAC_free(nint mac);

    [LibraryImport(LibCrypto.Library)]
    private static partial MacContext EVP_MAC_CTX_new(nint mac);

    [LibraryImport(LibCrypto.Library)]
    private static partial void EVP_MAC_CTX_free(nint context);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_MAC_init(MacContext context, byte* key, nuint length, Parameter* parameters);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_MAC_update(MacContext context, byte* bytes, nuint length);

    [LibraryImport(LibCrypto.Library)]
    private static partial int EVP_MAC_final(MacContext context, byte* tag, nuint* written, nuint size);

    /// <summary>OSSL_PARAM.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Parameter
    {
        public byte* Key;
        public uint Type;
        public void* Data;
        public nuint Size;
        public nuint ReturnSize;
    }
}
