using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace WireGate.EndToEnd.Tests.Kubernetes;

/// <summary>Stands before a real API server, passes on what comes as it is, and keeps it.</summary>
/// <param name="port">Where that is, on loopback.</param>
/// <param name="authority">PEM of who signed its certificate.</param>
internal sealed class RecordingRelay(int port, string authority) : TlsPeer
{
    private readonly ConcurrentQueue<List<(bool IsOfClient, byte[] Bytes)>> _connections = [];

    /// <summary>What was asked and answered so far.</summary>
    public IReadOnlyList<RecordedExchange> Exchanges => [.. _connections.SelectMany(c => RecordedExchange.Of(Snapshot(c)))];

    protected override async Task ServeAsync(SslStream client)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port, Stopped);
        using X509Certificate2 signer = X509CertificateLoader.LoadCertificateFromFile(authority);
        await using var server = new SslStream(socket.GetStream());
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(signer);
        await server.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = trust }, Stopped);
        var pieces = new List<(bool, byte[])>();
        _connections.Enqueue(pieces);
        Task forth = PassAsync(client, server, pieces, isOfClient: true);
        await Task.WhenAny(forth, PassAsync(server, client, pieces, isOfClient: false));
    }

    private async Task PassAsync(SslStream from, SslStream to, List<(bool, byte[])> pieces, bool isOfClient)
    {
        byte[] block = new byte[64 * 1024];
        int count;
        while ((count = await from.ReadAsync(block, Stopped)) > 0)
        {
            lock (pieces)
            {
                pieces.Add((isOfClient, block[..count]));
            }

            await to.WriteAsync(block.AsMemory(0, count), Stopped);
        }
    }

    private static List<(bool IsOfClient, byte[] Bytes)> Snapshot(List<(bool, byte[])> pieces)
    {
        lock (pieces)
        {
            return [.. pieces];
        }
    }
}
