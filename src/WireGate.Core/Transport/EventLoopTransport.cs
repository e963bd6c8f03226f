using WireGate.Core.Configuration;

namespace WireGate.Core.Transport;

/// <summary>One way of moving bytes: its event loops, and the listeners that feed them.</summary>
public abstract class EventLoopTransport : IAsyncDisposable
{
    /// <summary>The loops; at least one.</summary>
    public abstract IReadOnlyList<EventLoop> Loops { get; }

    /// <summary>Binds and listens. Nothing is accepted before <see cref="Listener.Start"/>.</summary>
    /// <param name="address">Where; port 0 takes a free one. A stale Unix socket file is replaced, a living one is not.</param>
    /// <param name="socketMode">Mode bits of a Unix socket; null: 0660.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The address cannot be had.</exception>
    public abstract Listener Listen(Address address, UnixFileMode? socketMode);

    /// <summary>Stops the loops. Connections that are left are aborted.</summary>
    public abstract ValueTask DisposeAsync();
}
