using System.Net;
using System.Net.Sockets;
using WireGate.Core.Configuration;

namespace WireGate.Core.Transport.Streams;

/// <summary>The portable transport: the BCL's sockets and stream pipes, on the thread pool.</summary>
public sealed class StreamsTransport : EventLoopTransport
{
    private readonly PoolLoop _loop = new();

    /// <inheritdoc/>
    public override IReadOnlyList<EventLoop> Loops => [_loop];

    /// <inheritdoc/>
    public override Listener Listen(Address address, UnixFileMode? socketMode) =>
        new StreamListener(_loop, BoundSocket.Listen(address, socketMode));

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class StreamListener(PoolLoop loop, Socket socket) : Listener
    {
        /// <summary>Pause after a failed accept that is not one connection's own fault: descriptors or memory ran out.</summary>
        private static readonly TimeSpan Backoff = TimeSpan.FromMilliseconds(50);

        private readonly CancellationTokenSource _stopping = new();
        private Task _accepting = Task.CompletedTask;

        public override EndPoint LocalEndPoint { get; } = socket.LocalEndPoint!;

        public override void Start(Action<Connection> serve) => _accepting = AcceptAsync(serve);

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

        private async Task AcceptAsync(Action<Connection> serve)
        {
            while (!_stopping.IsCancellationRequested)
            {
                try
                {
                    Socket accepted = await socket.AcceptAsync(_stopping.Token);
                    bool unix = accepted.AddressFamily == AddressFamily.Unix;
                    if (!unix)
                    {
                        accepted.NoDelay = true;
                    }

                    EndPoint? remote = unix ? null : accepted.RemoteEndPoint;
                    if (remote is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped)
                    {
                        remote = new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port);
                    }

                    serve(new StreamConnection(loop, new NetworkStream(accepted, ownsSocket: true), remote));
                }
                catch (OperationCanceledException)
                {
                    return;
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
                {
                    await Task.Delay(Backoff, CancellationToken.None);
                }
                catch (SocketException)
                {
                    // One connection was reset while it waited: the next one.
                }
            }
        }
    }
}
