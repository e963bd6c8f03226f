using System.Net;
using System.Net.Sockets;

namespace WireGate.Core.Transport.Streams;

/// <summary>The loop of sessions over streams: no thread of its own, so its sessions' two directions may run at the same time.</summary>
public sealed class PoolLoop : EventLoop
{
    /// <inheritdoc/>
    public override int Index => 0;

    /// <inheritdoc/>
    public override bool IsCurrent => true;

    /// <inheritdoc/>
    public override void Post(Action<object?> callback, object? state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        ThreadPool.UnsafeQueueUserWorkItem(static item => item.callback(item.state), (callback, state), preferLocal: false);
    }

    /// <inheritdoc/>
    public override async ValueTask<Connection> ConnectAsync(EndPoint address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        bool unix = address is UnixDomainSocketEndPoint;
        var socket = unix
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (DescriptorHeadroom.IsTooHighForUpstream(socket.Handle))
            {
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            }

            await socket.ConnectAsync(address, cancellationToken);
            return new StreamConnection(this, new NetworkStream(socket, ownsSocket: true), unix ? null : socket.RemoteEndPoint);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException(e.Message, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
