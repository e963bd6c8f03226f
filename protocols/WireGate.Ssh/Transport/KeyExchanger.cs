using System.Security.Cryptography;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Transport;

/// <summary>An upstream's host key is not one that its target knows. Nothing was sent to it but the key exchange.</summary>
/// <param name="message">For the operator: what was seen, and what is known.</param>
internal sealed class HostKeyRefusedException(string message) : Exception(message);

/// <summary>
/// One exchange of keys, from both KEXINITs to the keys: RFC 4253 section 7 and 8. The expensive steps run on the pool and come back to the
/// loop.
/// </summary>
/// <param name="peer">Client: we are the server of it.</param>
/// <param name="ours">Our KEXINIT.</param>
/// <param name="theirs">The peer's.</param>
/// <param name="ourVersion">Our version line.</param>
/// <param name="theirVersion">The peer's.</param>
internal sealed class KeyExchanger(Peer peer, KexInit ours, KexInit theirs, byte[] ourVersion, byte[] theirVersion) : IDisposable
{
    private readonly AgreedAlgorithms _agreed = peer == Peer.Client
        ? AgreedAlgorithms.Of(theirs, ours, peer)
        : AgreedAlgorithms.Of(ours, theirs, peer);

    private KeyAgreement? _agreement;
    private byte[] _init = [];

    /// <summary>What both agreed on.</summary>
    public AgreedAlgorithms Agreed => _agreed;

    /// <summary>The peer's next packet is a guess that was wrong.</summary>
    public bool IsGuessWrong => theirs.IsGuessFollowing && !theirs.GuessesRight(ours);

    /// <summary>H; empty before it is known.</summary>
    public byte[] ExchangeHash { get; private set; } = [];

    /// <summary>As client: the host key or certificate that the upstream has shown; empty before it is known to be its own.</summary>
    public byte[] HostKeyShown { get; private set; } = [];

    /// <summary>As client: SSH_MSG_KEX_ECDH_INIT.</summary>
    public async ValueTask<byte[]> BeginAsync(EventLoop loop)
    {
        await PoolSwitch.Instance;
        try
        {
            _agreement = KeyAgreement.Of(_agreed.KeyExchange);
            _init = _agreement.Begin();
        }
        finally
        {
            await loop.Switch();
        }

        using var writer = new SshWriter();
        writer.Byte((byte)SshMessage.SSH_MSG_KEX_ECDH_INIT).String(_init);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>As server: answers SSH_MSG_KEX_ECDH_INIT.</summary>
    /// <param name="payload">The message.</param>
    /// <param name="hostKeys">The keys to prove ourselves with.</param>
    /// <param name="sessionId">H of the first exchange; null: this is the first.</param>
    /// <param name="loop">Where to come back to.</param>
    /// <returns>SSH_MSG_KEX_ECDH_REPLY, and the keys.</returns>
    public async ValueTask<(byte[] Reply, Protection Keys)> AnswerAsync(ReadOnlyMemory<byte> payload, HostKeys hostKeys, byte[]? sessionId, EventLoop loop)
    {
        byte[] init = ReadInit(payload.Span);
        SshPrivateKey hostKey = hostKeys.For(_agreed.HostKey);
        byte[] keyBlob = hostKey.PublicKey.Blob.ToArray();
        var secret = new SshWriter(96);
        await PoolSwitch.Instance;
        try
        {
            using KeyAgreement agreement = KeyAgreement.Of(_agreed.KeyExchange);
            byte[] answer = agreement.Answer(init, secret);
            ExchangeHash = HashOf(agreement.Hash, theirVersion, ourVersion, theirs, ours, keyBlob, init, answer, secret);
            using var writer = new SshWriter(1024);
            writer.Byte((byte)SshMessage.SSH_MSG_KEX_ECDH_REPLY).String(keyBlob).String(answer).String(hostKey.Sign(_agreed.HostKey, ExchangeHash));
            return (writer.WrittenSpan.ToArray(), new Protection(agreement.Hash, secret, ExchangeHash, sessionId ?? ExchangeHash));
        }
        catch
        {
            secret.Dispose();
            throw;
        }
        finally
        {
            await loop.Switch();
        }
    }

    /// <summary>As client: takes SSH_MSG_KEX_ECDH_REPLY.</summary>
    /// <param name="payload">The message.</param>
    /// <param name="check">Says whether a host key is one that is known.</param>
    /// <param name="known">What the upstream has shown before and was known, which is not asked again; empty: nothing.</param>
    /// <param name="sessionId">H of the first exchange; null: this is the first.</param>
    /// <param name="loop">Where to come back to.</param>
    /// <exception cref="HostKeyRefusedException">The host key is not known.</exception>
    /// <exception cref="ProtocolException">It can never be a reply, or the upstream does not have the key.</exception>
    public async ValueTask<Protection> FinishAsync(ReadOnlyMemory<byte> payload, HostKeyCheck check, byte[] known, byte[]? sessionId, EventLoop loop)
    {
        ReadReply(payload.Span, out byte[] keyBlob, out byte[] answer, out byte[] signature);
        string? certified = SshCertificate.PlainName(_agreed.HostKey);
        SshCertificate? certificate = certified is null ? null : SshCertificate.Parse(peer, keyBlob);
        SshPublicKey hostKey = certificate?.Key ?? SshPublicKey.Parse(peer, keyBlob);
        string algorithm = certified ?? _agreed.HostKey;
        if (!hostKey.SignatureAlgorithms.Contains(algorithm))
        {
            SshProtocolException.ThrowKeyExchange(peer, "a host key of another kind than was agreed on");
        }

        var secret = new SshWriter(96);
        await PoolSwitch.Instance;
        try
        {
            if (!keyBlob.AsSpan().SequenceEqual(known) && check(hostKey, certificate) is { } refusal)
            {
                throw new HostKeyRefusedException(refusal);
            }

            HostKeyShown = keyBlob;
            _agreement!.Finish(answer, secret);
            ExchangeHash = HashOf(_agreement.Hash, ourVersion, theirVersion, ours, theirs, keyBlob, _init, answer, secret);
            if (!hostKey.Verify(algorithm, ExchangeHash, signature, out _))
            {
                SshProtocolException.ThrowKeyExchange(peer, "its host key did not sign the key exchange");
            }

            return new Protection(_agreement.Hash, secret, ExchangeHash, sessionId ?? ExchangeHash);
        }
        catch
        {
            secret.Dispose();
            throw;
        }
        finally
        {
            await loop.Switch();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _agreement?.Dispose();

    private byte[] ReadInit(ReadOnlySpan<byte> payload)
    {
        var reader = new SshReader(peer, payload);
        reader.ReadByte();
        byte[] init = reader.ReadString().ToArray();
        reader.End();
        return init;
    }

    private void ReadReply(ReadOnlySpan<byte> payload, out byte[] hostKey, out byte[] answer, out byte[] signature)
    {
        var reader = new SshReader(peer, payload);
        reader.ReadByte();
        hostKey = reader.ReadString().ToArray();
        answer = reader.ReadString().ToArray();
        signature = reader.ReadString().ToArray();
        reader.End();
    }

    /// <summary>H = HASH(V_C || V_S || I_C || I_S || K_S || Q_C || Q_S || K), all but K as strings: RFC 5656 section 4.</summary>
    private static byte[] HashOf(
        HashAlgorithmName hash, byte[] clientVersion, byte[] serverVersion, KexInit client, KexInit server, byte[] hostKey, byte[] init, byte[] answer, SshWriter secret)
    {
        using var text = new SshWriter(4096);
        text.String(clientVersion).String(serverVersion).String(client.Payload).String(server.Payload)
            .String(hostKey).String(init).String(answer).Raw(secret.WrittenSpan);
        return CryptographicOperations.HashData(hash, text.WrittenSpan);
    }
}
