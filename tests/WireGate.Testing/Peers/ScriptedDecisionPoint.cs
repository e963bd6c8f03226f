using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace WireGate.Testing.Peers;

/// <summary>A decision point that answers what the test tells it to, right or wrong, and remembers what it was asked.</summary>
public sealed class ScriptedDecisionPoint : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly int _port;
    private TcpListener _listener = new(IPAddress.Loopback, 0);
    private Task _serving;

    private ScriptedDecisionPoint()
    {
        _listener.Start();
        _port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _serving = ServeAsync(_listener);
        Answer = _ => Task.FromResult(Result("""{"decision":"allow"}"""));
    }

    /// <summary>Where it is asked.</summary>
    public Uri Address => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}/v1/data/wiregate/decision"));

    /// <summary>From the body of a question to all bytes of the response.</summary>
    public Func<string, Task<string>> Answer { get; set; }

    /// <summary>The body of each question, in order.</summary>
    public IReadOnlyCollection<string> Asked => _asked;

    /// <summary>One that listens, and allows everything.</summary>
    public static ScriptedDecisionPoint Open() => new();

    /// <summary>A response of 200 with a result in it.</summary>
    public static string Result(string result) => Response("200 OK", $$"""{"result":{{result}}}""");

    /// <summary>A response.</summary>
    /// <param name="status">As it stands behind the version: <c>200 OK</c>.</param>
    /// <param name="body">Its body.</param>
    /// <param name="header">One more header.</param>
    public static string Response(string status, string body, string header = "X-Nothing: 1") => string.Create(
        CultureInfo.InvariantCulture,
        $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n{header}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    /// <summary>Answers every question with this.</summary>
    public void Says(string response) => Answer = _ => Task.FromResult(response);

    /// <summary>Nobody listens any more.</summary>
    public async Task StopAsync()
    {
        _listener.Stop();
        await _serving;
    }

    /// <summary>Listens again, where it did before.</summary>
    public void Start()
    {
        _listener = new TcpListener(IPAddress.Loopback, _port);
        _listener.Start();
        _serving = ServeAsync(_listener);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _listener.Dispose();
    }

    private async Task ServeAsync(TcpListener listener)
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await listener.AcceptTcpClientAsync();
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                return;
            }

            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                string body = await ReadAsync(stream);
                _asked.Enqueue(body);
                await stream.WriteAsync(Encoding.UTF8.GetBytes(await Answer(body)));
            }
            catch (IOException)
            {
                // Whoever asked did not wait for the answer.
            }
        }
    }

    private static async Task<string> ReadAsync(NetworkStream stream)
    {
        var request = new List<byte>();
        byte[] buffer = new byte[4096];
        int end, length;
        do
        {
            int count = await stream.ReadAsync(buffer);
            if (count == 0)
            {
                throw new IOException("no whole request");
            }

            request.AddRange(buffer.AsSpan(0, count));
            string text = Encoding.Latin1.GetString([.. request]);
            end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            const string Header = "Content-Length: ";
            int at = text.IndexOf(Header, StringComparison.OrdinalIgnoreCase);
            length = end < 4 || at < 0 ? int.MaxValue : int.Parse(text[(at + Header.Length)..].Split('\r')[0], CultureInfo.InvariantCulture);
        }
        while (request.Count - end < length);

        return Encoding.UTF8.GetString([.. request.Skip(end).Take(length)]);
    }
}
