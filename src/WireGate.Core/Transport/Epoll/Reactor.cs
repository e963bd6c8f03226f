using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace WireGate.Core.Transport.Epoll;

/// <summary>
/// One thread over one epoll instance. It owns its sockets, its blocks and the state of its sessions: nothing of it is locked.
/// Sockets are edge-triggered, so a readiness is told once and remembered by the socket. Other threads reach it through
/// <see cref="Post"/>, and code that has left it returns with <see cref="EventLoop.Switch"/>.
/// </summary>
internal sealed unsafe class Reactor : EventLoop, IDisposable
{
    /// <summary>Events taken from the kernel in one call; libev's and pgbouncer's order of magnitude.</summary>
    private const int MaxEvents = 256;

    /// <summary>Milliseconds between looks at blocks that a burst has left: longer than bursts are apart that come again and again.</summary>
    private const int SettleEvery = 1000;

    [ThreadStatic]
    private static Reactor? _current;

    private readonly int _epoll;
    private readonly int _wake;
    private readonly Thread _thread;
    private readonly Action<int>? _threadStarted;
    private readonly Action<Exception> _faulted;

    private readonly Lock _mailboxLock = new();
    private List<(Action<object?> Callback, object? State)> _mailbox = [];
    private List<(Action<object?> Callback, object? State)> _mailboxTaken = [];
    private bool _wakeSent;
    private bool _closed;

    private readonly Queue<(Action<object?> Callback, object? State)> _queue = new();
    private EpollSource?[] _sources = new EpollSource?[1024];
    private uint _generation;
    private int _connections;
    private long _settled;
    private volatile bool _stopping;

    /// <param name="index">Index among the loops of the process.</param>
    /// <param name="threadStarted">Runs first on the new thread, with the index; may be null.</param>
    /// <param name="faulted">Told when a callback throws: our own fault, the loop goes on.</param>
    internal Reactor(int index, Action<int>? threadStarted, Action<Exception> faulted)
    {
        Index = index;
        _threadStarted = threadStarted;
        _faulted = faulted;
        _epoll = Check(Libc.epoll_create1(Libc.EPOLL_CLOEXEC));
        _wake = Check(Libc.eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK));
        Control(Libc.EPOLL_CTL_ADD, _wake, Libc.EPOLLIN, ulong.MaxValue);
        _thread = new Thread(Run) { IsBackground = true, Name = $"reactor {index}" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public override int Index { get; }

    /// <inheritdoc/>
    public override bool IsCurrent => _current == this;

    internal BlockPool Blocks { get; } = new();

    /// <summary>Connections that live here; read by the acceptor to choose the least loaded.</summary>
    internal int Connections => Volatile.Read(ref _connections);

    /// <inheritdoc/>
    public override void Post(Action<object?> callback, object? state)
    {
        if (IsCurrent)
        {
            _queue.Enqueue((callback, state));
            return;
        }

        lock (_mailboxLock)
        {
            _mailbox.Add((callback, state));
            Wake();
        }
    }

    /// <inheritdoc/>
    public override ValueTask<Connection> ConnectAsync(EndPoint address, CancellationToken cancellationToken) =>
        EpollConnector.ConnectAsync(this, address, cancellationToken);

    /// <summary>Tells of an exception that nobody else will catch.</summary>
    internal void Report(Exception exception) => _faulted(exception);

    internal void CountConnection(int change) => Interlocked.Add(ref _connections, change);

    /// <summary>Watches a descriptor. The source's <see cref="EpollSource.OnEvents"/> is called on this thread.</summary>
    internal void Register(EpollSource source, uint events)
    {
        Debug.Assert(IsCurrent);
        int fd = source.Descriptor;
        if (fd >= _sources.Length)
        {
            Array.Resize(ref _sources, Math.Max(fd + 1, _sources.Length * 2));
        }

        source.Generation = ++_generation;
        _sources[fd] = source;
        Control(Libc.EPOLL_CTL_ADD, fd, events, Key(source));
    }

    internal void Modify(EpollSource source, uint events) => Control(Libc.EPOLL_CTL_MOD, source.Descriptor, events, Key(source));

    /// <summary>Forgets the source; closing its descriptor takes it out of epoll.</summary>
    internal void Forget(EpollSource source)
    {
        Debug.Assert(IsCurrent);
        if (_sources[source.Descriptor] == source)
        {
            _sources[source.Descriptor] = null;
        }
    }

    /// <summary>Takes a descriptor out of epoll that is not closed with its source.</summary>
    internal void Unwatch(EpollSource source) => Control(Libc.EPOLL_CTL_DEL, source.Descriptor, 0, 0);

    /// <summary>Stops and joins the thread. Sources that are left are aborted.</summary>
    public void Dispose()
    {
        _stopping = true;
        lock (_mailboxLock)
        {
            Wake();
        }

        if (!IsCurrent)
        {
            _thread.Join();
        }
    }

    internal static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    private static ulong Key(EpollSource source) => ((ulong)source.Generation << 32) | (uint)source.Descriptor;

    private void Control(int operation, int fd, uint events, ulong data)
    {
        byte* one = stackalloc byte[16];
        Libc.EpollEvents.Write(one, events, data);
        if (Libc.epoll_ctl(_epoll, operation, fd, one) < 0)
        {
            throw new SocketException(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Under the mailbox's lock: the descriptor is never written once it was closed.</summary>
    private void Wake()
    {
        if (!_wakeSent && !_closed)
        {
            _wakeSent = true;
            ulong one = 1;
            _ = Libc.write(_wake, (byte*)&one, sizeof(ulong));
        }
    }

    private void Run()
    {
        _current = this;
        _threadStarted?.Invoke(Index);
        byte* events = (byte*)NativeMemory.Alloc((nuint)(MaxEvents * Libc.EpollEvents.Stride));
        try
        {
            while (!_stopping)
            {
                int count = Libc.epoll_wait(_epoll, events, MaxEvents, _queue.Count > 0 ? 0 : Blocks.HasSpare ? SettleEvery : -1);
                if (count < 0 && Marshal.GetLastPInvokeError() != Libc.EINTR)
                {
                    throw new Win32Exception(Marshal.GetLastPInvokeError());
                }

                for (int i = 0; i < count; i++)
                {
                    Dispatch(Libc.EpollEvents.Mask(events, i), Libc.EpollEvents.Data(events, i));
                }

                RunQueue();
                SettleBlocks();
            }
        }
        finally
        {
            NativeMemory.Free(events);
            foreach (EpollSource? source in _sources)
            {
                source?.OnStopped();
            }

            RunQueue();
            _current = null;
            lock (_mailboxLock)
            {
                _closed = true;
            }

            _ = Libc.close(_wake);
            _ = Libc.close(_epoll);
        }
    }

    private void SettleBlocks()
    {
        if (Blocks.HasSpare && Environment.TickCount64 - _settled >= SettleEvery)
        {
            _settled = Environment.TickCount64;
            Blocks.Settle();
        }
    }

    private void Dispatch(uint mask, ulong data)
    {
        if (data == ulong.MaxValue)
        {
            TakeMailbox();
            return;
        }

        EpollSource? source = _sources[(int)(uint)data];
        if (source is null || source.Generation != (uint)(data >> 32))
        {
            // Closed earlier in this very round.
            return;
        }

        try
        {
            source.OnEvents(mask);
        }
        catch (Exception e)
        {
            _faulted(e);
            source.OnStopped();
        }
    }

    private void TakeMailbox()
    {
        ulong ignored;
        _ = Libc.read(_wake, (byte*)&ignored, sizeof(ulong));
        lock (_mailboxLock)
        {
            _wakeSent = false;
            (_mailbox, _mailboxTaken) = (_mailboxTaken, _mailbox);
        }

        foreach ((Action<object?> Callback, object? State) item in _mailboxTaken)
        {
            _queue.Enqueue(item);
        }

        _mailboxTaken.Clear();
    }

    /// <summary>Runs what was queued before this call; what that queues waits until the sockets had their turn.</summary>
    private void RunQueue()
    {
        for (int left = _queue.Count; left > 0; left--)
        {
            (Action<object?> callback, object? state) = _queue.Dequeue();
            try
            {
                callback(state);
            }
            catch (Exception e)
            {
                _faulted(e);
            }
        }
    }
}
