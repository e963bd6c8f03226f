using WireGate.Core.Framing;

namespace WireGate.Ssh.Relaying;

/// <summary>
/// What one side may still send on a channel, as it was told (RFC 4254 section 5.2). It is counted here, for whoever is relayed to trusts us
/// to bring no more, and may keep room for no more.
/// </summary>
/// <param name="sender">Who sends.</param>
internal sealed class DataWindow(Peer sender)
{
    private uint _left;

    /// <summary>The sender has to wait until it is told of more.</summary>
    public bool IsUsedUp => _left == 0;

    /// <summary>The most that may come in one packet.</summary>
    public uint MostInPacket { get; set; }

    /// <summary>The sender is told of more.</summary>
    /// <exception cref="ProtocolException">The other side lets come more than a window can be.</exception>
    public void Grant(uint bytes)
    {
        if (bytes > uint.MaxValue - _left)
        {
            ProtocolException.Throw(sender == Peer.Client ? Peer.Upstream : Peer.Client, "a window of more than 2^32 - 1 bytes");
        }

        _left += bytes;
    }

    /// <summary>The sender sends.</summary>
    /// <exception cref="ProtocolException">It is more than it was told of.</exception>
    public void Use(int bytes)
    {
        if ((uint)bytes > MostInPacket)
        {
            ProtocolException.Throw(sender, "more data in a packet than the channel takes");
        }

        if ((uint)bytes > _left)
        {
            ProtocolException.Throw(sender, "more data than the window of the channel");
        }

        _left -= (uint)bytes;
    }
}
