using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Ssh.Cryptography;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

/// <summary>OpenSSH's own form of a private key file, <c>openssh-key-v1</c>: one key, encrypted or not.</summary>
internal static class OpenSshKeyFile
{
    private const int PaddedTo = 8;

    public static ReadOnlySpan<byte> Begin => "-----BEGIN OPENSSH PRIVATE KEY-----"u8;

    private static ReadOnlySpan<byte> End => "-----END OPENSSH PRIVATE KEY-----"u8;

    private static ReadOnlySpan<byte> Magic => "openssh-key-v1\0"u8;

    /// <exception cref="KeyFileException">In the operator's words.</exception>
    /// <exception cref="ProtocolException">It is damaged.</exception>
    /// <exception cref="CryptographicException">Its numbers are.</exception>
    public static SshPrivateKey Parse(ReadOnlySpan<byte> file, ReadOnlySpan<byte> passphrase)
    {
        ReadOnlySpan<byte> text = file[(file.IndexOf(Begin) + Begin.Length)..];
        int end = text.IndexOf(End);
        if (end < 0)
        {
            throw new KeyFileException("the key file has no line \"END OPENSSH PRIVATE KEY\": it was not copied to its end");
        }

        if (text[end..].IndexOf(Begin) >= 0)
        {
            throw new KeyFileException("the file holds more than one key: one file for each");
        }

        byte[] bytes = GC.AllocateArray<byte>(Base64.GetMaxDecodedFromUtf8Length(end), pinned: true);
        try
        {
            return Base64.DecodeFromUtf8(text[..end], bytes, out _, out int length) == OperationStatus.Done
                ? ParseBytes(bytes.AsSpan(0, length), passphrase)
                : throw new KeyFileException("what lies between the file's first and last line is not base64");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static SshPrivateKey ParseBytes(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> passphrase)
    {
        var reader = new SshReader(Peer.Client, bytes);
        if (!reader.ReadBytes(Magic.Length).SequenceEqual(Magic))
        {
            throw new KeyFileException("not the first version of OpenSSH's key files, the only one there is");
        }

        ReadOnlySpan<byte> cipherName = reader.ReadString();
        ReadOnlySpan<byte> derivation = reader.ReadString();
        ReadOnlySpan<byte> derivationOptions = reader.ReadString();
        if (reader.ReadUInt32() != 1)
        {
            throw new KeyFileException("the file holds more than one key, or none: one file for each");
        }

        SshPublicKey publicKey = ParsePublicKey(reader.ReadString());
        ReadOnlySpan<byte> body = reader.ReadString();
        if (cipherName.SequenceEqual("none"u8))
        {
            reader.End();
            return derivation.SequenceEqual("none"u8) && derivationOptions.IsEmpty && body.Length % PaddedTo == 0
                ? ParseBody(body, publicKey, PaddedTo)
                : throw new KeyFileException("the key file is damaged: it says both that it is encrypted and that it is not");
        }

        KeyFileCipher cipher = KeyFileCipher.Find(cipherName)
            ?? throw new KeyFileException("the key is encrypted with a cipher that is not read here: ssh-keygen -p -Z aes256-ctr -f key");
        ReadOnlySpan<byte> tag = reader.ReadBytes(cipher.TagLength);
        reader.End();
        if (!derivation.SequenceEqual("bcrypt"u8) || body.IsEmpty || body.Length % KeyFileCipher.BlockLength != 0)
        {
            throw new KeyFileException("the key file is damaged: it cannot have been encrypted as it says");
        }

        if (passphrase.IsEmpty)
        {
            throw new KeyFileException("the key needs a passphrase");
        }

        using Secret plain = cipher.Decrypt(passphrase, derivationOptions, body, tag);
        return ParseBody(plain.Span, publicKey, KeyFileCipher.BlockLength);
    }

    private static SshPublicKey ParsePublicKey(ReadOnlySpan<byte> blob)
    {
        string keyType = Encoding.ASCII.GetString(new SshReader(Peer.Client, blob).ReadString());
        return keyType.StartsWith("sk-", StringComparison.Ordinal)
            ? throw new KeyFileException("the key lives in a security key that somebody has to touch: a gateway needs one of its own")
            : keyType == "ssh-dss" ? throw new KeyFileException("a DSA key: too weak to be used, make another with ssh-keygen -t ed25519")
            : SshPublicKey.Parse(Peer.Client, blob);
    }

    private static SshPrivateKey ParseBody(ReadOnlySpan<byte> body, SshPublicKey publicKey, int blockLength)
    {
        var reader = new SshReader(Peer.Client, body);
        if (reader.ReadUInt32() != reader.ReadUInt32())
        {
            throw new KeyFileException(blockLength == PaddedTo ? "the key file is damaged" : "the passphrase is wrong");
        }

        if (!Ascii.Equals(reader.ReadString(), publicKey.KeyType))
        {
            throw new KeyFileException("the key file is damaged: its two halves are of different types");
        }

        SshPrivateKey key = EcdsaCurve.Find(publicKey.KeyType) is { } curve ? EcdsaPrivateKey.Read(curve, ref reader)
            : publicKey.KeyType == SshPublicKey.RsaType ? RsaPrivateKey.Read(ref reader)
            : ReadEd25519(ref reader);
        try
        {
            reader.ReadString();
            CheckPadding(reader.ReadRest(), blockLength);
            return key.PublicKey.Equals(publicKey) ? key
                : throw new KeyFileException("the private half of the key does not belong to its public half");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static Ed25519PrivateKey ReadEd25519(ref SshReader reader)
    {
        ReadOnlySpan<byte> publicKey = reader.ReadString();
        ReadOnlySpan<byte> both = reader.ReadString();
        if (both.Length != 2 * Ed25519.KeyLength || !both[Ed25519.KeyLength..].SequenceEqual(publicKey))
        {
            throw new KeyFileException("the private half of the key does not belong to its public half");
        }

        return new Ed25519PrivateKey(Ed25519.OpenPrivateKey(both[..Ed25519.KeyLength]));
    }

    private static void CheckPadding(ReadOnlySpan<byte> padding, int blockLength)
    {
        if (padding.Length >= blockLength)
        {
            throw new KeyFileException("the key file is damaged: something follows the key");
        }

        for (int i = 0; i < padding.Length; i++)
        {
            if (padding[i] != i + 1)
            {
                throw new KeyFileException("the key file is damaged: its padding is not 1, 2, 3");
            }
        }
    }
}
