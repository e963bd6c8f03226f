using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NUnit.Framework;

namespace WireGate.Http.Tests.Sessions;

/// <summary>A client, or an upstream, of which a test writes each byte. Latin-1.</summary>
internal sealed class RawPeer(Socket socket) : IDisposable
{
    // After that a test is not slow but stuck.
    private static readonly TimeSpan Hung = TimeSpan.FromSeconds(30);

    private Stream _stream = new NetworkStream(socket, ownsSocket: true);
    private readonly StringBuilder _received = new();

    public static async Task<RawPeer> ConnectAsync(EndPoint address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        return new RawPeer(socket);
    }

    public async Task SendAsync(string text) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask().WaitAsync(Hung);

    public async Task SendAsync(byte[] bytes) => await _stream.WriteAsync(bytes).AsTask().WaitAsync(Hung);

    /// <summary>Goes on in TLS, as its client.</summary>
    /// <param name="name">What it asks for; empty: nothing.</param>
    /// <param name="judge">Told what it is shown.</param>
    /// <param name="offered">What it speaks; the gateway is to take the first.</param>
    public async Task SecureAsync(string name, Func<X509Certificate2, bool> judge, params List<SslApplicationProtocol> offered)
    {
        var secure = new SslStream(_stream);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = name,
            ApplicationProtocols = offered,
            RemoteCertificateValidationCallback = (_, shown, _, _) => judge(X509CertificateLoader.LoadCertificate(shown!.GetRawCertData())),
        };
        await secure.AuthenticateAsClientAsync(options).WaitAsync(Hung);
        Assert.That(secure.NegotiatedApplicationProtocol, Is.EqualTo(offered[0]));
        _stream = secure;
    }

    /// <summary>Has it speak HTTP/2 from here on.</summary>
    public Task<Http2Peer> SpeakHttp2Async() => Http2Peer.BeginAsync(_stream);

    /// <summary>Sends nothing more.</summary>
    public void Finish() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Says in TLS that nothing more comes (close_notify), and nothing of it below.</summary>
    public Task FinishSecureAsync() => ((SslStream)_stream).ShutdownAsync().WaitAsync(Hung);

    /// <summary>Breaks the connection.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    /// <summary>What ended the connection was a reset.</summary>
    public bool WasReset { get; private set; }

    /// <summary>The other end has said that nothing more comes, or is gone.</summary>
    public bool HasEnded => socket.Poll(TimeSpan.Zero, SelectMode.SelectRead) && socket.Available == 0;

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
            // An end as well.
            WasReset = true;
        }

        return Take(_received.Length);
    }

    /// <summary>Everything up to the end of the connection, as a client that then closes as well.</summary>
    public async Task<string> ReadToEndAfterFinAsync()
    {
        string answer = await ReadToEndAsync();
        if (!WasReset)
        {
            Finish();
        }

        return answer;
    }

    /// <summary>The answer of a gateway that closes behind it, once the client has done something.</summary>
    public async Task<string> ReadToEndAfterAsync(Action act)
    {
        string answer = await ReadUntilAsync("}\n");
        act();
        return answer + await ReadToEndAsync();
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
