using WireGate.Core.Framing;

namespace WireGate.Http.Kubernetes.Channels;

/// <summary>SPDY within the messages of a WebSocket (SPDY/3.1+portforward.k8s.io), whose borders mean nothing.</summary>
internal sealed class TunnelledChannels : IChannelReader
{
    private readonly SpdyChannels _channels;
    private readonly WebSocketFrames _client;
    private readonly WebSocketFrames _upstream;

    /// <param name="sink">Told what goes over them.</param>
    public TunnelledChannels(IChannelSink sink)
    {
        _channels = new SpdyChannels(sink);
        _client = new WebSocketFrames(Peer.Client, (data, _) => _channels.Read(Peer.Client, data));
        _upstream = new WebSocketFrames(Peer.Upstream, (data, _) => _channels.Read(Peer.Upstream, data));
    }

    /// <inheritdoc/>
    public void Read(Peer from, ReadOnlySpan<byte> bytes) => (from == Peer.Client ? _client : _upstream).Read(bytes);

    /// <inheritdoc/>
    public void Dispose() => _channels.Dispose();
}
