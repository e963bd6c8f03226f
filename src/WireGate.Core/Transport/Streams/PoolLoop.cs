using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace WireGate.Core.Transport.Streams;

/// <summary>
/// The loop of one session over streams. It has no thread of its own: what is queued runs on whichever thread of the pool, one thing after
/// the other, so that the session's two directions never run at the same time.
/// </summary>
public sealed class PoolLoop : EventLoop, IThreadPoolWorkItem
{
    [ThreadStatic]
    private static PoolLoop? _current;

    private readonly ConcurrentQueue<(Action<object?> Callback, object? State)> _queue = new();
    private int _queued;

    /// <inheritdoc/>
    public override int Index => 0;

    /// <inheritdoc/>
    public override bool IsCurrent => _current == this;

    /// <inheritdoc/>
    public override bool IsShared => false;

    /// <inheritdoc/>
    public override void Post(Action<object?> callback, object? state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        _queue.Enqueue((callback, state));
        if (Interlocked.Increment(ref _queued) == 1)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>As <see cref="Post"/>, and at once on this thread if nothing of the loop runs anywhere: it comes from a socket, and holds nothing.</summary>
    internal void Continue(Action continuation)
    {
        _queue.Enqueue((static state => ((Action)state!)(), continuation));
        if (Interlocked.Increment(ref _queued) != 1)
        {
            return;
        }

        if (_current is null)
        {
            ((IThreadPoolWorkItem)this).Execute();
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        _current = this;
        try
        {
            do
            {
                _queue.TryDequeue(out (Action<object?> Callback, object? State) next);
                next.Callback(next.State);
            }
            while (Interlocked.Decrement(ref _queued) > 0);
        }
        finally
        {
            _current = null;
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<Connection> ConnectAsync(EndPoint address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address is not DnsEndPoint name)
        {
            return await ConnectOneAsync(address, cancellationToken);
        }

        // Resolved here and not by the socket: what is dialled is what was looked at.
        IPAddress[] found = await NameResolution.ResolveAsync(name, cancellationToken);
        await Switch();
        return await AddressRace.ConnectAsync(this, found, name.Port, ConnectOneAsync, cancellationToken);
    }

    private async ValueTask<Connection> ConnectOneAsync(EndPoint address, CancellationToken cancellationToken)
    {
        RefusedAddresses.ThrowIfContains(address);
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
