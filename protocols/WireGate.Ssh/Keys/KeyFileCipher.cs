using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

/// <summary>What an openssh-key-v1 file may be encrypted with: AES, its key and first block derived of the passphrase by bcrypt.</summary>
internal sealed class KeyFileCipher
{
    public const int BlockLength = 16;

    // Some ten seconds of one core; ssh-keygen takes 24 by itself.
    private const int MaxRounds = 1024;

    private const int MinSaltLength = 8;
    private const int MaxSaltLength = 1024;
    private const int GcmNonceLength = 12;
    private const int GcmTagLength = 16;

    private static readonly KeyFileCipher[] All =
    [
        new("aes256-ctr", 32, BlockLength, 0, DecryptCtr),
        new("aes256-gcm@openssh.com", 32, GcmNonceLength, GcmTagLength, DecryptGcm),
        new("aes256-cbc", 32, BlockLength, 0, DecryptCbc),
        new("aes128-ctr", 16, BlockLength, 0, DecryptCtr),
    ];

    private readonly string _name;
    private readonly int _keyLength;
    private readonly int _ivLength;
    private readonly Decryption _decrypt;

    private KeyFileCipher(string name, int keyLength, int ivLength, int tagLength, Decryption decrypt)
    {
        _name = name;
        _keyLength = keyLength;
        _ivLength = ivLength;
        TagLength = tagLength;
        _decrypt = decrypt;
    }

    private delegate void Decryption(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> encrypted, ReadOnlySpan<byte> tag, Span<byte> plain);

    /// <summary>Bytes that follow what is encrypted.</summary>
    public int TagLength { get; }

    public static KeyFileCipher? Find(ReadOnlySpan<byte> name)
    {
        foreach (KeyFileCipher cipher in All)
        {
            if (Ascii.Equals(name, cipher._name))
            {
                return cipher;
            }
        }

        return null;
    }

    /// <summary>Decrypts; seconds of CPU at worst, never on an event loop.</summary>
    /// <param name="passphrase">Not empty.</param>
    /// <param name="options">Salt and rounds.</param>
    /// <param name="encrypted">Whole blocks.</param>
    /// <param name="tag">As long as <see cref="TagLength"/> says.</param>
    public Secret Decrypt(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> options, ReadOnlySpan<byte> encrypted, ReadOnlySpan<byte> tag)
    {
        var reader = new SshReader(Peer.Client, options);
        ReadOnlySpan<byte> salt = reader.ReadString();
        uint rounds = reader.ReadUInt32();
        reader.End();
        if (rounds is 0 or > MaxRounds || salt.Length is < MinSaltLength or > MaxSaltLength)
        {
            throw new KeyFileException($"the key was encrypted with more than {MaxRounds} rounds, or as nothing does: ssh-keygen -p -a 24 -f key");
        }

        byte[] derived = GC.AllocateArray<byte>(_keyLength + _ivLength, pinned: true);
        byte[] plain = GC.AllocateArray<byte>(encrypted.Length, pinned: true);
        try
        {
            BcryptPbkdf.Derive(passphrase, salt, (int)rounds, derived);
            _decrypt(derived.AsSpan(0, _keyLength), derived.AsSpan(_keyLength), encrypted, tag, plain);
            return Secret.CopyOf(plain);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new KeyFileException("the passphrase is wrong", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private static void DecryptGcm(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> encrypted, ReadOnlySpan<byte> tag, Span<byte> plain)
    {
        using var gcm = new AesGcm(key, GcmTagLength);
        gcm.Decrypt(iv, encrypted, tag, plain);
    }

    private static void DecryptCbc(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> encrypted, ReadOnlySpan<byte> tag, Span<byte> plain)
    {
        using var aes = Aes.Create();
        aes.SetKey(key);
        aes.DecryptCbc(encrypted, iv, plain, PaddingMode.None);
    }

    /// <summary>Encrypts the counters, one a block, and mixes them in: the BCL has no counter mode.</summary>
    private static void DecryptCtr(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> encrypted, ReadOnlySpan<byte> tag, Span<byte> plain)
    {
        UInt128 counter = BinaryPrimitives.ReadUInt128BigEndian(iv);
        for (int i = 0; i < plain.Length; i += BlockLength)
        {
            BinaryPrimitives.WriteUInt128BigEndian(plain[i..], counter++);
        }

        using var aes = Aes.Create();
        aes.SetKey(key);
        aes.EncryptEcb(plain, plain, PaddingMode.None);
        for (int i = 0; i < plain.Length; i++)
        {
            plain[i] ^= encrypted[i];
        }
    }
}
