using WireGate.Core.Framing;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Packets;

namespace WireGate.Ssh.Transport;

/// <content>The exchange of keys: RFC 4253 section 7, and when it is begun anew (section 9).</content>
internal sealed partial class SshTransport
{
    // OpenSSH's own: 2^31 packets; 2^32 blocks of sixteen bytes, and of those of eight as many as make a gigabyte (RFC 4344 section 3).
    private const long MostPackets = 1L << 31;
    private const long MostBytesOfLargeBlocks = 64L << 30;
    private const long MostBytesOfSmallBlocks = 1L << 30;

    private KexInit? _ours;
    private KeyExchanger? _exchange;
    private PacketOpener? _nextOpener;
    private bool _isStrict;
    private bool _isGuessToSkip;

    // By the upstream, in the last exchange.
    private byte[] _hostKeyShown = [];

    /// <summary>Bytes in one direction after which keys are exchanged again; null: what the cipher is good for.</summary>
    public long? RekeyBytes { get; set; }

    /// <summary>Both sides count packets anew with each key, and took nothing but the key exchange before the first.</summary>
    public bool IsStrict => _isStrict;

    /// <summary>How often keys were exchanged.</summary>
    public int Exchanges { get; private set; }

    /// <summary>From the peer's KEXINIT to its NEWKEYS.</summary>
    private bool IsPeerExchanging => _exchange is not null || _nextOpener is not null;

    private bool _isFirstExchange = true;

    /// <summary>
    /// The session's other leg; null: there is none. While that exchanges keys this one begins no exchange: what comes here meanwhile would all have
    /// to be parked, and whoever never ends its exchange would make that be much.
    /// </summary>
    public SshTransport? Counterpart { get; set; }

    /// <summary>Begins to exchange keys, unless that goes on already, or the other leg does it.</summary>
    public void StartRekey()
    {
        if (!IsGated && !IsPeerExchanging && Counterpart is not { IsExchanging: true })
        {
            SendKexInit();
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
        ExchangingChanged?.Invoke();
    }

    /// <summary>Begins to exchange keys if so much was sent or taken under them: a peer may only send, or only take.</summary>
    public void RekeyIfUsedUp()
    {
        if (IsAuthenticated && !IsGated && !IsPeerExchanging && Counterpart is not { IsExchanging: true }
            && (IsUsedUp(_writer.Packets, _writer.Bytes, _writer.BlockSize) || IsUsedUp(_reader.Packets, _reader.Bytes, _reader.BlockSize)))
        {
            SendKexInit();
        }
    }

    private bool IsUsedUp(long packets, long bytes, int block) =>
        packets >= MostPackets || bytes >= (RekeyBytes ?? (block >= 16 ? MostBytesOfLargeBlocks : MostBytesOfSmallBlocks));
}
