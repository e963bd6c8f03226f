using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;
using WireGate.Testing.Tls;

namespace WireGate.Http.Tests.Upstream;

/// <summary>A login's certificate and its key are replaced by others while connections are there on which the first was shown.</summary>
[TestFixture(TransportKind.Epoll, false)]
[TestFixture(TransportKind.Epoll, true)]
[TestFixture(TransportKind.Streams, false)]
[TestFixture(TransportKind.Streams, true)]
internal sealed class RenewedCertificateTests(TransportKind transport, bool isHttp2) : HttpFixture(transport), IDisposable
{
    private const string Slow = "/slow";

    private readonly TestCertificate _first = new(), _second = new();
    private readonly ConcurrentQueue<(int Connection, string Path)> _asked = [];
    private readonly ConcurrentDictionary<int, string> _shown = [];
    private readonly ConcurrentDictionary<int, bool> _closed = [];
    private TaskCompletionSource _mayEnd = null!;
    private TcpListener _upstream = null!;

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    protected override GatewayConfig Change(GatewayConfig config)
    {
        _upstream = new TcpListener(IPAddress.Loopback, 0);
        _upstream.Start();
        Renew(_first);
        Assert.That(Address.TryParse($"127.0.0.1:{((IPEndPoint)_upstream.LocalEndpoint).Port}", 0, out Address? address), Is.True);
        var login = new HttpLoginConfig { Secret = "real", Surface = HttpSurface.ClientCertificate, CertificatePath = CertificateFile };
        return WithLogin(config, login) with
        {
            Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
            Targets = WithLogin(config, login).Targets.Values
                .Select(t => t with { Addresses = [address!], Tls = new ClientTlsConfig { Mode = TlsMode.Require }, Http2 = isHttp2 ? TargetHttp2.Tls : TargetHttp2.Off })
                .ToFrozenDictionary(t => t.Name),
        };
    }

    private string CertificateFile => $"{SecretFile}.crt";

    [SetUp]
    public void Serve()
    {
        _asked.Clear();
        _shown.Clear();
        _closed.Clear();
        _mayEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = AcceptAllAsync();
    }

    [TearDown]
    public void Stop() => _upstream.Dispose();

    [Test]
    public async Task Nothing_begins_on_those_any_more_and_what_is_under_way_there_ends()
    {
        Http2Peer client = await ConnectHttp2Async();
        Assert.That(await AskAsync(client), Is.EqualTo((1, _first.Certificate.Thumbprint)));
        int slow = await client.AskAsync(Fields("GET", Slow));
        await client.AnswerAsync(slow, a => a.Heads.Count == 1);
        Assert.That(_asked.Last(), Is.EqualTo((1, Slow)), "the connection is kept, and busy");

        Renew(_second);
        Time.Advance(TimeSpan.FromSeconds(5));
        (int Connection, string Shown) seen;
        do
        {
            seen = await AskAsync(client);
        }
        while (seen.Connection == 1);

        Assert.That(seen, Is.EqualTo((2, _second.Certificate.Thumbprint)));
        for (int i = 0; i < 3; i++)
        {
            Assert.That(await AskAsync(client), Is.EqualTo(seen));
        }

        Assert.That(_closed, Is.Empty);
        _mayEnd.SetResult();
        Http2Answer answer = await client.AnswerAsync(slow);
        Assert.That((answer.Body, answer.IsWhole), Is.EqualTo(("end", true)));
        await Until.TrueAsync(() => _closed.ContainsKey(1), "the connection that showed the first to be closed");
        Assert.That(_closed.Keys, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public async Task One_that_waits_is_closed_within_seconds()
    {
        Http2Peer client = await ConnectHttp2Async();
        await AskAsync(client);
        Renew(_second);
        Time.Advance(TimeSpan.FromSeconds(5));
        await Until.TrueAsync(() => _closed.ContainsKey(1), "the connection that showed the first to be closed");

        Assert.That(await AskAsync(client), Is.EqualTo((2, _second.Certificate.Thumbprint)));
    }

    [Test]
    public async Task Files_that_do_not_fit_yet_change_nothing_for_connections_that_are_there()
    {
        Http2Peer client = await ConnectHttp2Async();
        await AskAsync(client);
        File.Copy(_second.CertificatePath, CertificateFile, overwrite: true);
        for (int i = 0; i < 3; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(5));
            Assert.That(await AskAsync(client), Is.EqualTo((1, _first.Certificate.Thumbprint)));
        }
    }

    private void Renew(TestCertificate certificate)
    {
        File.Copy(certificate.CertificatePath, CertificateFile, overwrite: true);
        File.WriteAllText(SecretFile, File.ReadAllText(certificate.KeyPath));
        File.SetUnixFileMode(SecretFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Asks once.</summary>
    /// <returns>Over which connection, and what was shown on it.</returns>
    private async Task<(int Connection, string Shown)> AskAsync(Http2Peer client)
    {
        int stream = await client.AskAsync(Fields("GET", "/a"));
        Assert.That((await client.AnswerAsync(stream)).Head, Is.EqualTo(":status: 204\n"));
        int connection = _asked.Last().Connection;
        return (connection, _shown[connection]);
    }

    private async Task AcceptAllAsync()
    {
        for (int i = 1; ; i++)
        {
            try
            {
                _ = SecureAsync(i, await _upstream.AcceptSocketAsync());
            }
            catch (Exception e) when (e is InvalidOperationException or SocketException or ObjectDisposedException)
            {
                // The test is over.
                return;
            }
        }
    }

    private async Task SecureAsync(int connection, Socket socket)
    {
        try
        {
            using var secure = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = _first.Certificate,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
                ApplicationProtocols = [isHttp2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11],
            });
            _shown[connection] = secure.RemoteCertificate!.GetCertHashString();
            await AnswerAsync(connection, await InClearAsync(secure));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _closed[connection] = true;
        }
    }

    private async Task AnswerAsync(int connection, Socket clear)
    {
        if (isHttp2)
        {
            Http2UpstreamPeer peer = Own(await Http2UpstreamPeer.AcceptAsync(clear));
            for (int stream = 1; ; stream += 2)
            {
                if (!(await peer.RequestAsync(stream)).Head.Contains(Slow, StringComparison.Ordinal))
                {
                    _asked.Enqueue((connection, "/a"));
                    await peer.HeadersAsync(stream, ":status: 204\n", isLast: true);
                    continue;
                }

                _asked.Enqueue((connection, Slow));
                await peer.HeadersAsync(stream, ":status: 200\n");
                int held = stream;
                _ = EndAsync(() => peer.DataAsync(held, "end", isLast: true));
            }
        }

        RawPeer raw = Own(new RawPeer(clear));
        while (true)
        {
            if (!(await raw.HeadAsync()).Contains(Slow, StringComparison.Ordinal))
            {
                _asked.Enqueue((connection, "/a"));
                await raw.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
                continue;
            }

            _asked.Enqueue((connection, Slow));
            await raw.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
            await EndAsync(() => raw.SendAsync("end"));
        }
    }

    private async Task EndAsync(Func<Task> end)
    {
        await _mayEnd.Task;
        await end();
    }

    /// <summary>What is within TLS, as a connection of its own for those who play upstreams.</summary>
    private static async Task<Socket> InClearAsync(SslStream secure)
    {
        using var between = new TcpListener(IPAddress.Loopback, 0);
        between.Start();
        var outer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await outer.ConnectAsync(between.LocalEndpoint);
        Socket inner = await between.AcceptSocketAsync();
        var stream = new NetworkStream(outer, ownsSocket: true);
        _ = MoveAsync(secure, stream);
        _ = MoveAsync(stream, secure);
        return inner;
    }

    private static async Task MoveAsync(Stream from, Stream to)
    {
        try
        {
            await from.CopyToAsync(to);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // An end as well.
        }

        await to.DisposeAsync();
    }
}
