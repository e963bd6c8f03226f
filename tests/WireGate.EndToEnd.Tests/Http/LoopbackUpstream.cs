using System.Net;
using System.Net.Sockets;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>An upstream in clear on loopback, which serves each connection as whoever derives from it says.</summary>
internal abstract class LoopbackUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _accepting;

    protected LoopbackUpstream()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Cancelled when all end.</summary>
    protected CancellationToken Stopped => _stopped.Token;

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stopped.Dispose();
    }

    /// <param name="client">Owned.</param>
    /// <param name="number">Of its connection, from 1.</param>
    protected abstract Task ServeAsync(Socket client, int number);

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stopped.Token);
                serving.Add(ServeAsync(client, serving.Count + 1));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or SocketException)
        {
            await Task.WhenAll(serving);
        }
    }
}
