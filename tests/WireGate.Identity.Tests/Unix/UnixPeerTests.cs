using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Identities.Unix;
using WireGate.Testing.Admin;

namespace WireGate.Identities.Tests.Unix;

public sealed class UnixPeerTests
{
    private static readonly GatewayConfig Config = SampleConfig.Create("/nowhere/admin.sock");

    [Test]
    public async Task The_kernel_names_the_process_at_the_other_end()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(path));
        using Socket accepted = await listener.AcceptAsync();
        UnixPeer peer = UnixPeer.FromSocket(accepted);
        Assert.That((peer.ProcessId, peer.UserId), Is.EqualTo((Environment.ProcessId, UnixAccounts.CurrentUserId)));
    }

    [Test]
    public async Task Refuses_a_socket_whose_peer_the_kernel_does_not_know()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!);
        using Socket accepted = await listener.AcceptAsync();
        Assert.That(() => UnixPeer.FromSocket(accepted), Throws.InstanceOf<PlatformNotSupportedException>().Or.InstanceOf<SocketException>());
    }

    [Test]
    public void Names_the_users_and_groups_of_this_machine_and_no_others()
    {
        Assert.That(UnixAccounts.FindUserName(0), Is.EqualTo("root"));
        Assert.That(UnixAccounts.FindUserName(4_000_000_007), Is.Null);
        Assert.That(UnixAccounts.FindGroupId("root"), Is.Zero);
        Assert.That(UnixAccounts.FindGroupId("no-such-group-here"), Is.Null);
    }

    [Test]
    public void Maps_only_users_that_the_config_names()
    {
        Assert.That(UnixIdentities.TryMap(Config, "ci", out Identity? identity));
        Assert.That(identity!.ToString(), Is.EqualTo("unix:pipeline"));
        Assert.That(identity.Groups, Is.EqualTo(new[] { "agents" }));
        Assert.That(UnixIdentities.TryMap(Config, "pipeline", out _), Is.False);
        Assert.That(UnixIdentities.TryMap(Config, null, out _), Is.False);
    }

    [Test]
    public void A_user_whose_name_is_somebodys_subject_is_not_that_somebody()
    {
        Identity other = UnixIdentities.ForRecord(Config, 1234, "pipeline");
        Assert.That(other.ToString(), Is.EqualTo("unix:uid:1234"));
        Assert.That(other.Groups, Is.Empty);
    }
}
