namespace WireGate.Core.Transport.Epoll;

/// <summary>What every TCP socket of ours is set to. Accepted sockets inherit it from the one that listens.</summary>
internal static unsafe class SocketOptions
{
    /// <summary>Idle seconds before a peer is probed, seconds between probes, probes until it counts as gone: two minutes in all.</summary>
    private const int KeepIdle = 60;
    private const int KeepInterval = 15;
    private const int KeepCount = 4;

    internal static void Tune(int descriptor)
    {
        // A relayed message leaves at once: waiting to fill a segment would add the peer's delayed acknowledgement to each round trip.
        Set(descriptor, Libc.IPPROTO_TCP, Libc.TCP_NODELAY, 1);
        Set(descriptor, Libc.SOL_SOCKET, Libc.SO_KEEPALIVE, 1);
        Set(descriptor, Libc.IPPROTO_TCP, Libc.TCP_KEEPIDLE, KeepIdle);
        Set(descriptor, Libc.IPPROTO_TCP, Libc.TCP_KEEPINTVL, KeepInterval);
        Set(descriptor, Libc.IPPROTO_TCP, Libc.TCP_KEEPCNT, KeepCount);
    }

    private static void Set(int descriptor, int level, int name, int value) =>
        _ = Libc.setsockopt(descriptor, level, name, &value, sizeof(int));
}
