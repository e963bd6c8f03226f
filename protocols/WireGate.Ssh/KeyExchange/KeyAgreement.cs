using System.Security.Cryptography;
using WireGate.Core.Framing;
using WireGate.Ssh.Cryptography;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.KeyExchange;

/// <summary>
/// One way to agree on a secret, used for one exchange: the client sends a value, the server answers with one, both know K. Expensive:
/// off the loop.
/// </summary>
internal abstract class KeyAgreement(HashAlgorithmName hash) : IDisposable
{
    /// <summary>Hashes what is exchanged, and the keys.</summary>
    public HashAlgorithmName Hash => hash;

    /// <summary>A way by its name.</summary>
    public static KeyAgreement Of(string name) => name switch
    {
        "curve25519-sha256" or "curve25519-sha256@libssh.org" => new Curve25519Agreement(),
        "mlkem768x25519-sha256" => new HybridAgreement(),
        "ecdh-sha2-nistp256" => new NistAgreement(ECCurve.NamedCurves.nistP256, 32, HashAlgorithmName.SHA256),
        "ecdh-sha2-nistp384" => new NistAgreement(ECCurve.NamedCurves.nistP384, 48, HashAlgorithmName.SHA384),
        "ecdh-sha2-nistp521" => new NistAgreement(ECCurve.NamedCurves.nistP521, 66, HashAlgorithmName.SHA512),
        "diffie-hellman-group14-sha256" => new FiniteFieldAgreement(2048, HashAlgorithmName.SHA256),
        "diffie-hellman-group16-sha512" => new FiniteFieldAgreement(4096, HashAlgorithmName.SHA512),
        _ => throw new ArgumentException($"key exchange {name} was agreed on and is not known", nameof(name)),
    };

    /// <summary>As client: the value to send.</summary>
    public abstract byte[] Begin();

    /// <summary>As server: answers a client's value.</summary>
    /// <param name="init">What the client sent.</param>
    /// <param name="secret">Takes K as it is hashed.</param>
    /// <returns>The value to answer with.</returns>
    /// <exception cref="ProtocolException">The client's value can never be one.</exception>
    public abstract byte[] Answer(ReadOnlySpan<byte> init, SshWriter secret);

    /// <summary>As client: takes the server's answer.</summary>
    /// <param name="reply">What the server sent.</param>
    /// <param name="secret">Takes K as it is hashed.</param>
    /// <exception cref="ProtocolException">The server's value can never be one.</exception>
    public abstract void Finish(ReadOnlySpan<byte> reply, SshWriter secret);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>curve25519-sha256: RFC 8731.</summary>
internal sealed class Curve25519Agreement() : KeyAgreement(HashAlgorithmName.SHA256)
{
    private readonly X25519 _key = new();

    public override byte[] Begin() => _key.PublicKey;

    public override byte[] Answer(ReadOnlySpan<byte> init, SshWriter secret)
    {
        Agree(Peer.Client, init, secret);
        return _key.PublicKey;
    }

    public override void Finish(ReadOnlySpan<byte> reply, SshWriter secret) => Agree(Peer.Upstream, reply, secret);

    public override void Dispose() => _key.Dispose();

    private void Agree(Peer peer, ReadOnlySpan<byte> other, SshWriter secret)
    {
        Span<byte> agreed = stackalloc byte[X25519.Length];
        if (other.Length != X25519.Length || !_key.TryAgree(other, agreed))
        {
            SshProtocolException.ThrowKeyExchange(peer, "a Curve25519 key that cannot be one");
        }

        secret.Mpint(agreed);
        CryptographicOperations.ZeroMemory(agreed);
    }
}

/// <summary>ecdh-sha2-nistp*: RFC 5656. The points are not compressed.</summary>
internal sealed class NistAgreement(ECCurve curve, int fieldLength, HashAlgorithmName hash) : KeyAgreement(hash)
{
    private const byte Uncompressed = 4;

    private readonly ECDiffieHellman _key = ECDiffieHellman.Create(curve);

    public override byte[] Begin()
    {
        ECPoint point = _key.ExportParameters(includePrivateParameters: false).Q;
        return [Uncompressed, .. point.X!, .. point.Y!];
    }

    public override byte[] Answer(ReadOnlySpan<byte> init, SshWriter secret)
    {
        Agree(Peer.Client, init, secret);
        return Begin();
    }

    public override void Finish(ReadOnlySpan<byte> reply, SshWriter secret) => Agree(Peer.Upstream, reply, secret);

    public override void Dispose() => _key.Dispose();

    private void Agree(Peer peer, ReadOnlySpan<byte> other, SshWriter secret)
    {
        if (other.Length != 1 + (2 * fieldLength) || other[0] != Uncompressed)
        {
            SshProtocolException.ThrowKeyExchange(peer, "a point that is not one of its curve");
        }

        try
        {
            using ECDiffieHellman peerKey = ECDiffieHellman.Create(new ECParameters
            {
                Curve = curve,
                Q = new ECPoint { X = other.Slice(1, fieldLength).ToArray(), Y = other[(1 + fieldLength)..].ToArray() },
            });
            using ECDiffieHellmanPublicKey publicKey = peerKey.PublicKey;
            byte[] agreed = _key.DeriveRawSecretAgreement(publicKey);
            secret.Mpint(agreed);
            CryptographicOperations.ZeroMemory(agreed);
        }
        catch (CryptographicException e)
        {
            throw new SshProtocolException(peer, DisconnectReason.SSH_DISCONNECT_KEY_EXCHANGE_FAILED, "a point that is not one of its curve", e);
        }
    }
}

/// <summary>
/// diffie-hellman-group14-sha256 and -group16-sha512: RFC 8268. On the wire an mpint is a string that holds a number, so that the messages
/// of RFC 4253 section 8 are those of RFC 5656.
/// </summary>
internal sealed class FiniteFieldAgreement(int bits, HashAlgorithmName hash) : KeyAgreement(hash)
{
    private readonly FiniteField _key = new(bits);

    public override byte[] Begin() => Mpint(_key.PublicKey);

    public override byte[] Answer(ReadOnlySpan<byte> init, SshWriter secret)
    {
        Agree(Peer.Client, init, secret);
        return Begin();
    }

    public override void Finish(ReadOnlySpan<byte> reply, SshWriter secret) => Agree(Peer.Upstream, reply, secret);

    public override void Dispose() => _key.Dispose();

    private void Agree(Peer peer, ReadOnlySpan<byte> other, SshWriter secret)
    {
        byte[] agreed = new byte[_key.Length];
        if (!Mpint(other).AsSpan().SequenceEqual(other) || !_key.TryAgree(other, agreed))
        {
            SshProtocolException.ThrowKeyExchange(peer, "a Diffie-Hellman number that cannot be one");
        }

        secret.Mpint(agreed);
        CryptographicOperations.ZeroMemory(agreed);
    }

    // In its shortest form, positive.
    private static byte[] Mpint(ReadOnlySpan<byte> number)
    {
        ReadOnlySpan<byte> shortest = number.TrimStart((byte)0);
        return shortest is [>= 0x80, ..] ? [0, .. shortest] : shortest.ToArray();
    }
}
