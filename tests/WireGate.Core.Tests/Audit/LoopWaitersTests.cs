using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Epoll;

namespace WireGate.Core.Tests.Audit;

/// <summary>Those on an event loop who wait for the disk.</summary>
internal sealed class LoopWaitersTests : AuditFixture
{
    private static EpollTransport Loops() => new(1, AuditLog.BindThreadToChain, e => Assert.Fail(e.ToString()));

    [Test]
    public async Task Who_waits_goes_on_on_the_loop_when_the_record_is_on_disk()
    {
        var disk = new FailingDisk();
        await using AuditLog log = Open(chains: 1, disk: disk);
        await using EpollTransport transport = Loops();
        using var appended = new ManualResetEventSlim();
        Task<(bool WasDurable, bool IsDurable, bool IsOnLoop)> waited;
        lock (disk.Gate)
        {
            waited = OnAsync(transport.Loops[0], async loop =>
            {
                AuditPosition position = log.Append(Event("x"));
                bool before = log.IsDurable(position);
                appended.Set();
                await log.WhenDurableAsync(position, loop);
                return (before, log.IsDurable(position), loop.IsCurrent);
            });
            appended.Wait();
        }

        Assert.That(await waited, Is.EqualTo((false, true, true)));
    }

    [Test]
    public async Task One_round_of_the_disk_is_for_all_that_the_loop_has_at_hand()
    {
        const int Count = 100;
        var disk = new FailingDisk();
        await using AuditLog log = Open(chains: 1, disk: disk, segmentSize: 64 * 1024);
        await using EpollTransport transport = Loops();
        int done = 0;
        int before = disk.Syncs;
        await OnAsync(transport.Loops[0], async loop =>
        {
            Task[] all = [.. Enumerable.Range(0, Count).Select(_ => WaitAsync(loop))];
            await Task.WhenAll(all);
            return true;
        });

        Assert.That(done, Is.EqualTo(Count));
        // One more for the interval that may have come to its end meanwhile.
        Assert.That(disk.Syncs - before, Is.InRange(1, 2));

        async Task WaitAsync(EventLoop loop)
        {
            log.Hasten(loop);
            await log.WhenDurableAsync(log.Append(Event("x")), loop);
            done++;
        }
    }

    [Test]
    public async Task Who_waits_again_and_again_is_served_each_time()
    {
        const int Rounds = 200;
        await using AuditLog log = Open(chains: 1, segmentSize: 64 * 1024);
        await using EpollTransport transport = Loops();
        await OnAsync(transport.Loops[0], async loop =>
        {
            Task[] all = [.. Enumerable.Range(0, 5).Select(_ => AgainAsync(loop))];
            await Task.WhenAll(all);
            return true;
        });

        async Task AgainAsync(EventLoop loop)
        {
            for (int i = 0; i < Rounds; i++)
            {
                AuditPosition position = log.Append(Event("x"));
                await log.WhenDurableAsync(position, loop);
                Assert.That(log.IsDurable(position));
            }
        }
    }

    [Test]
    public async Task A_disk_that_fails_lets_go_who_waits()
    {
        var disk = new FailingDisk();
        await using AuditLog log = Open(chains: 1, disk: disk);
        await using EpollTransport transport = Loops();
        disk.FailsSync = true;

        Assert.That(
            async () => await OnAsync(transport.Loops[0], async loop =>
            {
                await log.WhenDurableAsync(log.Append(Event("x")), loop);
                return true;
            }).WaitAsync(TimeSpan.FromSeconds(30)),
            Throws.TypeOf<AuditFailedException>());
    }

    /// <summary>Runs it on the loop; its result comes back here.</summary>
    private static Task<T> OnAsync<T>(EventLoop loop, Func<EventLoop, Task<T>> action)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(_ => _ = RunAsync(), null);
        return result.Task;

        async Task RunAsync()
        {
            try
            {
                result.SetResult(await action(loop));
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        }
    }
}
