using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Admin.Listening;

namespace WireGate.Admin.Tests;

public sealed class AdminSocketTests
{
    [Test]
    public async Task Has_the_configured_mode()
    {
        await using AdminHarness daemon = new();
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        daemon.Config = daemon.Config with { Admin = daemon.Config.Admin with { SocketMode = Mode } };
        await daemon.StartAsync();
        Assert.That(OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(daemon.SocketPath), Is.EqualTo(Mode));
    }

    [Test]
    public async Task Nobody_is_accepted_before_group_and_mode_are_set()
    {
        await using AdminHarness daemon = new();
        using AdminSocket bound = AdminSocket.Bind(daemon.Config.Admin);
        using Socket early = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        SocketException? refusal = Assert.Throws<SocketException>(() => early.Connect(new UnixDomainSocketEndPoint(daemon.SocketPath)));
        Assert.That(refusal!.SocketErrorCode, Is.EqualTo(SocketError.ConnectionRefused));
    }

    [Test]
    public async Task Refuses_a_group_that_does_not_exist()
    {
        await using AdminHarness daemon = new();
        daemon.Config = daemon.Config with { Admin = daemon.Config.Admin with { SocketGroup = "no-such-group-here" } };
        AdminSocketException? refusal = Assert.ThrowsAsync<AdminSocketException>(daemon.StartAsync);
        Assert.That(refusal!.Message, Does.Contain("no-such-group-here"));
        Assert.That(File.Exists(daemon.SocketPath), Is.False);
    }

    [Test]
    public async Task Replaces_the_socket_of_a_daemon_that_is_gone()
    {
        await using AdminHarness daemon = new();
        LeaveStale(daemon.SocketPath);
        Assert.That(File.Exists(daemon.SocketPath), "the stale socket");
        await daemon.StartAsync();
        Assert.That((await daemon.SendAsync(HttpMethod.Get, "/v1/status")).Status, Is.EqualTo(System.Net.HttpStatusCode.OK));
    }

    [Test]
    public async Task Refuses_the_socket_of_a_living_daemon_which_goes_on()
    {
        await using AdminHarness daemon = new();
        await daemon.StartAsync();
        AdminSocketException? refusal = Assert.ThrowsAsync<AdminSocketException>(() => AdminServer.StartAsync(daemon.Dependencies, default));
        Assert.That(refusal!.Message, Does.Contain("another daemon"));
        Assert.That((await daemon.SendAsync(HttpMethod.Get, "/v1/status")).Status, Is.EqualTo(System.Net.HttpStatusCode.OK));
    }

    [Test]
    public async Task Refuses_the_living_socket_of_a_program_that_knows_no_lock()
    {
        await using AdminHarness daemon = new();
        using Socket other = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(daemon.SocketPath));
        other.Listen();
        AdminSocketException? refusal = Assert.ThrowsAsync<AdminSocketException>(daemon.StartAsync);
        Assert.That(refusal!.Message, Does.Contain("another program"));
    }

    [Test]
    public async Task Refuses_to_replace_what_is_no_socket()
    {
        await using AdminHarness daemon = new();
        await File.WriteAllTextAsync(daemon.SocketPath, "somebody's notes");
        Assert.ThrowsAsync<AdminSocketException>(daemon.StartAsync);
        Assert.That(await File.ReadAllTextAsync(daemon.SocketPath), Is.EqualTo("somebody's notes"));
    }

    [Test]
    public async Task Is_gone_after_the_daemon_stopped()
    {
        await using AdminHarness daemon = new();
        await using (await AdminServer.StartAsync(daemon.Dependencies, default))
        {
            Assert.That(File.Exists(daemon.SocketPath));
        }

        Assert.That(File.Exists(daemon.SocketPath), Is.False);
    }

    // Closing a socket that was bound under one name and then moved leaves the file behind, as a kill does.
    private static void LeaveStale(string path)
    {
        using (Socket dead = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(path + ".old"));
            dead.Listen();
            File.Move(path + ".old", path);
        }
    }
}
