using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport;

/// <summary>Connections that are made, refused and given up.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
public class ConnectTests(TransportKind kind)
{
    private EventLoopTransport _transport = null!;

    [SetUp]
    public void Start() => _transport = LoopbackPair.Create(kind, e => Assert.Fail(e.ToString()));

    [TearDown]
    public async Task Stop() => await _transport.DisposeAsync();

    [Test]
    public void A_refused_connection_is_an_IOException() =>
        Assert.That(async () => await ConnectAsync(new IPEndPoint(IPAddress.Loopback, FreePort())), Throws.InstanceOf<IOException>());

    [Test]
    public void A_missing_unix_socket_is_an_IOException() => Assert.That(
        async () => await ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()))),
        Throws.InstanceOf<IOException>());

    [Test]
    public void A_name_that_does_not_exist_is_an_IOException() => Assert.That(
        async () => await ConnectAsync(new DnsEndPoint("nobody.invalid", 5432, AddressFamily.Unspecified)),
        Throws.InstanceOf<IOException>());

    [Test]
    public async Task A_name_is_tried_address_by_address()
    {
        // localhost is ::1 and 127.0.0.1; only the second is listened on.
        using Socket listener = ListenOnLoopback(1);
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        await ConnectAsync(new DnsEndPoint("localhost", port, AddressFamily.Unspecified));
        Assert.That(listener.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectRead), Is.True, "somebody came");
    }

    // One that drops each SYN, as a firewall does, and one that refuses, before the one that answers.
    [TestCase("127.0.0.2", "127.0.0.1")]
    [TestCase("127.0.0.3", "127.0.0.1")]
    [TestCase("127.0.0.2", "127.0.0.3", "127.0.0.2", "127.0.0.1")]
    public async Task An_address_that_answers_is_reached_behind_those_that_do_not(params string[] addresses)
    {
        using Socket listener = ListenOnLoopback(1);
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), port));
        silent.Listen(0);
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(silent.LocalEndPoint!);
        await RaceAsync(addresses, port, CancellationToken.None);
        Assert.That(listener.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectRead), Is.True, "somebody came");
    }

    [Test]
    public void None_that_answers_is_an_IOException() =>
        Assert.That(async () => await RaceAsync(["127.0.0.1", "127.0.0.2"], FreePort(), CancellationToken.None), Throws.InstanceOf<IOException>());

    [Test]
    public async Task A_connect_that_hangs_can_be_cancelled()
    {
        // A full backlog drops further SYNs, so the third connection neither succeeds nor fails.
        using Socket listener = ListenOnLoopback(0);
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(listener.LocalEndPoint!);
        using var cancel = new CancellationTokenSource();
        Task connecting = ConnectAsync(listener.LocalEndPoint!, cancel.Token);
        Assert.That(connecting.IsCompleted, Is.False);
        await cancel.CancelAsync();
        Assert.That(async () => await connecting, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void A_cancelled_token_connects_nowhere() => Assert.That(
        async () => await ConnectAsync(new IPEndPoint(IPAddress.Loopback, FreePort()), new CancellationToken(canceled: true)),
        Throws.InstanceOf<OperationCanceledException>());

    [Test]
    public async Task What_a_peer_says_with_its_very_accept_is_read()
    {
        // Made, greeted and closed before the loop looks at it: all of it comes with one event.
        using Socket listener = ListenOnLoopback(1);
        byte[]? got = null;
        await LoopbackPair.OnLoopAsync(_transport.Loops[0], async () =>
        {
            ValueTask<Connection> connecting = _transport.Loops[0].ConnectAsync(listener.LocalEndPoint!, CancellationToken.None);
            Socket accepted = listener.Accept();
            accepted.Send("hello"u8);
            accepted.Close();
            await using Connection connection = await connecting;
            got = await Bytes.ReadToEndAsync(connection.Input);
        });
        Assert.That(got, Is.EqualTo("hello"u8.ToArray()));
    }

    private Task RaceAsync(string[] addresses, int port, CancellationToken cancellationToken) => LoopbackPair.OnLoopAsync(_transport.Loops[0], async () =>
    {
        EventLoop loop = _transport.Loops[0];
        await using Connection connection = await AddressRace.ConnectAsync(
            loop, [.. addresses.Select(IPAddress.Parse)], port, (one, over) => loop.ConnectAsync(one, over), cancellationToken);
        Assert.That(loop.IsCurrent);
    });

    private static int FreePort()
    {
        using Socket socket = ListenOnLoopback(1);
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static Socket ListenOnLoopback(int backlog)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen(backlog);
        return socket;
    }

    private Task ConnectAsync(EndPoint address, CancellationToken cancellationToken = default) => LoopbackPair.OnLoopAsync(
        _transport.Loops[0],
        async () =>
        {
            await using Connection connection = await _transport.Loops[0].ConnectAsync(address, cancellationToken);
        });
}
