using System.Diagnostics;

namespace WireGate.Core.Transport.Epoll;

/// <summary>One connected socket of a reactor: the descriptor, and the reader and the writer on it.</summary>
internal sealed unsafe class EpollSocket : EpollSource
{
    /// <summary>What every socket is watched for. Room to write is watched for from the first time that it lacks.</summary>
    private const uint Reading = Libc.EPOLLIN | Libc.EPOLLRDHUP | Libc.EPOLLET;

    private const uint PeerIsDone = Libc.EPOLLRDHUP | PeerIsGone;

    private const uint PeerIsGone = Libc.EPOLLHUP | Libc.EPOLLERR;

    private bool _watchesWritable;
    private volatile bool _endsWithReset;

    /// <param name="reactor">Where it lives; the constructor runs on it.</param>
    /// <param name="descriptor">Non-blocking; owned by this object from here on, also if this throws.</param>
    /// <param name="connecting">True: <c>connect</c> is under way, and the writer is told when it ended.</param>
    internal EpollSocket(Reactor reactor, int descriptor, bool connecting = false)
    {
        Reactor = reactor;
        Descriptor = descriptor;
        Reader = new EpollReader(this);
        Writer = new EpollWriter(this);
        _watchesWritable = connecting;
        try
        {
            reactor.Register(this, connecting ? Reading | Libc.EPOLLOUT : Reading);
        }
        catch
        {
            _ = Libc.close(descriptor);
            throw;
        }

        reactor.CountConnection(1);
    }

    internal Reactor Reactor { get; }

    internal EpollReader Reader { get; }

    internal EpollWriter Writer { get; }

    internal bool IsClosed { get; private set; }

    /// <summary>The peer will send nothing more than what already lies in the kernel.</summary>
    internal bool HungUp { get; private set; }

    /// <summary>The peer takes nothing more either.</summary>
    internal bool IsLost { get; private set; }

    /// <summary>Bytes of what was sent that the kernel keeps, since the peer's has not taken them.</summary>
    internal int Unacknowledged => IsClosed ? 0 : Libc.Unacknowledged(Descriptor);

    /// <summary>The reader got to the end that the peer has set. Nothing else makes it true: what ended otherwise is not whole.</summary>
    internal bool HasFinished { get; set; }

    /// <summary>It broke. The kernel says so once, to whoever reads or writes first; the other gets an end that looks like any.</summary>
    internal bool HasBroken { get; set; }

    /// <summary>However it is closed: the kernel then sends a reset instead of what lies there to be sent. From any thread.</summary>
    internal bool EndsWithReset
    {
        get => _endsWithReset;
        set => _endsWithReset = value;
    }

    /// <summary>Called when <see cref="HungUp"/> becomes true, and when <see cref="IsLost"/> does.</summary>
    internal Action? OnHungUp { get; set; }

    /// <summary>Called once when a connection under way was made or failed.</summary>
    internal Action? Connected { get; set; }

    internal override void OnEvents(uint mask)
    {
        bool isLost = (mask & PeerIsGone) != 0;
        if ((!HungUp && (mask & PeerIsDone) != 0) || (isLost && !IsLost))
        {
            (HungUp, IsLost) = (true, IsLost || isLost);
            OnHungUp?.Invoke();
        }

        if (Connected is { } connected)
        {
            if ((mask & (Libc.EPOLLOUT | PeerIsDone)) != 0)
            {
                // What the peer said as soon as it accepted may be told with this same edge, and no other one follows.
                Reader.OnReadable();
                Connected = null;
                connected();
            }

            return;
        }

        if ((mask & (Libc.EPOLLIN | PeerIsDone)) != 0)
        {
            Reader.OnReadable();
        }

        if (!IsClosed && (mask & (Libc.EPOLLOUT | Libc.EPOLLHUP | Libc.EPOLLERR)) != 0)
        {
            Writer.OnWritable();
        }
    }

    internal override void OnStopped() => Close();

    /// <summary>Makes the kernel tell when there is room to write. From then on it always does; for TCP that costs nothing.</summary>
    internal void WantWritable()
    {
        if (!_watchesWritable && !IsClosed)
        {
            _watchesWritable = true;
            Reactor.Modify(this, Reading | Libc.EPOLLOUT);
        }
    }

    /// <summary>Closes now and wakes whoever waits.</summary>
    internal void Close()
    {
        Debug.Assert(Reactor.IsCurrent);
        if (IsClosed)
        {
            return;
        }

        IsClosed = true;
        if (EndsWithReset)
        {
            // struct linger { int l_onoff; int l_linger; }
            int* linger = stackalloc int[] { 1, 0 };
            _ = Libc.setsockopt(Descriptor, Libc.SOL_SOCKET, Libc.SO_LINGER, linger, 2 * sizeof(int));
        }

        Reactor.Forget(this);
        Reactor.CountConnection(-1);
        _ = Libc.close(Descriptor);
        Reader.OnClosed();
        Writer.OnClosed();
        if (Connected is { } connected)
        {
            Connected = null;
            connected();
        }
    }

    /// <summary>Says that nothing more comes.</summary>
    internal void Finish()
    {
        if (!IsClosed)
        {
            _ = Libc.shutdown(Descriptor, Libc.SHUT_WR);
        }
    }

    /// <summary>
    /// Says goodbye: what is buffered goes, and what the peer sent and nobody read is taken off the socket first, because closing over
    /// unread bytes makes the kernel send a reset that can overtake our last message.
    /// </summary>
    internal void CloseGently()
    {
        if (EndsWithReset)
        {
            Close();
        }
        else if (!IsClosed)
        {
            Writer.TrySend();
            _ = Libc.shutdown(Descriptor, Libc.SHUT_WR);
            Block scratch = Reactor.Blocks.Rent();
            // Bounded: a peer that keeps sending gets its reset.
            for (int i = 0; i < 16 && Libc.recv(Descriptor, scratch.Address, Block.Size, 0) == Block.Size; i++)
            {
            }

            Reactor.Blocks.Return(scratch);
            Close();
        }

        Reader.ReleaseBlocks();
        Writer.ReleaseBlocks();
    }
}
