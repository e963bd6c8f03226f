using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace WireGate.Core.Transport.Epoll;

/// <summary>
/// Accepts on one reactor and gives each connection to the least loaded one. Level-triggered, so that connections left in the backlog
/// are told of again. Before descriptors run out clients are turned away (<see cref="DescriptorHeadroom"/>); where they have run out all
/// the same, a spare one is given up to take the next connection and close it: its client is told at once instead of waiting in a
/// backlog that nobody can empty. Where nothing helps it pauses, and tries again.
/// </summary>
internal sealed class EpollListener : Listener
{
    /// <summary>Connections accepted in one turn, so that a flood of them does not hold up those that are being served.</summary>
    private const int AcceptsPerTurn = 64;

    private static readonly TimeSpan PauseTime = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;
    private readonly IReadOnlyList<Reactor> _reactors;
    private readonly TimeProvider _time;
    private Acceptor? _acceptor;

    /// <param name="socket">Bound and listening; owned.</param>
    /// <param name="reactors">The first one accepts.</param>
    /// <param name="time">The clock.</param>
    internal EpollListener(Socket socket, IReadOnlyList<Reactor> reactors, TimeProvider time)
    {
        _socket = socket;
        _reactors = reactors;
        _time = time;
        LocalEndPoint = socket.LocalEndPoint!;
        socket.Blocking = false;
        if (socket.AddressFamily != AddressFamily.Unix)
        {
            SocketOptions.Tune((int)socket.Handle);
        }
    }

    /// <inheritdoc/>
    public override EndPoint LocalEndPoint { get; }

    /// <inheritdoc/>
    public override void Start(Action<Connection> serve, Action<EndPoint?> turnAway)
    {
        _acceptor = new Acceptor(_socket, _reactors, _time, serve, turnAway);
        _reactors[0].Post(static a => ((Acceptor)a!).Watch(), _acceptor);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_acceptor is { } acceptor)
        {
            var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _reactors[0].Post(
                _ =>
                {
                    acceptor.OnStopped();
                    stopped.SetResult();
                },
                null);
            await stopped.Task;
        }

        _socket.Dispose();
        if (LocalEndPoint is UnixDomainSocketEndPoint unix)
        {
            File.Delete(unix.ToString());
        }
    }

    private sealed class Acceptor : EpollSource
    {
        private static readonly Action<object?> Adopt = static arrival => ((Arrival)arrival!).Serve();

        private readonly Socket _socket;
        private readonly IReadOnlyList<Reactor> _reactors;
        private readonly Action<Connection> _serve;
        private readonly Action<EndPoint?> _turnAway;
        private readonly ITimer _pause;
        private int _spare;
        private bool _watching;
        private bool _isReported;
        private bool _isStopped;

        internal Acceptor(Socket socket, IReadOnlyList<Reactor> reactors, TimeProvider time, Action<Connection> serve, Action<EndPoint?> turnAway)
        {
            _socket = socket;
            _reactors = reactors;
            _serve = serve;
            _turnAway = turnAway;
            Descriptor = (int)socket.Handle;
            _spare = OpenSpare();
            _pause = time.CreateTimer(
                static state => ((Acceptor)state!)._reactors[0].Post(static a => ((Acceptor)a!).Watch(), state), this, Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
        }

        internal void Watch()
        {
            if (_isStopped)
            {
                return;
            }

            try
            {
                _reactors[0].Register(this, Libc.EPOLLIN);
                _watching = true;
            }
            catch (SocketException e)
            {
                _reactors[0].Forget(this);
                TryLater(e.NativeErrorCode);
            }
        }

        internal override void OnEvents(uint mask)
        {
            for (int i = 0; i < AcceptsPerTurn && _watching; i++)
            {
                SocketAddress address = new(_socket.AddressFamily);
                int descriptor = Accept(_socket, address);
                if (descriptor >= 0)
                {
                    _isReported = false;
                    if (DescriptorHeadroom.IsTooHighForClient(descriptor))
                    {
                        _ = Libc.close(descriptor);
                        _turnAway(Remote(address));
                    }
                    else
                    {
                        Hand(descriptor, address);
                    }

                    if (_spare < 0)
                    {
                        _spare = OpenSpare();
                    }

                    continue;
                }

                int error = Marshal.GetLastPInvokeError();
                switch (error)
                {
                    case Libc.EAGAIN:
                        return;
                    // One connection only, which was lost while it waited: the next one.
                    case Libc.EINTR or Libc.ECONNABORTED or Libc.EPROTO:
                        continue;
                    case Libc.EMFILE or Libc.ENFILE when TurnAway(address):
                        return;
                    // No memory, no descriptors, or the system forbids it: whoever waits in the backlog would be told of again at once.
                    default:
                        Pause(error);
                        return;
                }
            }
        }

        internal override void OnStopped()
        {
            _isStopped = true;
            _pause.Dispose();
            Unwatch();
            if (_spare >= 0)
            {
                _ = Libc.close(_spare);
                _spare = -1;
            }
        }

        private static unsafe int Accept(Socket socket, SocketAddress address)
        {
            int size = address.Size;
            fixed (byte* bytes = address.Buffer.Span)
            {
                int descriptor = Libc.accept4((int)socket.Handle, bytes, &size, Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC);
                address.Size = Math.Min(size, address.Buffer.Length);
                return descriptor;
            }
        }

        private static int OpenSpare() => Libc.open("/dev/null", Libc.O_CLOEXEC);

        private void Unwatch()
        {
            if (_watching)
            {
                _watching = false;
                _reactors[0].Forget(this);
                _reactors[0].Unwatch(this);
            }
        }

        private void Pause(int error)
        {
            Unwatch();
            TryLater(error);
        }

        private void TryLater(int error)
        {
            // Once, and not for as long as it lasts.
            if (!_isReported)
            {
                _isReported = true;
                _reactors[0].Report(new SocketException(error));
            }

            _pause.Change(PauseTime, Timeout.InfiniteTimeSpan);
        }

        /// <returns>False: there is no spare descriptor, or it did not help.</returns>
        private bool TurnAway(SocketAddress address)
        {
            if (_spare < 0)
            {
                return false;
            }

            _ = Libc.close(_spare);
            int descriptor = Accept(_socket, address);
            bool helped = descriptor >= 0 || Marshal.GetLastPInvokeError() == Libc.EAGAIN;
            if (descriptor >= 0)
            {
                _ = Libc.close(descriptor);
                _turnAway(Remote(address));
            }

            _spare = OpenSpare();
            return helped;
        }

        private void Hand(int descriptor, SocketAddress address)
        {
            Reactor least = _reactors[0];
            foreach (Reactor reactor in _reactors)
            {
                if (reactor.Connections < least.Connections)
                {
                    least = reactor;
                }
            }

            // Posted to this reactor too: a connection that cannot be served must not end the accepting.
            least.Post(Adopt, new Arrival(least, descriptor, Remote(address), _serve));
        }

        private IPEndPoint? Remote(SocketAddress address)
        {
            if (_socket.AddressFamily == AddressFamily.Unix)
            {
                return null;
            }

            var remote = (IPEndPoint)((IPEndPoint)_socket.LocalEndPoint!).Create(address);
            // A dual-mode listener shows IPv4 clients as mapped; everything that compares sources wants the address itself.
            return remote.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(remote.Address.MapToIPv4(), remote.Port) : remote;
        }
    }

    private sealed class Arrival(Reactor reactor, int descriptor, EndPoint? remote, Action<Connection> serve)
    {
        internal void Serve()
        {
            EpollSocket? socket = null;
            try
            {
                socket = new EpollSocket(reactor, descriptor);
                serve(new EpollConnection(socket, remote));
            }
            catch (Exception e)
            {
                // One connection that cannot be served, and that nobody owns now, is not the end of the listener.
                socket?.Close();
                reactor.Report(e);
            }
        }
    }
}
