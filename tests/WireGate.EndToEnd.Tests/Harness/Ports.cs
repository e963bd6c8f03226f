using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace WireGate.EndToEnd.Tests.Harness;

/// <summary>Ports that were free a moment ago.</summary>
internal static class Ports
{
    // Below those that the kernel gives to whoever connects: one of them would be taken before a server listens on it.
    private const int First = 10_000;
    private const int Behind = 32_000;

    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>One that nobody here was given before.</summary>
    public static int Free()
    {
        while (true)
        {
            int port = Random.Shared.Next(First, Behind);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            }
            catch (SocketException)
            {
                continue;
            }

            if (Given.TryAdd(port, true))
            {
                return port;
            }
        }
    }

    public static async Task<bool> AcceptsAsync(IPAddress address, int port)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
