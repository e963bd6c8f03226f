using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport;

/// <summary>The addresses of listeners, and the socket files they leave or find.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
public class ListenerTests(TransportKind kind)
{
    private string _directory = null!;

    private string SocketPath => Path.Combine(_directory, "s");

    [SetUp]
    public void Create() => _directory = Directory.CreateTempSubdirectory("wg").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(_directory, recursive: true);

    [TestCase("127.0.0.1:0", "127.0.0.1")]
    [TestCase("[::1]:0", "::1")]
    [TestCase("localhost:0", null)]
    public async Task Serves_tcp_and_names_the_peer(string address, string? remote)
    {
        await using LoopbackPair pair = await LoopbackPair.OpenAsync(kind, address);
        await Talk(pair);
        Assert.That(((IPEndPoint)pair.Callee.Remote!).Address, remote is null ? Is.Not.Null : Is.EqualTo(IPAddress.Parse(remote!)));
    }

    [Test]
    public async Task A_dual_mode_listener_shows_an_ipv4_peer_as_what_it_is()
    {
        await using LoopbackPair pair = await LoopbackPair.OpenAsync(kind, "[::]:0");
        int port = ((IPEndPoint)pair.Listener.LocalEndPoint).Port;
        (Connection caller, Connection callee) = await pair.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        Assert.That(((IPEndPoint)callee.Remote!).Address, Is.EqualTo(IPAddress.Loopback));
        await pair.OnLoopAsync(async () =>
        {
            await caller.DisposeAsync();
            await callee.DisposeAsync();
        });
    }

    [Test]
    public async Task Serves_a_unix_socket_whose_peer_has_no_address_and_takes_the_file_away()
    {
        await using (LoopbackPair pair = await LoopbackPair.OpenAsync(kind, "unix:" + SocketPath))
        {
            await Talk(pair);
            Assert.That(pair.Callee.Remote, Is.Null);
            Assert.That(
                File.GetUnixFileMode(SocketPath),
                Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite));
        }

        Assert.That(File.Exists(SocketPath), Is.False);
    }

    [Test]
    public async Task The_mode_of_a_unix_socket_is_the_one_asked_for()
    {
        await using EventLoopTransport transport = LoopbackPair.Create(kind, _ => { });
        await using Listener listener = transport.Listen(LoopbackPair.Parse("unix:" + SocketPath), UnixFileMode.UserRead);
        Assert.That(File.GetUnixFileMode(SocketPath), Is.EqualTo(UnixFileMode.UserRead));
    }

    [Test]
    public async Task A_socket_that_a_killed_process_left_is_replaced()
    {
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(Path.Combine(_directory, "dead")));
            dead.Listen();
            // Under another name, or the BCL would take the file away with the socket.
            File.Move(Path.Combine(_directory, "dead"), SocketPath);
        }

        await using LoopbackPair pair = await LoopbackPair.OpenAsync(kind, "unix:" + SocketPath);
        await Talk(pair);
    }

    [Test]
    public async Task A_socket_that_somebody_serves_is_not_taken_from_him()
    {
        await using LoopbackPair pair = await LoopbackPair.OpenAsync(kind, "unix:" + SocketPath);
        await using EventLoopTransport other = LoopbackPair.Create(kind, _ => { });
        Assert.That(
            () => other.Listen(LoopbackPair.Parse("unix:" + SocketPath), null),
            Throws.InstanceOf<SocketException>().With.Property("SocketErrorCode").EqualTo(SocketError.AddressAlreadyInUse));
        await Talk(pair);
    }

    [Test]
    public async Task A_file_that_is_no_socket_is_not_deleted()
    {
        await File.WriteAllTextAsync(SocketPath, "somebody's letters");
        await using EventLoopTransport transport = LoopbackPair.Create(kind, _ => { });
        Assert.That(() => transport.Listen(LoopbackPair.Parse("unix:" + SocketPath), null), Throws.InstanceOf<SocketException>());
        Assert.That(await File.ReadAllTextAsync(SocketPath), Is.EqualTo("somebody's letters"));
    }

    [Test]
    public async Task A_port_that_is_taken_is_refused()
    {
        await using LoopbackPair pair = await LoopbackPair.OpenAsync(kind);
        int port = ((IPEndPoint)pair.Listener.LocalEndPoint).Port;
        Assert.That(() => pair.Transport.Listen(LoopbackPair.Parse($"127.0.0.1:{port}"), null), Throws.InstanceOf<SocketException>());
    }

    [Test]
    public async Task A_closed_listener_accepts_nobody_and_leaves_the_sessions_alone()
    {
        await using LoopbackPair pair = await LoopbackPair.OpenAsync(kind);
        await pair.Listener.DisposeAsync();
        using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.That(async () => await late.ConnectAsync(pair.Listener.LocalEndPoint), Throws.InstanceOf<SocketException>());
        await Talk(pair);
    }

    private static Task Talk(LoopbackPair pair) => pair.OnLoopAsync(async () =>
    {
        await pair.Caller.Output.WriteAsync("hello"u8.ToArray());
        Assert.That(await Bytes.ReadAsync(pair.Callee.Input, 5), Is.EqualTo("hello"u8.ToArray()));
    });
}
