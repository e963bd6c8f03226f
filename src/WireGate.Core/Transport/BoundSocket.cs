using System.Net;
using System.Net.Sockets;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;

namespace WireGate.Core.Transport;

/// <summary>Binds and listens, for every transport in the same way.</summary>
internal static class BoundSocket
{
    /// <summary>Connections that may wait to be accepted; the kernel caps it at net.core.somaxconn.</summary>
    private const int Backlog = 4096;

    /// <summary>Mode of a Unix socket's file unless configured: the owner and the group.</summary>
    private const UnixFileMode DefaultMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>Listens on <paramref name="address"/>.</summary>
    /// <exception cref="SocketException">The address cannot be had.</exception>
    internal static Socket Listen(Address address, UnixFileMode? socketMode)
    {
        Socket socket = address.IsUnix ? BindUnix(address.Path!, socketMode ?? DefaultMode) : BindTcp(address);
        socket.Listen(Backlog);
        return socket;
    }

    private static Socket BindTcp(Address address)
    {
        IPAddress ip = IPAddress.TryParse(address.Host, out IPAddress? literal)
            ? literal
            : Dns.GetHostAddresses(address.Host!).FirstOrDefault() ?? throw new SocketException((int)SocketError.HostNotFound);
        var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (ip.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(new IPEndPoint(ip, address.Port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Socket BindUnix(string path, UnixFileMode mode)
    {
        var endPoint = new UnixDomainSocketEndPoint(path);
        if (Libc.TryGetFacts(path, out Libc.FileFacts facts))
        {
            if (!facts.IsSocket)
            {
                // Somebody's file, under a path that was meant for a socket.
                throw new SocketException((int)SocketError.AddressAlreadyInUse);
            }

            using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                probe.Connect(endPoint);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                // Nobody listens there any more: what a killed process left behind.
                File.Delete(path);
            }

            if (probe.Connected)
            {
                throw new SocketException((int)SocketError.AddressAlreadyInUse);
            }
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(endPoint);
            // Before Listen: until then nobody can connect.
            File.SetUnixFileMode(path, mode);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
