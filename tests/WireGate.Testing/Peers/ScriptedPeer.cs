using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace WireGate.Testing.Peers;

/// <summary>A message of PostgreSQL's protocol as it came.</summary>
/// <param name="Type">Its type byte.</param>
/// <param name="Body">What follows the length.</param>
public sealed record PeerMessage(char Type, byte[] Body)
{
    /// <summary>The body as text, for assertions about what is in it.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The Int32 with which an Authentication message begins.</summary>
    public int Code => BinaryPrimitives.ReadInt32BigEndian(Body);

    /// <summary>One field of an ErrorResponse or NoticeResponse; null: it is not there.</summary>
    public string? Field(char code)
    {
        foreach (string field in Text.Split('\0'))
        {
            if (field.Length > 0 && field[0] == code)
            {
                return field[1..];
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Type}({Text.Replace('\0', '|')})";
}

/// <summary>
/// One end of a real loopback socket that says what the test tells it to, right or wrong, and reads without judging. Every wait is
/// bounded, so that a gateway that never answers fails a test and does not hang it.
/// </summary>
public class ScriptedPeer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Socket _socket;

    /// <param name="socket">Connected; owned.</param>
    public ScriptedPeer(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        _socket = socket;
        Stream = new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>The bytes; replaced by the encrypted stream once TLS is up.</summary>
    public Stream Stream { get; private set; }

    /// <summary>The certificate that the other end presented; null before TLS.</summary>
    public X509Certificate2? Certificate { get; private set; }

    /// <summary>Connects to the gateway or whatever else listens there.</summary>
    /// <param name="endPoint">Where.</param>
    /// <param name="receiveBuffer">Bytes of the kernel's buffer; 0: the system's choice.</param>
    public static async Task<Socket> DialAsync(EndPoint endPoint, int receiveBuffer = 0)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer > 0)
        {
            socket.ReceiveBufferSize = receiveBuffer;
        }

        await socket.ConnectAsync(endPoint);
        return socket;
    }

    /// <summary>Sends bytes as they are.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var limit = new CancellationTokenSource(Patience);
        await Stream.WriteAsync(bytes, limit.Token);
    }

    /// <summary>Sends bytes in pieces of their own, each in a write of its own.</summary>
    /// <param name="bytes">All of them.</param>
    /// <param name="size">Says how long the next piece is.</param>
    public async Task SendChoppedAsync(ReadOnlyMemory<byte> bytes, Func<int> size)
    {
        ArgumentNullException.ThrowIfNull(size);
        while (!bytes.IsEmpty)
        {
            int length = Math.Min(size(), bytes.Length);
            await SendAsync(bytes[..length]);
            bytes = bytes[length..];
        }
    }

    /// <summary>Reads exactly so many bytes.</summary>
    /// <exception cref="EndOfStreamException">The other end closed first.</exception>
    public async Task<byte[]> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        using var limit = new CancellationTokenSource(Patience);
        await Stream.ReadExactlyAsync(bytes, limit.Token);
        return bytes;
    }

    /// <summary>Reads one message with a type byte.</summary>
    public async Task<PeerMessage> ReadMessageAsync()
    {
        byte[] header = await ReadAsync(5);
        int length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1));
        return new PeerMessage((char)header[0], await ReadAsync(length - 4));
    }

    /// <summary>Reads one message and demands its type.</summary>
    public async Task<PeerMessage> ExpectAsync(char type)
    {
        PeerMessage message = await ReadMessageAsync();
        return message.Type == type ? message : throw new InvalidDataException($"expected {type}, got {message}");
    }

    /// <summary>Reads one packet without a type byte: its code and what follows.</summary>
    public async Task<(int Code, byte[] Body)> ReadPacketAsync()
    {
        int length = BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(4));
        byte[] body = await ReadAsync(length - 4);
        return (BinaryPrimitives.ReadInt32BigEndian(body), body[4..]);
    }

    /// <summary>Reads to the end, whether the other end closes or resets.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        var all = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            int count;
            while ((count = await Stream.ReadAsync(buffer, limit.Token)) > 0)
            {
                all.Write(buffer, 0, count);
            }
        }
        catch (IOException)
        {
            // A reset is an end, too.
        }

        return all.ToArray();
    }

    /// <summary>Speaks TLS as the connecting end, believing any certificate.</summary>
    public async Task StartTlsAsClientAsync(SslProtocols protocols = SslProtocols.None, string? alpn = "postgresql")
    {
        var tls = new SslStream(Stream);
        using var limit = new CancellationTokenSource(Patience);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = protocols,
                ApplicationProtocols = alpn is null ? null : [new SslApplicationProtocol(alpn)],
                RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
            },
            limit.Token);
        Certificate = X509CertificateLoader.LoadCertificate(tls.RemoteCertificate!.GetRawCertData());
        Stream = tls;
    }

    /// <summary>Speaks TLS as the accepting end.</summary>
    public async Task StartTlsAsServerAsync(X509Certificate2 certificate)
    {
        var tls = new SslStream(Stream);
        using var limit = new CancellationTokenSource(Patience);
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                ApplicationProtocols = [new SslApplicationProtocol("postgresql")],
            },
            limit.Token);
        Stream = tls;
    }

    /// <summary>Says that nothing more will be sent, and goes on reading.</summary>
    public void CloseSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Vanishes without a word: the other end sees a reset.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Certificate?.Dispose();
        await Stream.DisposeAsync();
        _socket.Dispose();
    }
}
