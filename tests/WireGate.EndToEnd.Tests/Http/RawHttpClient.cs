using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A client of which a test writes each byte, and which reads answers as HTTP/1.1 frames them. Latin-1.</summary>
internal sealed class RawHttpClient : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private string _received = "";

    private RawHttpClient()
    {
    }

    public static async Task<RawHttpClient> ConnectAsync(int port)
    {
        var client = new RawHttpClient();
        await client._socket.ConnectAsync(IPAddress.Loopback, port);
        return client;
    }

    public async Task SendAsync(string text) => await _socket.SendAsync(Encoding.Latin1.GetBytes(text)).WaitAsync(Wait.Limit);

    /// <summary>Sends each byte by itself.</summary>
    public async Task SendSlowlyAsync(string text)
    {
        foreach (char c in text)
        {
            try
            {
                await SendAsync($"{c}");
            }
            catch (SocketException)
            {
                // What came before was answered, and nothing more is wanted.
                return;
            }
        }
    }

    /// <summary>Sends nothing more.</summary>
    public void Finish()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The connection has ended already.
        }
    }

    /// <summary>Reads an answer with its body; interim ones are passed over.</summary>
    /// <param name="isToHead">It has no body, whatever it says.</param>
    /// <returns>Its status; null: the connection ended instead.</returns>
    public async Task<int?> StatusAsync(bool isToHead = false)
    {
        while (true)
        {
            if (!await HasAsync("\r\n\r\n"))
            {
                return null;
            }

            string head = Take("\r\n\r\n");
            int status = int.Parse(head.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
            if (status < 200)
            {
                continue;
            }

            if (isToHead)
            {
                return status;
            }

            if (head.Contains("\r\nTransfer-Encoding: chunked\r\n", StringComparison.OrdinalIgnoreCase))
            {
                Assert.That(await HasAsync("0\r\n\r\n"), "the end of a body");
                Take("0\r\n\r\n");
                return status;
            }

            const string Field = "\r\nContent-Length: ";
            int at = head.IndexOf(Field, StringComparison.OrdinalIgnoreCase);
            int length = at < 0 ? 0 : int.Parse(head[(at + Field.Length)..].Split('\r')[0], CultureInfo.InvariantCulture);
            await BodyAsync(length);
            return status;
        }
    }

    /// <summary>Reads a head.</summary>
    public async Task<string> HeadAsync()
    {
        Assert.That(await HasAsync("\r\n\r\n"), "the head of an answer");
        return Take("\r\n\r\n");
    }

    /// <summary>Reads so many bytes.</summary>
    public async Task<string> BodyAsync(int length)
    {
        while (_received.Length < length)
        {
            Assert.That(await MoreAsync(), "the whole of a body");
        }

        string taken = _received[..length];
        _received = _received[length..];
        return taken;
    }

    /// <summary>Reads up to the end of the connection, whichever it is.</summary>
    public async Task<string> ToEndAsync()
    {
        while (await MoreAsync())
        {
        }

        return _received;
    }

    /// <summary>Whether nothing comes but the end of the connection; waits for either.</summary>
    public async Task<bool> IsEndAsync() => _received.Length == 0 && !await MoreAsync();

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<bool> HasAsync(string text)
    {
        while (!_received.Contains(text, StringComparison.Ordinal))
        {
            if (!await MoreAsync())
            {
                return false;
            }
        }

        return true;
    }

    private string Take(string end)
    {
        int length = _received.IndexOf(end, StringComparison.Ordinal) + end.Length;
        string taken = _received[..length];
        _received = _received[length..];
        return taken;
    }

    private async Task<bool> MoreAsync()
    {
        byte[] block = new byte[64 * 1024];
        try
        {
            int count = await _socket.ReceiveAsync(block).WaitAsync(Wait.Limit);
            _received += Encoding.Latin1.GetString(block, 0, count);
            return count > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
