using System.Net.Sockets;
using System.Text;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>
/// An upstream in clear on loopback that answers with much: <c>/bytes/N</c> with so many zeros, <c>/json/N</c> with an array of about so many bytes,
/// <c>/string/N</c> with one string of them. Of what is sent to <c>/stalled</c> it never reads more than the head.
/// </summary>
internal sealed class BulkUpstream : LoopbackUpstream
{
    private const string Item = "{\"token\":\"tok_0123456789\",\"note\":\"nothing that anybody would hide, of some length\",\"n\":[1,2,3]},";

    private long _sent;

    private BulkUpstream()
    {
    }

    public static BulkUpstream Start() => new();

    /// <summary>Bytes of answers that its system has taken.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    protected override async Task ServeAsync(Socket client, int number)
    {
        using Socket served = client;
        try
        {
            while (await HeadAsync(client) is { } head)
            {
                string[] path = head.Split(' ')[1].Split('/');
                if (path[1] == "stalled")
                {
                    await Task.Delay(Timeout.Infinite, Stopped);
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
            if (await client.ReceiveAsync(one, Stopped) == 0)
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
            int count = await client.SendAsync(bytes.AsMemory(at), Stopped);
            Interlocked.Add(ref _sent, count);
            at += count;
        }
    }
}
