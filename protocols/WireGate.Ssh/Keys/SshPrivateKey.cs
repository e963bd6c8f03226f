using System.Security.Cryptography;
using WireGate.Core.Framing;
using WireGate.Ssh.Cryptography;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

/// <summary>
/// A private key that signs here: Ed25519, ECDSA or RSA. What is secret of it lies in memory of libcrypto's, which zeroes it when the
/// key is disposed. Several threads may sign with it at once.
/// </summary>
internal abstract class SshPrivateKey : IDisposable
{
    /// <summary>Bytes of a key file at most. Ours: the largest RSA key, encrypted and in base64, stays far below.</summary>
    public const int MaxFileLength = 64 * 1024;

    private protected SshPrivateKey(SshPublicKey publicKey) => PublicKey = publicKey;

    public SshPublicKey PublicKey { get; }

    /// <summary>A new Ed25519 key.</summary>
    public static SshPrivateKey Generate() => new Ed25519PrivateKey(Ed25519.Generate());

    /// <summary>Reads a key file: OpenSSH's own form, or any PEM that libcrypto reads.</summary>
    /// <param name="file">All of it; the caller zeroes it.</param>
    /// <param name="passphrase">Empty: there is none. A key that is not encrypted does not ask for it.</param>
    /// <exception cref="KeyFileException">It is none of these, needs a passphrase or another one, or its key may not sign here.</exception>
    public static SshPrivateKey Parse(ReadOnlySpan<byte> file, ReadOnlySpan<byte> passphrase)
    {
        if (file.Length > MaxFileLength)
        {
            throw new KeyFileException($"a key file of more than {MaxFileLength} bytes");
        }

        try
        {
            SshPrivateKey key = file.IndexOf(OpenSshKeyFile.Begin) >= 0
                ? OpenSshKeyFile.Parse(file, passphrase)
                : PemKeyFile.Parse(file, passphrase);
            try
            {
                key.CheckHalves();
                return key;
            }
            catch
            {
                key.Dispose();
                throw;
            }
        }
        catch (ProtocolException e)
        {
            throw new KeyFileException($"the key cannot be used: {e.Message}", e);
        }
        catch (CryptographicException e)
        {
            throw new KeyFileException("the key cannot be used: its numbers do not make a key", e);
        }
    }

    /// <summary>Signs.</summary>
    /// <param name="algorithm">One of the public key's.</param>
    /// <param name="data">What is signed.</param>
    /// <returns>The signature with its name.</returns>
    public byte[] Sign(string algorithm, ReadOnlySpan<byte> data)
    {
        if (!PublicKey.SignatureAlgorithms.Contains(algorithm))
        {
            throw new ArgumentException("none of the key's algorithms", nameof(algorithm));
        }

        using var writer = new SshWriter();
        return writer.String(algorithm).String(SignData(algorithm, data)).WrittenSpan.ToArray();
    }

    /// <summary>Zeroes the key.</summary>
    public abstract void Dispose();

    /// <summary>The signature itself, without its name.</summary>
    private protected abstract byte[] SignData(string algorithm, ReadOnlySpan<byte> data);

    /// <summary>A file can hold halves of two keys; what they sign would be refused by everybody, and be told by nobody.</summary>
    private void CheckHalves()
    {
        string algorithm = PublicKey.SignatureAlgorithms[0];
        if (!PublicKey.Verify(algorithm, "halves"u8, Sign(algorithm, "halves"u8), out _))
        {
            throw new KeyFileException("the private half of the key does not belong to its public half");
        }
    }
}
