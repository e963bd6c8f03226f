using System.Net;
using System.Net.Sockets;
using System.Text;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>
/// An upstream in clear on loopback that answers with much: <c>/bytes/N</c> with so many zeros, <c>/json/N</c> with an array of about so many bytes,
/// <c>/string/N</c> with one string of them. Of what is sent to <c>/stalled</c> it never reads more than the head.
/// </summary>
internal sealed class BulkUpstream : IAsyncDisposable
{
    private const string Item = "{\"token\":\"tok_0123456789\",\"note\":\"nothing that anybody would hide, of some length\",\"n\":[1,2,3]},";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _accepting;
    private long _sent;

    private BulkUpstream()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public static BulkUpstream Start() => new();

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Bytes of answers that its system has taken.</summary>
    public long Sent => Interlocked.Read(ref _sent);

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
                serving.Add(ServeAsync(await _listener.AcceptSocketAsync(_stopped.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or SocketException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket accepted)
    {
        using Socket client = accepted;
        try
        {
            while (await HeadAsync(client) is { } head)
            {
                string[] path = head.Split(' ')[1].Split('/');
                if (path[1] == "stalled")
                {
                    await Task.Delay(Timeout.Infinite, _stopped.Token);
                }

                await AnswerAsync(client, path[1], long.Parse(path[2], System.Globalization.CultureInfo.InvariantCulture));
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The gateway has gone, or all end.
        }
    }

    // A byte at a time: not one of the body is taken with it.
    private async Task<string?> HeadAsync(Socket client)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await client.ReceiveAsync(one, _stopped.Token) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    private async Task AnswerAsync(Socket client, string kind, long length)
    {
        (string type, string begin, string block, string end) = kind switch
        {
            "json" => ("application/json", "[", string.Concat(Enumerable.Repeat(Item, 64 * 1024 / Item.Length)), "0]"),
            "string" => ("application/json", "{\"note\":\"", new string('x', 64 * 1024), "\"}"),
            _ => ("application/octet-stream", "", new string('\0', 64 * 1024), ""),
        };
        long blocks = length / block.Length;
        length = begin.Length + (blocks * block.Length) + end.Length;
        await SendAsync(client, Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {length}\r\n\r\n{begin}"));
        byte[] bytes = Encoding.Latin1.GetBytes(block);
        for (long i = 0; i < blocks; i++)
        {
            await SendAsync(client, bytes);
        }

        await SendAsync(client, Encoding.Latin1.GetBytes(end));
    }

    private async Task SendAsync(Socket client, byte[] bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int count = await client.SendAsync(bytes.AsMemory(at), _stopped.Token);
            Interlocked.Add(ref _sent, count);
            at += count;
        }
    }
}
