using System.Collections.Concurrent;
using System.Net.Security;
using System.Text;
using System.Text.RegularExpressions;

namespace WireGate.EndToEnd.Tests.Kubernetes;

/// <summary>Answers with the bytes that a real API server gave to the same requests, and to no others.</summary>
internal sealed class RecordedApiServer : TlsPeer
{
    private readonly Dictionary<string, RecordedExchange> _exchanges = RecordedExchange.Load().GroupBy(e => e.Request).ToDictionary(g => g.Key, g => g.First());

    /// <summary>The heads of all requests so far.</summary>
    public ConcurrentQueue<string> Heads { get; } = [];

    private RecordedApiServer()
    {
    }

    public static RecordedApiServer Start() => new();

    protected override async Task ServeAsync(SslStream client)
    {
        while (await ReadHeadAsync(client) is { } head)
        {
            Heads.Enqueue(head);
            if (!_exchanges.TryGetValue(head.Split(" HTTP/1.1\r\n")[0], out RecordedExchange? exchange))
            {
                await SendAsync(client, "HTTP/1.1 418 Not Recorded\r\nContent-Length: 0\r\n\r\n");
                continue;
            }

            if (Regex.Match(head, @"\r\nContent-Length: (\d+)\r\n") is { Success: true } length)
            {
                await client.ReadExactlyAsync(new byte[int.Parse(length.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)], Stopped);
            }

            await AnswerAsync(client, exchange);
        }
    }

    private async Task AnswerAsync(SslStream client, RecordedExchange exchange)
    {
        var frames = new List<byte>();
        byte[] block = new byte[4096];
        foreach (RecordedExchange.Step step in exchange.Steps)
        {
            while (SpdyFrames.Count(frames) < step.After)
            {
                int count = await client.ReadAsync(block, Stopped);
                if (count == 0)
                {
                    return;
                }

                frames.AddRange(block[..count]);
            }

            await SendAsync(client, step.Bytes);
        }
    }

    private async Task SendAsync(SslStream client, string text) => await client.WriteAsync(Encoding.Latin1.GetBytes(text), Stopped);
}
