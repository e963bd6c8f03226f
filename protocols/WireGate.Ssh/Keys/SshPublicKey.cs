using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Keys;

/// <summary>
/// A public key that may sign here: Ed25519, ECDSA, RSA of at least 2048 bits, and the two kinds of security keys. Never DSA, never
/// SHA-1. Immutable; two are equal where their blobs are, whoever sent them.
/// </summary>
internal abstract class SshPublicKey : IEquatable<SshPublicKey>
{
    public const string Ed25519Type = "ssh-ed25519";
    public const string RsaType = "ssh-rsa";
    public const string SkEd25519Type = "sk-ssh-ed25519@openssh.com";
    public const string SkEcdsaType = "sk-ecdsa-sha2-nistp256@openssh.com";

    private readonly byte[] _blob;

    /// <param name="peer">Whose fault it is where a signature of this key is malformed.</param>
    /// <param name="keyType">The first string of the blob.</param>
    /// <param name="blob">All of it; owned from now on.</param>
    /// <param name="signatureAlgorithms">What its signatures may be called, the best first.</param>
    private protected SshPublicKey(Peer peer, string keyType, byte[] blob, params ImmutableArray<string> signatureAlgorithms)
    {
        Peer = peer;
        KeyType = keyType;
        _blob = blob;
        SignatureAlgorithms = signatureAlgorithms;
    }

    /// <summary>The key as it goes over the wire.</summary>
    public ReadOnlyMemory<byte> Blob => _blob;

    /// <summary>The name its blob begins with.</summary>
    public string KeyType { get; }

    /// <summary>The algorithms it may sign with, the best first.</summary>
    public ImmutableArray<string> SignatureAlgorithms { get; }

    /// <summary>True: its signatures say whether somebody was there, and the verifier has to ask.</summary>
    public virtual bool IsSecurityKey => false;

    /// <summary>As OpenSSH prints it.</summary>
    public string Fingerprint => FingerprintOf(_blob);

    private protected Peer Peer { get; }

    /// <summary>True: a type that <see cref="Parse"/> knows.</summary>
    public static bool IsKnownType(string keyType) =>
        keyType is Ed25519Type or RsaType or SkEd25519Type or SkEcdsaType || EcdsaCurve.Find(keyType) is not null;

    /// <summary>The fingerprint of whatever claims to be a key.</summary>
    public static string FingerprintOf(ReadOnlySpan<byte> blob) => "SHA256:" + Convert.ToBase64String(SHA256.HashData(blob)).TrimEnd('=');

    /// <summary>Reads a key blob.</summary>
    /// <param name="peer">Who sent it, and will send what it signed.</param>
    /// <param name="blob">All of it.</param>
    /// <exception cref="ProtocolException">It is none of the keys that may sign here.</exception>
    public static SshPublicKey Parse(Peer peer, ReadOnlySpan<byte> blob)
    {
        var reader = new SshReader(peer, blob);
        SshPublicKey key = Read(peer, Encoding.ASCII.GetString(reader.ReadString()), ref reader);
        reader.End();
        return key;
    }

    /// <summary>Reads what follows a key's type, in a blob of its own or in a certificate.</summary>
    public static SshPublicKey Read(Peer peer, string keyType, ref SshReader reader)
    {
        switch (keyType)
        {
            case Ed25519Type:
                return Ed25519PublicKey.Read(peer, ref reader);
            case RsaType:
                return RsaPublicKey.Read(peer, ref reader);
            case SkEd25519Type:
                return SecurityKeyPublicKey.ReadEd25519(peer, ref reader);
            case SkEcdsaType:
                return SecurityKeyPublicKey.ReadEcdsa(peer, ref reader);
            default:
                return EcdsaCurve.Find(keyType) is { } curve ? EcdsaPublicKey.Read(peer, curve, ref reader)
                    : throw new ProtocolException(peer, "a key of a type that may not sign here");
        }
    }

    /// <summary>Reads <c>type base64 [comment]</c>, as public key files and known_hosts have it.</summary>
    /// <exception cref="KeyFileException">It is not that.</exception>
    public static SshPublicKey ParseLine(Peer peer, ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> rest = line.Trim();
        string keyType = KeyLines.NextWord(ref rest).ToString();
        if (!IsKnownType(keyType))
        {
            throw new KeyFileException("it does not begin with the type of a key that may sign here (ssh-ed25519, ecdsa-sha2-*, ssh-rsa, sk-*)");
        }

        ReadOnlySpan<char> base64 = KeyLines.NextWord(ref rest);
        byte[] blob = new byte[base64.Length];
        if (!Convert.TryFromBase64Chars(base64, blob, out int length))
        {
            throw new KeyFileException("the key is not in base64");
        }

        try
        {
            SshPublicKey key = Parse(peer, blob.AsSpan(0, length));
            return key.KeyType == keyType ? key : throw new KeyFileException("the key is of another type than the line says");
        }
        catch (ProtocolException e)
        {
            throw new KeyFileException($"the key cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Checks a signature.</summary>
    /// <param name="algorithm">What it was announced as; the signature itself must say the same, and it must be one of this key's.</param>
    /// <param name="data">What was signed.</param>
    /// <param name="signatureBlob">The signature with its name.</param>
    /// <param name="flags">What a security key vouches for; to be read only when the signature is good.</param>
    /// <returns>False: it is well formed, and not by this key over these data.</returns>
    /// <exception cref="ProtocolException">It can be no signature of this key.</exception>
    public bool Verify(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signatureBlob, out SkFlags flags)
    {
        if (!SignatureAlgorithms.Contains(algorithm))
        {
            ProtocolException.Throw(Peer, "a signature algorithm that is none of its key's");
        }

        var reader = new SshReader(Peer, signatureBlob);
        if (!Ascii.Equals(reader.ReadString(), algorithm))
        {
            ProtocolException.Throw(Peer, "a signature of another algorithm than was announced");
        }

        ReadOnlySpan<byte> signature = reader.ReadString();
        bool isValid = VerifyRest(algorithm, data, signature, ref reader, out SkFlags vouched);
        flags = isValid ? vouched : SkFlags.None;
        return isValid;
    }

    /// <summary><c>type base64</c>.</summary>
    public override string ToString() => $"{KeyType} {Convert.ToBase64String(_blob)}";

    public bool Equals(SshPublicKey? other) => other is not null && _blob.AsSpan().SequenceEqual(other._blob);

    public sealed override bool Equals(object? obj) => Equals(obj as SshPublicKey);

    public sealed override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_blob);
        return hash.ToHashCode();
    }

    /// <summary>Checks the signature itself, without its name.</summary>
    internal abstract bool VerifySignature(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);

    /// <summary>Checks the signature and reads what is behind it.</summary>
    private protected virtual bool VerifyRest(
        string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, ref SshReader rest, out SkFlags flags)
    {
        flags = SkFlags.None;
        rest.End();
        return VerifySignature(algorithm, data, signature);
    }

    /// <summary>A blob of strings.</summary>
    private protected static byte[] ToBlob(string keyType, params ReadOnlySpan<byte[]> fields)
    {
        using var writer = new SshWriter();
        writer.String(keyType);
        foreach (byte[] field in fields)
        {
            writer.String(field);
        }

        return writer.WrittenSpan.ToArray();
    }
}
