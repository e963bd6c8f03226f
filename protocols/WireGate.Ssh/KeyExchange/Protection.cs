using System.Security.Cryptography;
using WireGate.Ssh.Cryptography;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Packets;

namespace WireGate.Ssh.KeyExchange;

/// <summary>The secret of one exchange and what is derived of it: RFC 4253 section 7.2.</summary>
/// <param name="hash">The exchange's hash algorithm.</param>
/// <param name="secret">K as it is hashed: an mpint, or the string of a hybrid. Erased with this object.</param>
/// <param name="exchangeHash">H.</param>
/// <param name="sessionId">H of the connection's first exchange.</param>
internal sealed class Protection(HashAlgorithmName hash, SshWriter secret, byte[] exchangeHash, byte[] sessionId) : IDisposable
{
    // HASH(K || H || letter || session_id).
    private const byte IvToServer = (byte)'A';
    private const byte IvToClient = (byte)'B';
    private const byte KeyToServer = (byte)'C';
    private const byte KeyToClient = (byte)'D';
    private const byte MacKeyToServer = (byte)'E';
    private const byte MacKeyToClient = (byte)'F';

    // The longest of each: chacha20-poly1305 has 64 bytes of key, HMAC-SHA-512 as many.
    private const int MostKeyBytes = 64;
    private const int MostIvBytes = 16;

    /// <summary>Whether a cipher proves by itself what it encrypts.</summary>
    public static bool IsAead(string cipher) => cipher.Contains("-gcm@", StringComparison.Ordinal) || cipher.StartsWith("chacha20-", StringComparison.Ordinal);

    /// <summary>What opens the packets of one direction.</summary>
    public PacketOpener Opener(AgreedAlgorithms agreed, bool isToServer)
    {
        string cipher = isToServer ? agreed.CipherToServer : agreed.CipherToClient;
        using Keys keys = Derive(isToServer);
        return cipher switch
        {
            "aes128-gcm@openssh.com" => new GcmOpener(CipherKind.Aes128Gcm, keys.Key[..16], keys.Iv),
            "aes256-gcm@openssh.com" => new GcmOpener(CipherKind.Aes256Gcm, keys.Key[..32], keys.Iv),
            "chacha20-poly1305@openssh.com" => new ChaChaOpener(keys.Key),
            _ => CtrOpenerOf(cipher, isToServer ? agreed.MacToServer : agreed.MacToClient, keys),
        };
    }

    /// <summary>What seals the packets of one direction.</summary>
    public PacketSealer Sealer(AgreedAlgorithms agreed, bool isToServer)
    {
        string cipher = isToServer ? agreed.CipherToServer : agreed.CipherToClient;
        using Keys keys = Derive(isToServer);
        return cipher switch
        {
            "aes128-gcm@openssh.com" => new GcmSealer(CipherKind.Aes128Gcm, keys.Key[..16], keys.Iv),
            "aes256-gcm@openssh.com" => new GcmSealer(CipherKind.Aes256Gcm, keys.Key[..32], keys.Iv),
            "chacha20-poly1305@openssh.com" => new ChaChaSealer(keys.Key),
            _ => CtrSealerOf(cipher, isToServer ? agreed.MacToServer : agreed.MacToClient, keys),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => secret.Dispose();

    private static CtrOpener CtrOpenerOf(string cipher, string mac, Keys keys)
    {
        (CipherKind kind, int length) = CtrOf(cipher);
        return new CtrOpener(kind, keys.Key[..length], keys.Iv, MacOf(mac), keys.MacKey);
    }

    private static CtrSealer CtrSealerOf(string cipher, string mac, Keys keys)
    {
        (CipherKind kind, int length) = CtrOf(cipher);
        return new CtrSealer(kind, keys.Key[..length], keys.Iv, MacOf(mac), keys.MacKey);
    }

    private static (CipherKind Kind, int KeyLength) CtrOf(string cipher) => cipher switch
    {
        "aes128-ctr" => (CipherKind.Aes128Ctr, 16),
        "aes192-ctr" => (CipherKind.Aes192Ctr, 24),
        "aes256-ctr" => (CipherKind.Aes256Ctr, 32),
        _ => throw new ArgumentException($"cipher {cipher} was agreed on and is not known", nameof(cipher)),
    };

    private static MacKind MacOf(string mac) => mac switch
    {
        "hmac-sha2-256-etm@openssh.com" => new MacKind("SHA256", 32, IsEncryptedFirst: true),
        "hmac-sha2-512-etm@openssh.com" => new MacKind("SHA512", 64, IsEncryptedFirst: true),
        "hmac-sha2-256" => new MacKind("SHA256", 32, IsEncryptedFirst: false),
        "hmac-sha2-512" => new MacKind("SHA512", 64, IsEncryptedFirst: false),
        _ => throw new ArgumentException($"MAC {mac} was agreed on and is not known", nameof(mac)),
    };

    private Keys Derive(bool isToServer) => new(
        Derive(isToServer ? IvToServer : IvToClient, MostIvBytes),
        Derive(isToServer ? KeyToServer : KeyToClient, MostKeyBytes),
        Derive(isToServer ? MacKeyToServer : MacKeyToClient, MostKeyBytes));

    /// <summary>K1 = HASH(K || H || letter || session_id), K2 = HASH(K || H || K1), K3 = HASH(K || H || K1 || K2), ...</summary>
    private byte[] Derive(byte letter, int length)
    {
        byte[] derived = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        Span<byte> piece = stackalloc byte[64];
        using IncrementalHash digest = IncrementalHash.CreateHash(hash);
        for (int done = 0; done < length;)
        {
            digest.AppendData(secret.WrittenSpan);
            digest.AppendData(exchangeHash);
            if (done == 0)
            {
                digest.AppendData([letter]);
                digest.AppendData(sessionId);
            }
            else
            {
                digest.AppendData(derived.AsSpan(0, done));
            }

            int written = digest.GetHashAndReset(piece);
            int taken = Math.Min(written, length - done);
            piece[..taken].CopyTo(derived.AsSpan(done));
            done += taken;
        }

        CryptographicOperations.ZeroMemory(piece);
        return derived;
    }

    private sealed class Keys(byte[] iv, byte[] key, byte[] macKey) : IDisposable
    {
        public ReadOnlySpan<byte> Iv => iv;

        public ReadOnlySpan<byte> Key => key;

        public ReadOnlySpan<byte> MacKey => macKey;

        public void Dispose()
        {
            CryptographicOperations.ZeroMemory(iv);
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(macKey);
        }
    }
}
