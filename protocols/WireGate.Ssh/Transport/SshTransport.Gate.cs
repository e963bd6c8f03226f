using WireGate.Core.Framing;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Packets;

namespace WireGate.Ssh.Transport;

/// <content>
/// What is written to a leg, and the gate that its key exchanges close: from our KEXINIT to our NEWKEYS nothing else leaves this leg, and what
/// the other leg brings meanwhile is parked (RFC 4253 section 7.1). The reader of a leg waits for the gate of the other only while its own leg
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

    private readonly Queue<byte[]> _parked = new();
    private int _parkedBytes;
    private int _unread;

    /// <summary>Keys are exchanged, or one side has asked for it.</summary>
    public bool IsExchanging => IsGated || IsPeerExchanging;

    /// <summary>So much waits for new keys that whoever brings more waits for <see cref="ExchangingChanged"/>.</summary>
    public bool IsFull => IsGated && _parkedBytes >= MostAtOnce;

    /// <summary>Is called when an exchange begins or ends; null: nobody wants to know.</summary>
    public Action? ExchangingChanged { get; set; }

    /// <summary>Bytes that are parked.</summary>
    internal int Parked => _parkedBytes;

    private bool IsGated => _ours is not null;

    /// <summary>Writes a message, or parks it while keys are exchanged.</summary>
    /// <param name="payload">The message.</param>
    public void Send(ReadOnlySpan<byte> payload)
    {
        if (IsGated)
        {
            Park(payload);
            return;
        }

        NoteService((SshMessage)payload[0]);
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

    private void Park(ReadOnlySpan<byte> payload)
    {
        _parkedBytes += payload.Length + PerParked;
        if (_parkedBytes > MostParked)
        {
            ProtocolException.Throw(_peer, "it does not finish its key exchange");
        }

        _parked.Enqueue(payload.ToArray());
    }
}
