using System.Buffers;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.Packets;

/// <summary>Finds, opens and counts the packets of one direction.</summary>
/// <param name="peer">Who sends them.</param>
internal sealed class PacketReader(Peer peer) : IDisposable
{
    /// <summary>The most that a packet may be before its sender is proven: RFC 4253 section 6.1 asks for 35,000 bytes.</summary>
    internal const int MostUnproven = 64 * 1024;

    /// <summary>The most that any packet may be: OpenSSH's PACKET_MAX_SIZE.</summary>
    internal const int MostProven = 256 * 1024;

    private const int LeastPadding = 4;

    private PacketOpener _opener = new PlainOpener();
    private int _length;

    /// <summary>The packet that was read last.</summary>
    public PacketBuffer Packet { get; } = new();

    /// <summary>Number of the next packet; it comes round.</summary>
    public uint Sequence { get; private set; }

    /// <summary>The most that packet_length may say.</summary>
    public int MostLength { get; set; } = MostUnproven;

    /// <summary>Packets under the present key.</summary>
    public long Packets { get; private set; }

    /// <summary>Bytes under the present key.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes of a block of the present cipher.</summary>
    public int BlockSize => _opener.BlockSize;

    /// <summary>What follows is under another key.</summary>
    /// <param name="opener">Its owner is this reader from now on.</param>
    /// <param name="isNumberedAnew">Strict key exchange: the next packet is number 0.</param>
    public void SetKey(PacketOpener opener, bool isNumberedAnew)
    {
        _opener.Dispose();
        _opener = opener;
        Packets = 0;
        Bytes = 0;
        Sequence = isNumberedAnew ? 0 : Sequence;
    }

    /// <summary>Reads the next packet, if it is all there.</summary>
    /// <param name="source">What has arrived.</param>
    /// <param name="consumed">Bytes of it that are dealt with; moved behind the packet.</param>
    /// <returns>False: more bytes are needed, and nothing was consumed.</returns>
    /// <exception cref="ProtocolException">It can never be a packet, or is not proven.</exception>
    public bool TryRead(in ReadOnlySequence<byte> source, ref long consumed)
    {
        long available = source.Length - consumed;
        if (_length == 0)
        {
            int headerLength = _opener.HeaderLength;
            if (available < headerLength)
            {
                return false;
            }

            Span<byte> header = stackalloc byte[headerLength];
            source.Slice(consumed, headerLength).CopyTo(header);
            _length = CheckedLength(_opener.ReadLength(Sequence, header));
        }

        int whole = sizeof(uint) + _length + _opener.TagLength;
        if (available < whole)
        {
            return false;
        }

        Span<byte> plain = Packet.Rent(_length);
        if (!_opener.Open(Sequence, source.Slice(consumed, whole), plain))
        {
            SshProtocolException.Throw(peer, DisconnectReason.SSH_DISCONNECT_MAC_ERROR, "a packet whose MAC is wrong");
        }

        int padding = plain[0];
        int payload = _length - 1 - padding;
        if (padding < LeastPadding || payload < 1)
        {
            ProtocolException.Throw(peer, "a packet whose padding is too short, or leaves no payload");
        }

        Packet.SetPayload(payload);
        consumed += whole;
        _length = 0;
        Sequence = unchecked(Sequence + 1);
        Packets++;
        Bytes += whole;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _opener.Dispose();
        Packet.Dispose();
    }

    private int CheckedLength(uint length)
    {
        // Nothing is allocated for a length that nobody has proven but within this limit, and only once all of it has arrived.
        if (length > (uint)MostLength || length < 1 + LeastPadding)
        {
            ProtocolException.Throw(peer, "a packet length that is not possible");
        }

        if ((length + (_opener.IsLengthApart ? 0 : sizeof(uint))) % _opener.BlockSize != 0)
        {
            ProtocolException.Throw(peer, "a packet length that is no multiple of the block size");
        }

        return (int)length;
    }
}
