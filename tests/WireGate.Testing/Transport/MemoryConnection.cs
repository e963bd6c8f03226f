using System.Net;
using WireGate.Core.Transport.Streams;

namespace WireGate.Testing.Transport;

/// <summary>Connections without a network.</summary>
public static class MemoryConnection
{
    /// <summary>What <see cref="CreatePair"/> gives as the peer's address unless told: documentation's own, of RFC 5737.</summary>
    public static readonly IPEndPoint Somebody = new(IPAddress.Parse("192.0.2.7"), 40_000);

    /// <summary>The gateway's end, and the end of its peer.</summary>
    public static (StreamConnection Gateway, StreamConnection Peer) CreatePair(EndPoint? remote = null)
    {
        (DuplexStream gateway, DuplexStream peer) = DuplexStream.CreatePair();
        return (new StreamConnection(new PoolLoop(), gateway, remote ?? Somebody), new StreamConnection(new PoolLoop(), peer, null));
    }
}
