using WireGate.Core.Framing;

namespace WireGate.Ssh.Relaying;

/// <summary>The channels of a session, by the numbers of both sides.</summary>
internal sealed class ChannelTable
{
    /// <summary>OpenSSH's server has ten sessions at most, and its client some hundred forwarded connections of a browser.</summary>
    public const int Most = 1024;

    // From where on upstreams, which count from zero, have no numbers.
    private const uint FirstShown = 0xF000_0000;

    private readonly Dictionary<uint, Channel> _byClient = [];

    // By what the client takes for their numbers.
    private readonly Dictionary<uint, Channel> _byUpstream = [];
    private int _count;
    private uint _lastShown = FirstShown;

    /// <summary>There is room for one more.</summary>
    public bool HasRoom => _count < Most;

    /// <summary>A side asks for a channel, under its own number.</summary>
    /// <exception cref="ProtocolException">It has another one of that number.</exception>
    public void Begin(Peer opener, uint number, Channel channel)
    {
        Add(opener, number, channel);
        _count++;
    }

    /// <summary>The other side has agreed, under its own number.</summary>
    /// <exception cref="ProtocolException">It has another one of that number.</exception>
    public void Confirm(Peer confirmer, uint number, Channel channel)
    {
        Add(confirmer, number, channel);
        channel.IsOpen = true;
    }

    /// <summary>The channel that a message means which a side sends: it names it by the number of the other.</summary>
    /// <param name="sender">Who sends.</param>
    /// <param name="recipient">The recipient's number.</param>
    /// <exception cref="ProtocolException">There is no such channel, or it is not open yet.</exception>
    public Channel Open(Peer sender, uint recipient)
    {
        if (!Of(OtherThan(sender)).TryGetValue(recipient, out Channel? channel) || !channel.IsOpen)
        {
            ProtocolException.Throw(sender, "a message for a channel that there is not");
        }

        return channel!;
    }

    /// <summary>The channel that a side asked for, which the other now answers.</summary>
    /// <exception cref="ProtocolException">It did not ask.</exception>
    public Channel Pending(Peer answerer, uint recipient)
    {
        if (!Of(OtherThan(answerer)).TryGetValue(recipient, out Channel? channel) || channel.IsOpen || channel.Held is not null)
        {
            ProtocolException.Throw(answerer, "an answer to a channel that nobody asked for");
        }

        return channel!;
    }

    /// <summary>Those that the client asked for, or has agreed to.</summary>
    public IEnumerable<Channel> All => _byClient.Values;

    /// <summary>It is no more, and its numbers are free.</summary>
    public void Remove(Channel channel)
    {
        Remove(_byClient, channel.ClientNumber, channel);
        Remove(_byUpstream, channel.ShownNumber, channel);
        _count--;
    }

    private static void Remove(Dictionary<uint, Channel> channels, uint number, Channel channel)
    {
        // A number that was never agreed on may be another channel's.
        if (channels.TryGetValue(number, out Channel? found) && ReferenceEquals(found, channel))
        {
            channels.Remove(number);
        }
    }

    private void Add(Peer owner, uint number, Channel channel)
    {
        if (owner == Peer.Client)
        {
            channel.ClientNumber = number;
        }
        else
        {
            bool isGone = _byUpstream.TryGetValue(number, out Channel? before) && before is { IsRefused: true, IsClosedByUpstream: true };
            (channel.UpstreamNumber, number) = (number, isGone ? NextShown() : number);
            channel.ShownNumber = number;
        }

        if (!Of(owner).TryAdd(number, channel))
        {
            ProtocolException.Throw(owner, "a channel of a number that another one has");
        }
    }

    private uint NextShown()
    {
        do
        {
            _lastShown = _lastShown == uint.MaxValue ? FirstShown : _lastShown + 1;
        }
        while (_byUpstream.ContainsKey(_lastShown));
        return _lastShown;
    }

    private static Peer OtherThan(Peer peer) => peer == Peer.Client ? Peer.Upstream : Peer.Client;

    private Dictionary<uint, Channel> Of(Peer peer) => peer == Peer.Client ? _byClient : _byUpstream;
}
