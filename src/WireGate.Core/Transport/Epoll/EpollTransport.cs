using WireGate.Core.Configuration;

namespace WireGate.Core.Transport.Epoll;

/// <summary>
/// The transport that this project exists for: reactors, as many as the cores can feed, each with all sockets of its sessions. A message goes from
/// receive to send on one thread, in one buffer. Linux only.
/// </summary>
public sealed class EpollTransport : EventLoopTransport
{
    private readonly Reactor[] _reactors;

    /// <summary>Starts the reactors.</summary>
    /// <param name="reactors">How many threads.</param>
    /// <param name="threadStarted">Runs first on each reactor's thread, with its index; null: nothing to do.</param>
    /// <param name="faulted">Told of an exception that nobody caught: our own fault. The reactor goes on.</param>
    public EpollTransport(int reactors, Action<int>? threadStarted, Action<Exception> faulted)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(reactors, 1);
        _reactors = new Reactor[reactors];
        for (int i = 0; i < reactors; i++)
        {
            _reactors[i] = new Reactor(i, threadStarted, faulted);
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<EventLoop> Loops => _reactors;

    /// <inheritdoc/>
    public override Listener Listen(Address address, UnixFileMode? socketMode) =>
        new EpollListener(BoundSocket.Listen(address, socketMode), _reactors, TimeProvider.System);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        foreach (Reactor reactor in _reactors)
        {
            reactor.Dispose();
        }

        return ValueTask.CompletedTask;
    }
}
