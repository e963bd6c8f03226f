using System.Net;
using System.Net.Sockets;
using System.Text;

namespace WireGate.Http.Tests.Sessions;

/// <summary>A client, or an upstream, of which a test writes each byte. Latin-1.</summary>
internal sealed class RawPeer(Socket socket) : IDisposable
{
    // After that a test is not slow but stuck.
    private static readonly TimeSpan Hung = TimeSpan.FromSeconds(30);

    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly StringBuilder _received = new();

    public static async Task<RawPeer> ConnectAsync(EndPoint address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        return new RawPeer(socket);
    }

    public async Task SendAsync(string text) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask().WaitAsync(Hung);

    /// <summary>Sends nothing more.</summary>
    public void Finish() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>What comes up to and with a text.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        int at;
        while ((at = _received.ToString().IndexOf(end, StringComparison.Ordinal)) < 0)
        {
            if (!await MoreAsync())
            {
                throw new EndOfStreamException($"closed behind: {_received}");
            }
        }

        return Take(at + end.Length);
    }

    /// <summary>The head of a message.</summary>
    public Task<string> HeadAsync() => ReadUntilAsync("\r\n\r\n");

    /// <summary>So many bytes.</summary>
    public async Task<string> ReadAsync(int count)
    {
        while (_received.Length < count)
        {
            if (!await MoreAsync())
            {
                throw new EndOfStreamException($"closed behind: {_received}");
            }
        }

        return Take(count);
    }

    /// <summary>Everything up to the end of the connection.</summary>
    public async Task<string> ReadToEndAsync()
    {
        try
        {
            while (await MoreAsync())
            {
            }
        }
        catch (IOException)
        {
            // Reset, which is an end as well.
        }

        return Take(_received.Length);
    }

    public void Dispose() => _stream.Dispose();

    private async Task<bool> MoreAsync()
    {
        byte[] block = new byte[64 * 1024];
        int count = await _stream.ReadAsync(block).AsTask().WaitAsync(Hung);
        _received.Append(Encoding.Latin1.GetString(block, 0, count));
        return count > 0;
    }

    private string Take(int count)
    {
        string taken = _received.ToString(0, count);
        _received.Remove(0, count);
        return taken;
    }
}
