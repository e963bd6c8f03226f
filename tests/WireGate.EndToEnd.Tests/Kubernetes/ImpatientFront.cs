using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace WireGate.EndToEnd.Tests.Kubernetes;

/// <summary>Stands before a gateway, and has no request wait there: each says that its client will come back. One request a connection.</summary>
/// <param name="port">Where the gateway is, on loopback.</param>
/// <param name="authority">PEM of who signed its certificate.</param>
/// <param name="what">A part of the request lines of those that do not wait.</param>
internal sealed class ImpatientFront(int port, string authority, string what = "") : TlsPeer
{
    private int _toldToWait;

    /// <summary>Answers of 429 with a time to come back at.</summary>
    public int ToldToWait => Volatile.Read(ref _toldToWait);

    protected override async Task ServeAsync(SslStream client)
    {
        if (await ReadHeadAsync(client) is not { } head)
        {
            return;
        }

        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port, Stopped);
        using X509Certificate2 signer = X509CertificateLoader.LoadCertificateFromFile(authority);
        await using var gateway = new SslStream(socket.GetStream());
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(signer);
        await gateway.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = trust }, Stopped);
        bool isUpgrade = head.Contains("\r\nUpgrade: ", StringComparison.OrdinalIgnoreCase);
        string prefer = head.Split("\r\n")[0].Contains(what, StringComparison.Ordinal) ? "Prefer: respond-async, wait=0\r\n" : "", close = isUpgrade ? "" : "Connection: close\r\n";
        await gateway.WriteAsync(Encoding.Latin1.GetBytes($"{head[..^2]}{prefer}{close}\r\n"), Stopped);
        Task body = client.CopyToAsync(gateway, Stopped);
        var answer = new MemoryStream();
        byte[] block = new byte[64 * 1024];
        int count;
        while ((count = await gateway.ReadAsync(block, Stopped)) > 0)
        {
            bool isToldAlready = IsTold(answer);
            answer.Write(block, 0, count);
            if (!isToldAlready && IsTold(answer))
            {
                Interlocked.Increment(ref _toldToWait);
            }

            await client.WriteAsync(block.AsMemory(0, count), Stopped);
        }

        // Its client closes when it sees that.
        await client.ShutdownAsync();
        await Task.WhenAny(body);
    }
    private static bool IsTold(MemoryStream answer)
    {
        string text = Encoding.Latin1.GetString(answer.ToArray());
        return text.StartsWith("HTTP/1.1 429 ", StringComparison.Ordinal) && text.Contains("\r\nRetry-After: ", StringComparison.Ordinal);
    }
}
