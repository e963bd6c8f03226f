using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Kubernetes;

/// <summary>Stands in for an API server: takes connections in TLS on loopback, each of which is served by itself.</summary>
internal abstract class TlsPeer : IAsyncDisposable
{
    private readonly string _root = Places.Temporary("tls-peer");
    private readonly Certificates _certificates;
    private readonly X509Certificate2 _certificate;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _accepting;

    protected TlsPeer()
    {
        _certificates = new Certificates(_root);
        (string certificate, string key) = _certificates.Issue("peer");
        _certificate = X509Certificate2.CreateFromPemFile(certificate, key);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>PEM of who signed its certificate.</summary>
    public string Authority => _certificates.CaPath;

    protected CancellationToken Stopped => _stopped.Token;

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _certificate.Dispose();
        _certificates.Dispose();
        _stopped.Dispose();
        Directory.Delete(_root, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected abstract Task ServeAsync(SslStream client);

    /// <summary>Reads to the end of a head.</summary>
    /// <returns>Null: the client has closed.</returns>
    protected async Task<string?> ReadHeadAsync(SslStream client)
    {
        var head = new List<byte>();
        byte[] one = new byte[1];
        while (!head.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await client.ReadAsync(one, Stopped) == 0)
            {
                return null;
            }

            head.Add(one[0]);
        }

        return System.Text.Encoding.Latin1.GetString([.. head]);
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(RunAsync(await _listener.AcceptTcpClientAsync(Stopped)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or SocketException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task RunAsync(TcpClient accepted)
    {
        using TcpClient client = accepted;
        try
        {
            await using var stream = new SslStream(client.GetStream());
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, Stopped);
            await ServeAsync(stream);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // The client has left, or all end.
        }
    }
}
