using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace WireGate.Core.Transport.Epoll;

/// <summary>Connects from a reactor: names are resolved elsewhere, the connection itself is made without blocking the thread.</summary>
internal static class EpollConnector
{
    private static readonly Action<object?> CloseSocket = static s => ((EpollSocket)s!).Close();

    internal static async ValueTask<Connection> ConnectAsync(Reactor reactor, EndPoint address, CancellationToken cancellationToken)
    {
        if (address is not DnsEndPoint name)
        {
            return await ConnectOneAsync(reactor, address, cancellationToken);
        }

        IPAddress[] found = await NameResolution.ResolveAsync(name, cancellationToken);
        await reactor.Switch();
        return await AddressRace.ConnectAsync(reactor, found, name.Port, (one, over) => ConnectOneAsync(reactor, one, over), cancellationToken);
    }

    private static async ValueTask<Connection> ConnectOneAsync(Reactor reactor, EndPoint address, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RefusedAddresses.ThrowIfContains(address);
        int descriptor = Open(address, out bool connecting);
        var socket = new EpollSocket(reactor, descriptor, connecting);
        if (connecting)
        {
            // Completed on the reactor, so that the awaiting code stays there.
            var made = new TaskCompletionSource();
            socket.Connected = made.SetResult;
            await using (cancellationToken.UnsafeRegister(static s => ((EpollSocket)s!).Reactor.Post(CloseSocket, s), socket))
            {
                await made.Task;
            }

            await reactor.Switch();
            if (cancellationToken.IsCancellationRequested)
            {
                // Also where the cancellation came after the registration was gone, and nobody closed it.
                socket.Close();
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (ErrorOf(socket) is var error and not 0)
            {
                socket.Close();
                throw Failure(error);
            }
        }

        return new EpollConnection(socket, address);
    }

    private static unsafe int Open(EndPoint address, out bool connecting)
    {
        int domain = address.AddressFamily switch
        {
            AddressFamily.InterNetwork => Libc.AF_INET,
            AddressFamily.InterNetworkV6 => Libc.AF_INET6,
            AddressFamily.Unix => Libc.AF_UNIX,
            _ => throw new IOException("not an address that can be connected to"),
        };
        int descriptor = Libc.socket(domain, Libc.SOCK_STREAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
        {
            throw Failure(Marshal.GetLastPInvokeError());
        }

        if (DescriptorHeadroom.IsTooHighForUpstream(descriptor))
        {
            _ = Libc.close(descriptor);
            throw Failure(Libc.EMFILE);
        }

        if (domain != Libc.AF_UNIX)
        {
            SocketOptions.Tune(descriptor);
        }

        SocketAddress raw = address.Serialize();
        int result;
        fixed (byte* bytes = raw.Buffer.Span)
        {
            result = Libc.connect(descriptor, bytes, raw.Size);
        }

        int error = result < 0 ? Marshal.GetLastPInvokeError() : 0;
        connecting = error == Libc.EINPROGRESS;
        if (error != 0 && !connecting)
        {
            _ = Libc.close(descriptor);
            throw Failure(error);
        }

        return descriptor;
    }

    private static unsafe int ErrorOf(EpollSocket socket)
    {
        if (socket.IsClosed)
        {
            return Libc.ECONNABORTED;
        }

        int error;
        int length = sizeof(int);
        return Libc.getsockopt(socket.Descriptor, Libc.SOL_SOCKET, Libc.SO_ERROR, &error, &length) < 0
            ? Marshal.GetLastPInvokeError()
            : error;
    }

    private static IOException Failure(int error) => new(Marshal.GetPInvokeErrorMessage(error));
}
