using System.Net.Sockets;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Transport.Epoll;
using WireGate.Hosting;
using WireGate.Testing.Time;

namespace WireGate.Tests.Hosting;

public sealed class WatchdogTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    [Test]
    public async Task A_blocked_reactor_stops_the_pings_until_it_turns_again()
    {
        await using var transport = new EpollTransport(2, null, _ => { });
        var time = new ManualTime();
        using var pinged = new SemaphoreSlim(0);
        using var watchdog = new Watchdog(transport.Loops, Interval, time, () => pinged.Release());
        time.Advance(Interval);
        Assert.That(await pinged.WaitAsync(TimeSpan.FromSeconds(30)), Is.True, "both loops turn");

        using var blocked = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        transport.Loops[1].Post(
            _ =>
            {
                blocked.Set();
                release.Wait();
            },
            null);
        Assert.That(blocked.Wait(TimeSpan.FromSeconds(30)), Is.True);
        while (pinged.CurrentCount > 0)
        {
            await pinged.WaitAsync();
        }

        time.Advance(Interval);
        time.Advance(Interval);
        await Turned(transport, 0);
        Assert.That(pinged.CurrentCount, Is.Zero, "the other loop turns, this one does not");

        release.Set();
        Assert.That(await pinged.WaitAsync(TimeSpan.FromSeconds(30)), Is.True, "the round that waited ends");
        time.Advance(Interval);
        Assert.That(await pinged.WaitAsync(TimeSpan.FromSeconds(30)), Is.True);
    }

    [Test]
    public void The_interval_is_a_third_of_what_systemd_waits_for()
    {
        Assert.That(Watchdog.IntervalFrom("30000000"), Is.EqualTo(Interval));
        Assert.That(Watchdog.IntervalFrom(null), Is.Null);
        Assert.That(Watchdog.IntervalFrom("0"), Is.Null);
        Assert.That(Watchdog.IntervalFrom("x"), Is.Null);
    }

    [Test]
    public void Systemd_is_told_in_datagrams()
    {
        string path = Path.Combine(Path.GetTempPath(), $"wg-notify-{Guid.NewGuid():n}");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        try
        {
            using var systemd = new SystemdNotify(path);
            systemd.Ready();
            systemd.Alive();
            systemd.Draining(12, TimeSpan.FromSeconds(27.5));
            byte[] buffer = new byte[128];
            Assert.That(Encoding.ASCII.GetString(buffer, 0, manager.Receive(buffer)), Is.EqualTo("READY=1"));
            Assert.That(Encoding.ASCII.GetString(buffer, 0, manager.Receive(buffer)), Is.EqualTo("WATCHDOG=1"));
            Assert.That(
                Encoding.ASCII.GetString(buffer, 0, manager.Receive(buffer)),
                Is.EqualTo("STATUS=draining: 12 sessions remain, for 28 s at most\nEXTEND_TIMEOUT_USEC=30000000"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public void Nobody_to_tell_is_no_error()
    {
        using var systemd = new SystemdNotify(null);
        Assert.That(systemd.Ready, Throws.Nothing);
    }

    private static async Task Turned(EpollTransport transport, int loop)
    {
        var turned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        transport.Loops[loop].Post(_ => turned.SetResult(), null);
        await turned.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }
}
