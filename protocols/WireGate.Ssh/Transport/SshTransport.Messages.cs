using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Transport;

/// <content>The transport's own messages (RFC 4253 section 11, RFC 8308, OpenSSH's PROTOCOL section 1.9), and which of all may come now.</content>
internal sealed partial class SshTransport
{
    private Phase _layer = Phase.Service;
    private bool _takesExtInfo;
    private int _extInfos;

    /// <summary>Signature algorithms that an upstream takes for user keys (RFC 8308 section 3.1); null: it does not say.</summary>
    public byte[]? ServerSigAlgs { get; private set; }

    /// <summary>Whether the message in <see cref="Packet"/> is for <see cref="HandleAsync"/>.</summary>
    public bool IsOwn => Kind is (< SshMessage.SSH_MSG_USERAUTH_REQUEST or SshMessage.SSH2_MSG_PING or SshMessage.SSH2_MSG_PONG)
        and not (SshMessage.SSH_MSG_SERVICE_REQUEST or SshMessage.SSH_MSG_SERVICE_ACCEPT);

    private Phase Phase => _exchange is not null
        ? _isGuessToSkip ? Phase.WrongGuess : IsStrictNow ? Phase.StrictExchange : _isFirstExchange ? Phase.Exchange : Phase.Rekey
        : _nextOpener is not null ? IsStrictNow ? Phase.StrictNewKeys : _isFirstExchange ? Phase.NewKeys : Phase.RekeyNewKeys
        : SessionId.Length == 0 ? Phase.FirstKexInit
        : _layer;

    private bool IsStrictNow => _isStrict && _isFirstExchange;

    /// <summary>Deals with the message in <see cref="Packet"/>.</summary>
    /// <returns>False: the peer has disconnected.</returns>
    public async ValueTask<bool> HandleAsync()
    {
        switch (Kind)
        {
            case SshMessage.SSH_MSG_DISCONNECT:
                Disconnected = ReadDisconnect();
                return false;
            case SshMessage.SSH_MSG_IGNORE or SshMessage.SSH_MSG_DEBUG or SshMessage.SSH_MSG_UNIMPLEMENTED or SshMessage.SSH2_MSG_PONG:
                break;
            case SshMessage.SSH2_MSG_PING:
                OnPing();
                break;
            case SshMessage.SSH_MSG_EXT_INFO:
                OnExtInfo();
                break;
            case SshMessage.SSH_MSG_KEXINIT:
                await OnKexInitAsync();
                break;
            case >= SshMessage.SSH_MSG_KEX_ECDH_INIT and < SshMessage.SSH_MSG_USERAUTH_REQUEST when _isGuessToSkip:
                _isGuessToSkip = false;
                break;
            case SshMessage.SSH_MSG_KEX_ECDH_INIT:
                await OnInitAsync(_exchange!);
                break;
            case SshMessage.SSH_MSG_KEX_ECDH_REPLY:
                await OnReplyAsync(_exchange!);
                break;
            case SshMessage.SSH_MSG_NEWKEYS:
                OnNewKeys();
                break;
            default:
                Unimplemented();
                break;
        }

        return true;
    }

    /// <exception cref="ProtocolException">The message may not come now.</exception>
    private void CheckPhase()
    {
        Phase phase = Phase;
        if (!LegalMessages.Has(phase, _peer, Kind))
        {
            ProtocolException.Throw(_peer, $"a message that may not come {LegalMessages.When(phase)}");
        }

        NoteService(Kind);
    }

    /// <summary>Either side's acceptance of the service begins the login.</summary>
    private void NoteService(SshMessage kind)
    {
        if (_layer == Phase.Service && kind == SshMessage.SSH_MSG_SERVICE_ACCEPT)
        {
            _layer = Phase.Authentication;
        }
    }

    /// <summary>RFC 8308: without server-sig-algs OpenSSH offers no RSA key.</summary>
    private void SendExtInfo()
    {
        using var writer = new SshWriter();
        writer.Byte((byte)SshMessage.SSH_MSG_EXT_INFO).UInt32(3)
            .String("server-sig-algs")
            .String("ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256")
            .String("publickey-hostbound@openssh.com").String("0")
            .String("ping@openssh.com").String("0");
        _writer.Write(writer.WrittenSpan);
    }

    private void OnExtInfo()
    {
        // RFC 8308 section 2.4: behind the first NEWKEYS, and from a server once more before it says that its client is in.
        if (++_extInfos > (_peer == Peer.Client ? 1 : 2))
        {
            ProtocolException.Throw(_peer, "an EXT_INFO too many");
        }

        var reader = new SshReader(_peer, Packet.Payload);
        reader.ReadByte();
        for (uint count = reader.ReadUInt32(); count > 0; count--)
        {
            ReadOnlySpan<byte> name = reader.ReadString();
            ReadOnlySpan<byte> value = reader.ReadString();
            if (_peer == Peer.Upstream && name.SequenceEqual("server-sig-algs"u8))
            {
                ServerSigAlgs = value.ToArray();
            }
        }

        reader.End();
    }

    private void OnPing()
    {
        var reader = new SshReader(_peer, Packet.Payload);
        reader.ReadByte();
        ReadOnlySpan<byte> data = reader.ReadString();
        reader.End();
        using var writer = new SshWriter();
        writer.Byte((byte)SshMessage.SSH2_MSG_PONG).String(data);
        Answer(writer.WrittenSpan);
    }

    private void Unimplemented()
    {
        using var writer = new SshWriter();
        writer.Byte((byte)SshMessage.SSH_MSG_UNIMPLEMENTED).UInt32(unchecked(_reader.Sequence - 1));
        Answer(writer.WrittenSpan);
    }

    private Disconnection ReadDisconnect()
    {
        var reader = new SshReader(_peer, Packet.Payload);
        reader.ReadByte();
        uint reason = reader.ReadUInt32();
        return new Disconnection(reason, PeerText.Of(reader.ReadString()));
    }
}
