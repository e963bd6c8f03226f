using System.Net;
using System.Net.Sockets;
using WireGate.Core.Configuration;

namespace WireGate.Core.Transport.Streams;

/// <summary>The portable transport: the BCL's sockets and stream pipes, on the thread pool. Each session has a loop of its own.</summary>
public sealed class StreamsTransport : EventLoopTransport
{
    private readonly PoolLoop _loop = new();

    /// <inheritdoc/>
    public override IReadOnlyList<EventLoop> Loops => [_loop];

    /// <inheritdoc/>
    public override Listener Listen(Address address, UnixFileMode? socketMode) =>
        new StreamListener(BoundSocket.Listen(address, socketMode));

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class StreamListener(Socket socket) : Listener
    {
        /// <summary>Pause after a failed accept that is not one connection's own fault: descriptors or memory ran out.</summary>
        private static readonly TimeSpan Backoff = TimeSpan.FromMilliseconds(50);

        private readonly CancellationTokenSource _stopping = new();
        private Task _accepting = Task.CompletedTask;

        public override EndPoint LocalEndPoint { get; } = socket.LocalEndPoint!;

        public override void Start(Action<Connection> serve, Action<EndPoint?> turnAway) => _accepting = AcceptAsync(serve, turnAway);

        public override async ValueTask DisposeAsync()
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            await _stopping.CancelAsync();
            await _accepting;
            socket.Dispose();
            _stopping.Dispose();
            if (LocalEndPoint is UnixDomainSocketEndPoint unix)
            {
                File.Delete(unix.ToString());
            }
        }

        private async Task AcceptAsync(Action<Connection> serve, Action<EndPoint?> turnAway)
        {
            while (!_stopping.IsCancellationRequested)
            {
                Socket? accepted = null;
                try
                {
                    accepted = await socket.AcceptAsync(_stopping.Token);
                    EndPoint? remote = Remote(accepted);
                    if (DescriptorHeadroom.IsTooHighForClient(accepted.Handle))
                    {
                        accepted.Dispose();
                        turnAway(remote);
                        continue;
                    }

                    if (remote is not null)
                    {
                        accepted.NoDelay = true;
                    }

                    var loop = new PoolLoop();
                    var connection = new StreamConnection(loop, new NetworkStream(accepted, ownsSocket: true), remote);
                    loop.Post(static state => ((Action)state!)(), () => serve(connection));
                }
                catch (OperationCanceledException)
                {
                    return;
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
                {
                    await Task.Delay(Backoff, CancellationToken.None);
                }
                catch (Exception e) when (e is SocketException or IOException)
                {
                    // One connection was reset while it waited: the next one.
                    accepted?.Dispose();
                }
            }
        }

        private static EndPoint? Remote(Socket accepted) =>
            accepted.AddressFamily == AddressFamily.Unix ? null
            : accepted.RemoteEndPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port)
            : accepted.RemoteEndPoint;
    }
}
