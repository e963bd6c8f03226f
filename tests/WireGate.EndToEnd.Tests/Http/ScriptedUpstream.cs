using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>
/// An upstream in clear on loopback that answers with the bytes that a test gave it for a path, and all else with the number of the connection it came
/// on. Latin-1.
/// </summary>
internal sealed class ScriptedUpstream : LoopbackUpstream
{
    private readonly ConcurrentDictionary<string, string> _answers = new();

    private ScriptedUpstream()
    {
    }

    public static ScriptedUpstream Start() => new();

    /// <summary>Each request as it came: number of its connection and its request line.</summary>
    public ConcurrentQueue<(int Connection, string Line)> Seen { get; } = [];

    /// <summary>Numbers of connections that the gateway has closed.</summary>
    public ConcurrentQueue<int> Closed { get; } = [];

    /// <summary>Has a path answered with these bytes and nothing else; the connection stays.</summary>
    public void Answer(string path, string bytes) => _answers[path] = bytes;

    protected override async Task ServeAsync(Socket client, int number)
    {
        using Socket served = client;
        string received = "";
        byte[] block = new byte[16 * 1024];
        try
        {
            while (true)
            {
                int count = await client.ReceiveAsync(block, Stopped);
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
                    await client.SendAsync(Encoding.Latin1.GetBytes(answer), Stopped);
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
