using WireGate.Core.Framing;

namespace WireGate.Ssh.Relaying;

/// <summary>
/// What a client lets come on a channel (RFC 4254 section 5.2), shared between the upstream and what is said here. What the upstream may send
/// at any moment is less than half of the window, and once it has sent that it is told of more. Clients grant more when they have used up
/// half at the latest, so whatever the upstream does not send, there is room for answers of our own. Once nothing more is said here, the
/// upstream gets it all.
/// </summary>
internal sealed class ChannelWindow
{
    private const ulong MostSpare = 32 * 1024;

    private ulong _size;
    private ulong _upstream;
    private ulong _kept;

    /// <summary>All of it is the upstream's.</summary>
    public bool IsReleased { get; private set; }

    /// <summary>The upstream does not get it, so that one that never pauses leaves room too.</summary>
    private ulong Spare => Math.Min(MostSpare, _size / 8);

    private ulong Share => _size - (_size / 2) - Spare;

    /// <summary>The client grants bytes.</summary>
    /// <returns>How many the upstream is told of.</returns>
    /// <exception cref="ProtocolException">It grants more than a window can be.</exception>
    public uint Grant(uint bytes)
    {
        _kept += bytes;
        _size = Math.Max(_size, _upstream + _kept);
        if (_size > uint.MaxValue)
        {
            ProtocolException.Throw(Peer.Client, "a window of more than 2^32 - 1 bytes");
        }

        return Pass();
    }

    /// <summary>There are so many bytes for an answer of our own.</summary>
    public bool Has(int bytes) => (ulong)bytes <= _kept;

    /// <summary>Takes bytes for an answer of our own.</summary>
    /// <returns>False: there are not so many.</returns>
    public bool TryTake(int bytes)
    {
        if (!Has(bytes))
        {
            return false;
        }

        _kept -= (ulong)bytes;
        return true;
    }

    /// <summary>The upstream sends bytes.</summary>
    /// <returns>How many more it is told of; mostly none, as it need not be told of each.</returns>
    /// <exception cref="ProtocolException">They are more than it was told of.</exception>
    public uint Use(int bytes)
    {
        if ((ulong)bytes > _upstream)
        {
            ProtocolException.Throw(Peer.Upstream, "more data than the window of the channel");
        }

        _upstream -= (ulong)bytes;
        return _upstream < Share / 2 ? Pass() : 0;
    }

    /// <summary>Nothing more is said here, and nothing counted.</summary>
    /// <returns>How many bytes more the upstream is told of.</returns>
    public uint Release()
    {
        uint kept = (uint)_kept;
        (_kept, IsReleased) = (0, true);
        return kept;
    }

    private uint Pass()
    {
        ulong passed = Math.Min(Share > _upstream ? Share - _upstream : 0, _kept > Spare ? _kept - Spare : 0);
        _upstream += passed;
        _kept -= passed;
        return (uint)passed;
    }
}
