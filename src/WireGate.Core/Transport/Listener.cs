using System.Net;

namespace WireGate.Core.Transport;

/// <summary>One bound address. Accepts, hands each connection to a loop, and accepts again: it never waits for anybody.</summary>
public abstract class Listener : IAsyncDisposable
{
    /// <summary>The bound address, with the port that was taken.</summary>
    public abstract EndPoint LocalEndPoint { get; }

    /// <summary>Starts accepting.</summary>
    /// <param name="serve">Called on the connection's loop, once for each connection, which it owns from then on. It must not throw.</param>
    /// <param name="turnAway">
    /// Called on any thread for each connection that was closed at once because descriptors run short, with where it came from (null: a
    /// Unix socket, or unknown). It must not throw.
    /// </param>
    public abstract void Start(Action<Connection> serve, Action<EndPoint?> turnAway);

    /// <summary>Stops accepting and closes the socket; connections already handed over live on.</summary>
    public abstract ValueTask DisposeAsync();
}
