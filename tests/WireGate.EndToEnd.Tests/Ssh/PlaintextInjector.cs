using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>
/// Somebody on the way between two real peers, who slips packets into what one of them says while that is in clear: the first half of the
/// attack called Terrapin (CVE-2023-48795).
/// </summary>
internal sealed class PlaintextInjector : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly int _port;
    private readonly bool _fromCaller;
    private readonly int _after;
    private readonly Func<byte[], byte[]> _inject;

    /// <param name="port">Where the real server is.</param>
    /// <param name="fromCaller">Into what the client says; else into what the server says.</param>
    /// <param name="after">Behind how many of its packets.</param>
    /// <param name="inject">Gives the packet, of its KEXINIT; empty: none.</param>
    public PlaintextInjector(int port, bool fromCaller, int after, Func<byte[], byte[]> inject)
    {
        (_port, _fromCaller, _after, _inject) = (port, fromCaller, after, inject);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public ValueTask DisposeAsync()
    {
        _end.Cancel();
        _listener.Stop();
        _end.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = CarryAsync(await _listener.AcceptTcpClientAsync(_end.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(TcpClient caller)
    {
        using (caller)
        using (var server = new TcpClient())
        {
            await server.ConnectAsync(IPAddress.Loopback, _port);
            await Task.WhenAny(PumpAsync(caller, server, _fromCaller), PumpAsync(server, caller, !_fromCaller));
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, bool isInjected)
    {
        try
        {
            NetworkStream source = from.GetStream(), sink = to.GetStream();
            if (isInjected)
            {
                await InjectAsync(source, sink);
            }

            await source.CopyToAsync(sink);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // One of both has closed.
        }
    }

    private async Task InjectAsync(NetworkStream source, NetworkStream sink)
    {
        byte[] one = new byte[1];
        do
        {
            await source.ReadExactlyAsync(one);
            await sink.WriteAsync(one);
        }
        while (one[0] != (byte)'\n');

        if (_after == 0)
        {
            await sink.WriteAsync(_inject([]));
        }

        byte[] first = [];
        for (int i = 1; i <= _after; i++)
        {
            byte[] packet = await ReadPacketAsync(source);
            first = i == 1 ? packet : first;
            await sink.WriteAsync(packet);
        }

        if (_after > 0)
        {
            await sink.WriteAsync(_inject(first));
        }
    }

    private static async Task<byte[]> ReadPacketAsync(NetworkStream source)
    {
        byte[] length = new byte[4];
        await source.ReadExactlyAsync(length);
        byte[] rest = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        await source.ReadExactlyAsync(rest);
        return [.. length, .. rest];
    }
}
