using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Packets;

namespace WireGate.Ssh.Transport;

/// <summary>
/// One leg of a session: the transport layer of RFC 4253 towards one peer, in the role that the peer asks for. Packets, key exchanges at
/// any time, and all that both sides say below the layers above. On the session's loop; one reader, many writers.
/// </summary>
internal sealed partial class SshTransport : IDisposable
{
    private readonly Connection _connection;
    private readonly Peer _peer;
    private readonly Algorithms _offer;
    private readonly HostKeys? _hostKeys;
    private readonly HostKeyCheck? _hostKeyCheck;
    private readonly PacketReader _reader;
    private readonly PacketWriter _writer;
    private ReadOnlySequence<byte> _received;
    private long _consumed;
    private bool _isReading;
    private bool _isCompleted;
    private bool _isAuthenticated;
    private bool _hasDisconnected;

    private SshTransport(Connection connection, Peer peer, Algorithms offer, HostKeys? hostKeys, HostKeyCheck? hostKeyCheck)
    {
        _connection = connection;
        _peer = peer;
        _offer = offer;
        _hostKeys = hostKeys;
        _hostKeyCheck = hostKeyCheck;
        _reader = new PacketReader(peer);
        _writer = new PacketWriter(connection.Output);
    }

    /// <summary>The leg to a client, whose server we are.</summary>
    /// <param name="connection">Stays the caller's.</param>
    /// <param name="hostKeys">Prove us; stay the caller's.</param>
    /// <param name="offer">What is offered; null: the default.</param>
    public static SshTransport ToClient(Connection connection, HostKeys hostKeys, Algorithms? offer = null) =>
        new(connection, Peer.Client, offer ?? Algorithms.ForClients(hostKeys.Algorithms), hostKeys, null);

    /// <summary>The leg to an upstream, whose client we are.</summary>
    /// <param name="connection">Stays the caller's.</param>
    /// <param name="hostKeys">Signature algorithms of host keys, those of what is known of it first.</param>
    /// <param name="hostKeyCheck">Says why a host key is not one that is known; null: it is.</param>
    /// <param name="offer">What is offered; null: the default.</param>
    public static SshTransport ToUpstream(
        Connection connection, IEnumerable<string> hostKeys, HostKeyCheck hostKeyCheck, Algorithms? offer = null) =>
        new(connection, Peer.Upstream, offer ?? Algorithms.ForUpstreams(hostKeys), null, hostKeyCheck);

    /// <summary>Who is at the other end.</summary>
    public Peer Peer => _peer;

    /// <summary>The packet that <see cref="TryNext"/> has read; borrowed until the next.</summary>
    public PacketBuffer Packet => _reader.Packet;

    /// <summary>Number of the message in <see cref="Packet"/>.</summary>
    public SshMessage Kind => (SshMessage)_reader.Packet.Payload[0];

    /// <summary>H of the first key exchange; empty before.</summary>
    public byte[] SessionId { get; private set; } = [];

    /// <summary>What we prove ourselves by, towards a client.</summary>
    public HostKeys HostKeys => _hostKeys!;

    /// <summary>The key that we proved ourselves by in the first key exchange, towards a client; null before, and towards an upstream.</summary>
    public SshPublicKey? HostKey { get; private set; }

    /// <summary>The signature algorithm of the last key exchange; empty before the first.</summary>
    public string HostKeyAlgorithm { get; private set; } = "";

    /// <summary>The peer's version line.</summary>
    public byte[] PeerVersion { get; private set; } = [];

    /// <summary>Bytes that were written and nobody has sent.</summary>
    public int Unsent => _writer.Unsent;

    /// <summary>Bytes of packets read.</summary>
    public long BytesRead { get; private set; }

    /// <summary>All that has arrived was taken, and more is waited for.</summary>
    public bool IsWaiting => !_isReading;

    /// <summary>What the peer said when it disconnected; null: it did not.</summary>
    public Disconnection? Disconnected { get; private set; }

    /// <summary>
    /// The other side is proven: packets may be larger, keys are exchanged again when they are used up, and memory that held packets is
    /// not erased any more.
    /// </summary>
    public bool IsAuthenticated
    {
        get => _isAuthenticated;
        set
        {
            _isAuthenticated = value;
            _layer = Phase.Connection;
            _reader.MostLength = PacketReader.MostProven;
            _reader.Packet.IsErased = false;
            _writer.StopErasing();
        }
    }

    /// <summary>Exchanges version lines and the first keys.</summary>
    /// <returns>False: the peer closed, or disconnected.</returns>
    /// <exception cref="ProtocolException">The peer does not speak SSH, or not ours.</exception>
    /// <exception cref="HostKeyRefusedException">The upstream is not the one that is known.</exception>
    public async ValueTask<bool> OpenAsync()
    {
        _writer.WriteRaw([.. VersionLine.Ours, (byte)'\r', (byte)'\n']);
        SendKexInit();
        _writer.StartFlush();
        while (true)
        {
            if (_isReading && VersionLine.TryRead(_peer, _received, out byte[] line, out long consumed))
            {
                PeerVersion = line;
                _consumed = consumed;
                break;
            }

            if (!await ReceiveAsync())
            {
                return false;
            }
        }

        while (SessionId.Length == 0 || _nextOpener is not null)
        {
            if (!TryNext())
            {
                if (!await ReceiveAsync())
                {
                    return false;
                }
            }
            else if (!await HandleAsync())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads on to the next message that is not the transport's own; for handshakes.</summary>
    /// <returns>False: the peer closed, or disconnected.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadAsync()
    {
        while (true)
        {
            if (!TryNext())
            {
                // Not awaited: two that wait for each other to read would wait for ever.
                _writer.StartFlush();
                if (!await ReceiveAsync())
                {
                    return false;
                }
            }
            else if (!IsOwn)
            {
                return true;
            }
            else if (!await HandleAsync())
            {
                return false;
            }
        }
    }

    /// <summary>Takes the next packet of what has arrived.</summary>
    /// <returns>False: none is whole; then <see cref="ReceiveAsync"/>.</returns>
    /// <exception cref="ProtocolException">It can never be one, or may not come now.</exception>
    public bool TryNext()
    {
        if (!_isReading)
        {
            return false;
        }

        long before = _consumed;
        if (!_reader.TryRead(_received, ref _consumed))
        {
            return false;
        }

        BytesRead += _consumed - before;
        CheckPhase();
        RekeyIfUsedUp();
        return true;
    }

    /// <summary>Gives back what was read, and waits for more.</summary>
    /// <returns>False: nothing more comes, or the wait was cancelled.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReceiveAsync()
    {
        if (_isReading)
        {
            _isReading = false;
            _connection.Input.AdvanceTo(_received.GetPosition(_consumed), _received.End);
            _received = default;
            _consumed = 0;
            if (_isCompleted)
            {
                return false;
            }
        }

        _reader.Packet.Release();
        ReadResult result = await _connection.Input.ReadAsync(CancellationToken.None);
        _received = result.Buffer;
        _isReading = true;
        _isCompleted = result.IsCompleted;
        return !result.IsCanceled && !(result.IsCompleted && result.Buffer.IsEmpty);
    }

    /// <summary>Wakes whoever waits in <see cref="ReceiveAsync"/>.</summary>
    public void StopReceiving() => _connection.Input.CancelPendingRead();

    /// <summary>Sends what was written.</summary>
    /// <returns>False: the peer is gone.</returns>
    public ValueTask<bool> FlushAsync() => _writer.FlushAsync();

    /// <summary>Sends what was written, without waiting for it.</summary>
    public void StartFlush() => _writer.StartFlush();

    /// <summary>Says why this leg ends, unless that was said. It is the last word.</summary>
    public void Disconnect(DisconnectReason reason, string text)
    {
        if (_hasDisconnected)
        {
            return;
        }

        _hasDisconnected = true;
        using var writer = new SshWriter();
        writer.Byte((byte)SshMessage.SSH_MSG_DISCONNECT).UInt32((uint)reason).String(text).String("");
        _writer.Write(writer.WrittenSpan);
        _writer.StartFlush();
    }

    /// <summary>Says that the peer broke the protocol; how, where there is a reason for it.</summary>
    public void Disconnect(ProtocolException fault)
    {
        if (fault is SshProtocolException known)
        {
            Disconnect(known.Reason, known.Message);
        }
        else
        {
            Disconnect(DisconnectReason.SSH_DISCONNECT_PROTOCOL_ERROR, "protocol violation");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isReading)
        {
            _isReading = false;
            _connection.Input.AdvanceTo(_received.GetPosition(_consumed), _received.End);
        }

        _exchange?.Dispose();
        _nextOpener?.Dispose();
        _reader.Dispose();
        _writer.Dispose();
    }
}

/// <summary>SSH_MSG_DISCONNECT.</summary>
/// <param name="Reason">Its code.</param>
/// <param name="Text">What it said, made harmless.</param>
internal sealed record Disconnection(uint Reason, string Text);
