using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>
/// An upstream in clear on loopback that answers with the bytes that a test gave it for a path, and all else with the number of the connection it came
/// on. Latin-1.
/// </summary>
internal sealed class ScriptedUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopped = new();
    private readonly ConcurrentDictionary<string, string> _answers = new();
    private readonly Task _accepting;
    private int _connections;

    private ScriptedUpstream()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public static ScriptedUpstream Start() => new();

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Each request as it came: number of its connection and its request line.</summary>
    public ConcurrentQueue<(int Connection, string Line)> Seen { get; } = [];

    /// <summary>Numbers of connections that the gateway has closed.</summary>
    public ConcurrentQueue<int> Closed { get; } = [];

    /// <summary>Has a path answered with these bytes and nothing else; the connection stays.</summary>
    public void Answer(string path, string bytes) => _answers[path] = bytes;

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stopped.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stopped.Token);
                serving.Add(ServeAsync(client, ++_connections));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or SocketException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket accepted, int number)
    {
        using Socket client = accepted;
        string received = "";
        byte[] block = new byte[16 * 1024];
        try
        {
            while (true)
            {
                int count = await client.ReceiveAsync(block, _stopped.Token);
                if (count == 0)
                {
                    break;
                }

                received += Encoding.Latin1.GetString(block, 0, count);
                int end;
                while ((end = received.IndexOf("\r\n\r\n", StringComparison.Ordinal)) >= 0)
                {
                    string line = received[..received.IndexOf("\r\n", StringComparison.Ordinal)];
                    received = received[(end + 4)..];
                    Seen.Enqueue((number, line));
                    string answer = _answers.TryGetValue(line.Split(' ')[1], out string? bytes)
                        ? bytes : $"HTTP/1.1 200 OK\r\nX-Connection: {number}\r\nContent-Length: 4\r\n\r\nfine";
                    await client.SendAsync(Encoding.Latin1.GetBytes(answer), _stopped.Token);
                }
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // Reset, which is an end as well, or all end.
        }

        Closed.Enqueue(number);
    }
}
