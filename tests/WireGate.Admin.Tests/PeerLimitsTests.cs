using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Admin.Listening;
using WireGate.Core.Configuration;

namespace WireGate.Admin.Tests;

public sealed class PeerLimitsTests
{
    [TestCase(AdminRole.None)]
    [TestCase(AdminRole.Mint)]
    public void A_user_who_is_no_administrator_has_a_few_connections_and_each_closed_one_makes_room(AdminRole role)
    {
        PeerLimits limits = new();
        Assert.That(Enter(limits, 1002, role, PeerLimits.MostOfOne + 5), Is.EqualTo(PeerLimits.MostOfOne));
        Assert.That(limits.TryEnter(1003, role), "another user");
        limits.Leave(1002, role);
        Assert.That(Enter(limits, 1002, role, 2), Is.EqualTo(1));
    }

    [Test]
    public void An_administrator_has_as_many_as_there_are()
    {
        PeerLimits limits = new();
        Assert.That(Enter(limits, 1001, AdminRole.Admin, 1000), Is.EqualTo(1000));
    }

    [Test]
    public void Thousands_of_uids_without_a_role_share_one_bound_and_take_nothing_from_a_minter()
    {
        PeerLimits limits = new();
        Assert.That(Enumerable.Range(100_000, 1000).Count(uid => limits.TryEnter((uint)uid, AdminRole.None)), Is.EqualTo(PeerLimits.MostWithoutRole));
        Assert.That(limits.TryEnter(1002, AdminRole.Mint));
        limits.Leave(100_000, AdminRole.None);
        Assert.That(limits.TryEnter(200_000, AdminRole.None));
        Assert.That(limits.TryEnter(200_001, AdminRole.None), Is.False);
    }

    [Test]
    public async Task A_crowd_without_a_role_does_not_keep_an_administrator_out()
    {
        await using AdminHarness daemon = new() { CallerUserId = 1003 };
        await daemon.StartAsync();
        List<Socket> crowd = [];
        try
        {
            for (int i = 0; i < 300; i++)
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                crowd.Add(socket);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(daemon.SocketPath));
                if (i >= PeerLimits.MostOfOne)
                {
                    Assert.That(await IsClosedAsync(socket), $"connection {i}");
                }
            }

            daemon.CallerUserId = 1001;
            Assert.That((await daemon.SendAsync(HttpMethod.Get, "/v1/status")).Status, Is.EqualTo(HttpStatusCode.OK));
        }
        finally
        {
            crowd.ForEach(s => s.Dispose());
        }
    }

    [Test]
    public async Task An_administrator_with_hundreds_of_idle_connections_is_still_answered()
    {
        await using AdminHarness daemon = new();
        await daemon.StartAsync();
        List<Socket> idle = [];
        try
        {
            for (int i = 0; i < 300; i++)
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                idle.Add(socket);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(daemon.SocketPath));
            }

            Assert.That((await daemon.SendAsync(HttpMethod.Get, "/v1/status")).Status, Is.EqualTo(HttpStatusCode.OK));
        }
        finally
        {
            idle.ForEach(s => s.Dispose());
        }
    }

    private static int Enter(PeerLimits limits, uint uid, AdminRole role, int times) =>
        Enumerable.Range(0, times).Count(_ => limits.TryEnter(uid, role));

    private static async Task<bool> IsClosedAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(10)) == 0;
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }
}
