using NUnit.Framework;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Streams;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport;

/// <summary>The loop of one session over streams: its two directions never run at the same time.</summary>
internal sealed class PoolLoopTests
{
    [Test]
    public async Task Nothing_of_it_runs_beside_something_else_of_it()
    {
        var loop = new PoolLoop();
        int inside = 0, met = 0, left = 2 * 5_000;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 5_000; i++)
            {
                loop.Post(Visit, null);
            }
        })));
        await done.Task;

        Assert.That(met, Is.Zero);

        void Visit(object? state)
        {
            met += Interlocked.Increment(ref inside) - 1;
            Thread.SpinWait(20);
            Interlocked.Decrement(ref inside);
            if (--left == 0)
            {
                done.SetResult();
            }
        }
    }

    [Test]
    public async Task A_read_and_a_flush_end_on_the_loop()
    {
        (StreamConnection gateway, StreamConnection peer) = MemoryConnection.CreatePair();
        var seen = new TaskCompletionSource<(bool Read, bool Flush)>(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Loop.Post(_ => _ = ReadAsync(), null);
        await peer.Output.WriteAsync(new byte[] { 1 });

        Assert.That(await seen.Task, Is.EqualTo((true, true)));

        async Task ReadAsync()
        {
            await gateway.Input.ReadAsync();
            bool read = gateway.Loop.IsCurrent;
            await gateway.Output.WriteAsync(new byte[1]);
            seen.SetResult((read, gateway.Loop.IsCurrent));
        }
    }

    [Test]
    public async Task Whoever_switches_to_it_is_on_it()
    {
        EventLoop loop = new PoolLoop();
        Assert.That(loop.IsCurrent, Is.False);

        await loop.Switch();

        Assert.That(loop.IsCurrent);
    }
}
