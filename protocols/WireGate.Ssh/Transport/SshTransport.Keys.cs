using WireGate.Core.Framing;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Packets;

namespace WireGate.Ssh.Transport;

/// <content>
/// The transport's own messages, and the gate that they close: from our KEXINIT to our NEWKEYS nothing else leaves this leg, and what the
/// other leg brings meanwhile is parked (RFC 4253 section 7.1). The reader of a leg waits for the gate of the other only while its own leg
/// exchanges no keys, or two exchanges at once could wait for each other for ever.
/// </content>
internal sealed partial class SshTransport
{
    /// <summary>Answers of our own that a peer may leave unread.</summary>
    private const int MostUnread = 256 * 1024;

    /// <summary>What is parked while both legs exchange keys: sixteen channels' windows of OpenSSH.</summary>
    private const int MostParked = 32 * 1024 * 1024;

    /// <summary>What is parked before whoever brings more waits: a peer that begins an exchange and never ends it costs no more.</summary>
    private const int MostAtOnce = 256 * 1024;

    // An array's header and its entry in the queue.
    private const int PerParked = 32;

    // OpenSSH's own: 2^31 packets; 2^32 blocks of sixteen bytes, and of those of eight as many as make a gigabyte (RFC 4344 section 3).
    private const long MostPackets = 1L << 31;
    private const long MostBytesOfLargeBlocks = 64L << 30;
    private const long MostBytesOfSmallBlocks = 1L << 30;

    private readonly Queue<byte[]> _parked = new();
    private int _parkedBytes;
    private int _unread;
    private KexInit? _ours;
    private KeyExchanger? _exchange;
    private PacketOpener? _nextOpener;
    private bool _isStrict;
    private bool _isGuessToSkip;
    private bool _takesExtInfo;
    private int _extInfos;

    // By the upstream, in the last exchange.
    private byte[] _hostKeyShown = [];

    /// <summary>Test hook of the limits above: keys are exchanged again after so many bytes; null: the limits.</summary>
    internal long? RekeyBytes { get; set; }

    /// <summary>Both sides count packets anew with each key, and took nothing but the key exchange before the first.</summary>
    public bool IsStrict => _isStrict;

    /// <summary>How often keys were exchanged.</summary>
    public int Exchanges { get; private set; }

    /// <summary>Signature algorithms that an upstream takes for user keys (RFC 8308 section 3.1); null: it does not say.</summary>
    public byte[]? ServerSigAlgs { get; private set; }

    /// <summary>Whether the message in <see cref="Packet"/> is for <see cref="HandleAsync"/>.</summary>
    /// <exception cref="ProtocolException">It may not come now.</exception>
    public bool IsOwn
    {
        get
        {
            var kind = (byte)Kind;
            bool isOwn = kind is < (byte)SshMessage.SSH_MSG_USERAUTH_REQUEST or (byte)SshMessage.SSH2_MSG_PING or (byte)SshMessage.SSH2_MSG_PONG
                && kind is not ((byte)SshMessage.SSH_MSG_SERVICE_REQUEST or (byte)SshMessage.SSH_MSG_SERVICE_ACCEPT);
            if (!isOwn && IsPeerExchanging)
            {
                ProtocolException.Throw(_peer, "a message that may not come while keys are exchanged");
            }

            return isOwn;
        }
    }

    /// <summary>Keys are exchanged, or one side has asked for it.</summary>
    public bool IsExchanging => IsGated || IsPeerExchanging;

    /// <summary>So much waits for new keys that whoever brings more waits for <see cref="ExchangingChanged"/>.</summary>
    public bool IsFull => IsGated && _parkedBytes >= MostAtOnce;

    /// <summary>Is called when an exchange begins or ends; null: nobody wants to know.</summary>
    public Action? ExchangingChanged { get; set; }

    /// <summary>Bytes that are parked.</summary>
    internal int Parked => _parkedBytes;

    /// <summary>From the peer's KEXINIT to its NEWKEYS.</summary>
    private bool IsPeerExchanging => _exchange is not null || _nextOpener is not null;

    private bool IsGated => _ours is not null;

    private bool IsFirst => SessionId.Length == 0 || (_nextOpener is not null && _isFirstExchange);

    private bool _isFirstExchange = true;

    /// <summary>Writes a message, or parks it while keys are exchanged.</summary>
    /// <param name="payload">The message.</param>
    public void Send(ReadOnlySpan<byte> payload)
    {
        if (IsGated)
        {
            Park(payload);
            return;
        }

        _writer.Write(payload);
        RekeyIfUsedUp();
    }

    /// <summary>Writes a message from where it lies, which is another leg's packet; or parks it.</summary>
    public void Forward(PacketBuffer packet)
    {
        if (IsGated)
        {
            Park(packet.Payload);
            return;
        }

        _writer.Write(packet);
        RekeyIfUsedUp();
    }

    /// <summary>Begins to exchange keys, unless that goes on already.</summary>
    public void StartRekey()
    {
        if (!IsGated && !IsPeerExchanging)
        {
            SendKexInit();
        }
    }

    /// <summary>Deals with the message in <see cref="Packet"/>.</summary>
    /// <returns>False: the peer has disconnected.</returns>
    public async ValueTask<bool> HandleAsync()
    {
        SshMessage kind = Kind;
        if (_isGuessToSkip && (byte)kind is >= 30 and < 50)
        {
            _isGuessToSkip = false;
            return true;
        }

        if (IsFirst && _isStrict && kind is not (SshMessage.SSH_MSG_KEXINIT or SshMessage.SSH_MSG_NEWKEYS or SshMessage.SSH_MSG_DISCONNECT)
            && (byte)kind is < 30 or >= 50)
        {
            ProtocolException.Throw(_peer, "a message within the first key exchange, which both sides agreed to keep strict");
        }

        switch (kind)
        {
            case SshMessage.SSH_MSG_DISCONNECT:
                Disconnected = ReadDisconnect();
                return false;
            case SshMessage.SSH_MSG_IGNORE or SshMessage.SSH_MSG_DEBUG or SshMessage.SSH_MSG_UNIMPLEMENTED or SshMessage.SSH2_MSG_PONG:
                return true;
            case SshMessage.SSH2_MSG_PING when SessionId.Length > 0:
                OnPing();
                return true;
            case SshMessage.SSH_MSG_EXT_INFO when SessionId.Length > 0 && !IsPeerExchanging:
                OnExtInfo();
                return true;
            case SshMessage.SSH_MSG_KEXINIT:
                await OnKexInitAsync();
                return true;
            case SshMessage.SSH_MSG_KEX_ECDH_INIT when _peer == Peer.Client && _exchange is not null:
                await OnInitAsync(_exchange);
                return true;
            case SshMessage.SSH_MSG_KEX_ECDH_REPLY when _peer == Peer.Upstream && _exchange is not null:
                await OnReplyAsync(_exchange);
                return true;
            case SshMessage.SSH_MSG_NEWKEYS when _nextOpener is not null:
                OnNewKeys();
                return true;
            default:
                if (SessionId.Length == 0 || IsPeerExchanging || (byte)kind is >= 20 and < 50)
                {
                    ProtocolException.Throw(_peer, "a message that may not come now");
                }

                Unimplemented();
                return true;
        }
    }

    private void SendKexInit()
    {
        bool isFirst = SessionId.Length == 0;
        _ours = _peer == Peer.Client
            ? isFirst ? KexInit.Of(_offer, Algorithms.ExtInfoServer, Algorithms.StrictServer) : KexInit.Of(_offer)
            : isFirst ? KexInit.Of(_offer, Algorithms.ExtInfoClient, Algorithms.StrictClient) : KexInit.Of(_offer);
        _writer.Write(_ours.Payload);
        ExchangingChanged?.Invoke();
    }

    private async ValueTask OnKexInitAsync()
    {
        if (IsPeerExchanging)
        {
            ProtocolException.Throw(_peer, "a second KEXINIT within a key exchange");
        }

        // As OpenSSH: each costs a signature, which nobody who is not known gets twice.
        if (SessionId.Length > 0 && !IsAuthenticated)
        {
            ProtocolException.Throw(_peer, "a second key exchange before the login is done");
        }

        KexInit theirs = KexInit.Parse(_peer, Packet.Payload);
        if (SessionId.Length == 0)
        {
            _isStrict = theirs.KeyExchanges.Contains(_peer == Peer.Client ? Algorithms.StrictClient : Algorithms.StrictServer);
            _takesExtInfo = theirs.KeyExchanges.Contains(Algorithms.ExtInfoClient);
            if (_isStrict && _reader.Sequence != 1)
            {
                ProtocolException.Throw(_peer, "packets before its KEXINIT, although it promises a strict key exchange");
            }
        }

        if (_ours is null)
        {
            SendKexInit();
        }

        _exchange = new KeyExchanger(_peer, _ours!, theirs, VersionLine.Ours.ToArray(), PeerVersion);
        _isGuessToSkip = _exchange.IsGuessWrong;
        if (_peer == Peer.Upstream)
        {
            byte[] init = await _exchange.BeginAsync(_connection.Loop);
            _writer.Write(init);
        }

        _writer.StartFlush();
    }

    private async ValueTask OnInitAsync(KeyExchanger exchange)
    {
        (byte[] reply, Protection keys) = await exchange.AnswerAsync(Packet.PayloadMemory, _hostKeys!, SessionIdOrNull, _connection.Loop);
        using (keys)
        {
            HostKey ??= _hostKeys!.For(exchange.Agreed.HostKey).PublicKey;
            _writer.Write(reply);
            Exchanged(exchange, keys);
        }
    }

    private async ValueTask OnReplyAsync(KeyExchanger exchange)
    {
        using Protection keys = await exchange.FinishAsync(Packet.PayloadMemory, _hostKeyCheck!, _hostKeyShown, SessionIdOrNull, _connection.Loop);
        _hostKeyShown = exchange.HostKeyShown;
        Exchanged(exchange, keys);
    }

    private byte[]? SessionIdOrNull => SessionId.Length == 0 ? null : SessionId;

    /// <summary>The keys are known: what we send from now on is under them.</summary>
    private void Exchanged(KeyExchanger exchange, Protection keys)
    {
        Exchanges++;
        _isFirstExchange = SessionId.Length == 0;
        SessionId = _isFirstExchange ? exchange.ExchangeHash : SessionId;
        HostKeyAlgorithm = exchange.Agreed.HostKey;
        _writer.Write([(byte)SshMessage.SSH_MSG_NEWKEYS]);
        bool isServer = _peer == Peer.Client;
        _writer.SetKey(keys.Sealer(exchange.Agreed, isToServer: !isServer), _isStrict);
        _nextOpener = keys.Opener(exchange.Agreed, isToServer: isServer);
        _exchange = null;
        exchange.Dispose();
        _ours = null;
        if (_isFirstExchange && isServer && _takesExtInfo)
        {
            SendExtInfo();
        }

        while (_parked.TryDequeue(out byte[]? payload))
        {
            _writer.Write(payload);
        }

        _parkedBytes = 0;
        _writer.StartFlush();
        ExchangingChanged?.Invoke();
    }

    private void OnNewKeys()
    {
        if (Packet.Payload.Length != 1)
        {
            ProtocolException.Throw(_peer, "a NEWKEYS with a content");
        }

        _reader.SetKey(_nextOpener!, _isStrict);
        _nextOpener = null;
        _isFirstExchange = false;
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
        if (++_extInfos > (_peer == Peer.Client ? 1 : 2) || IsAuthenticated)
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

    /// <summary>Answers what the peer may ask as often as it likes, and does not wait for it to take the answer.</summary>
    /// <exception cref="ProtocolException">It takes none of them.</exception>
    public void Answer(ReadOnlySpan<byte> payload)
    {
        _unread = _writer.Unsent == 0 && _parkedBytes == 0 ? 0 : _unread + payload.Length;
        if (_unread > MostUnread)
        {
            ProtocolException.Throw(_peer, "it asks, and does not read the answers");
        }

        Send(payload);
        _writer.StartFlush();
    }

    private Disconnection ReadDisconnect()
    {
        var reader = new SshReader(_peer, Packet.Payload);
        reader.ReadByte();
        uint reason = reader.ReadUInt32();
        return new Disconnection(reason, PeerText.Of(reader.ReadString()));
    }

    private void Park(ReadOnlySpan<byte> payload)
    {
        _parkedBytes += payload.Length + PerParked;
        if (_parkedBytes > MostParked)
        {
            ProtocolException.Throw(_peer, "it does not finish its key exchange");
        }

        _parked.Enqueue(payload.ToArray());
    }

    private void RekeyIfUsedUp()
    {
        if (IsAuthenticated && !IsPeerExchanging
            && (IsUsedUp(_writer.Packets, _writer.Bytes, _writer.BlockSize) || IsUsedUp(_reader.Packets, _reader.Bytes, _reader.BlockSize)))
        {
            SendKexInit();
        }
    }

    private bool IsUsedUp(long packets, long bytes, int block) =>
        packets >= MostPackets || bytes >= (RekeyBytes ?? (block >= 16 ? MostBytesOfLargeBlocks : MostBytesOfSmallBlocks));
}
