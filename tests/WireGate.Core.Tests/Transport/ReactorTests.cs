using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Epoll;
using WireGate.Testing.Time;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport;

/// <summary>What the reactor promises beyond its connections: it goes on, it is fair, and it gives everything back.</summary>
public class ReactorTests
{
    /// <summary>Descriptors that the runtime itself may open meanwhile; a leak would be one for each connection.</summary>
    private const int Noise = 20;

    [Test]
    public async Task A_callback_that_throws_is_told_of_and_the_reactor_goes_on()
    {
        var faults = new ConcurrentQueue<Exception>();
        await using EventLoopTransport transport = LoopbackPair.Create(TransportKind.Epoll, faults.Enqueue);
        EventLoop loop = transport.Loops[0];
        loop.Post(_ => throw new InvalidOperationException("ours"), null);
        var next = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(_ => next.SetResult(loop.IsCurrent), null);
        Assert.That(await next.Task.WaitAsync(TimeSpan.FromSeconds(10)), Is.True);
        Assert.That(faults.Single().Message, Is.EqualTo("ours"));
    }

    [Test]
    public async Task A_server_that_throws_loses_that_connection_and_no_other()
    {
        var faults = new ConcurrentQueue<Exception>();
        await using EventLoopTransport transport = LoopbackPair.Create(TransportKind.Epoll, faults.Enqueue);
        await using Listener listener = transport.Listen(LoopbackPair.Parse("127.0.0.1:0"), null);
        int served = 0;
        listener.Start(c =>
        {
            if (Interlocked.Increment(ref served) == 1)
            {
                throw new InvalidOperationException("ours");
            }

            _ = EchoAsync(c);
        }, _ => { });
        using Socket first = await ConnectAsync(listener);
        Assert.That(await first.ReceiveAsync(new byte[1]), Is.Zero, "closed, not forgotten");
        using Socket second = await ConnectAsync(listener);
        await second.SendAsync("x"u8.ToArray());
        Assert.That(await second.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(10)), Is.EqualTo(1));
        Assert.That(faults, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task What_is_posted_runs_in_order_and_never_nested()
    {
        await using EventLoopTransport transport = LoopbackPair.Create(TransportKind.Epoll, _ => { });
        EventLoop loop = transport.Loops[0];
        var seen = new List<int>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(
            _ =>
            {
                loop.Post(_ => seen.Add(2), null);
                loop.Post(_ => done.SetResult(), null);
                seen.Add(1);
            },
            null);
        await done.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.That(seen, Is.EqualTo([1, 2]));
    }

    [Test]
    public async Task Thousands_of_connections_leave_no_descriptor_and_no_block()
    {
        await using EventLoopTransport transport = new EpollTransport(2, null, e => Assert.Fail(e.ToString()));
        await using Listener listener = transport.Listen(LoopbackPair.Parse("127.0.0.1:0"), null);
        listener.Start(c => _ = EchoAsync(c), _ => { });
        await RoundsAsync(listener, 10);
        int before = Descriptors();
        await RoundsAsync(listener, 2_000);
        Reactor[] reactors = [.. transport.Loops.Cast<Reactor>()];
        await Eventually.HoldsAsync(() => reactors.Sum(r => r.Connections) == 0);
        Assert.That(Descriptors(), Is.LessThan(before + Noise));
        foreach (Reactor reactor in reactors)
        {
            await LoopbackPair.OnLoopAsync(reactor, () =>
            {
                Assert.That(reactor.Blocks.Rented, Is.Zero);
                return Task.CompletedTask;
            });
        }
    }

    [Test]
    public async Task Thousands_of_calls_out_leave_no_descriptor_whether_made_or_refused()
    {
        await using EventLoopTransport transport = LoopbackPair.Create(TransportKind.Epoll, e => Assert.Fail(e.ToString()));
        await using Listener listener = transport.Listen(LoopbackPair.Parse("127.0.0.1:0"), null);
        listener.Start(c => _ = EchoAsync(c), _ => { });
        var reactor = (Reactor)transport.Loops[0];
        await CallAsync(10);
        int before = Descriptors();
        await CallAsync(600);
        await Eventually.HoldsAsync(() => reactor.Connections == 0);
        Assert.That(Descriptors(), Is.LessThan(before + Noise));

        Task CallAsync(int rounds) => LoopbackPair.OnLoopAsync(reactor, async () =>
        {
            var nobody = new IPEndPoint(IPAddress.Parse("127.0.0.1"), 1);
            for (int i = 0; i < rounds; i++)
            {
                await using (await reactor.ConnectAsync(listener.LocalEndPoint, CancellationToken.None))
                {
                }

                await RefusedAsync(nobody);
            }
        });

        async Task RefusedAsync(EndPoint nobody)
        {
            // Not Assert.That(async …): it would block the very loop that it waits for.
            try
            {
                await reactor.ConnectAsync(nobody, CancellationToken.None);
            }
            catch (IOException)
            {
                return;
            }

            Assert.Fail("somebody listens on port 1");
        }
    }

    [Test]
    public async Task An_idle_connection_holds_no_block()
    {
        await using LoopbackPair pair = await LoopbackPair.OpenAsync(TransportKind.Epoll);
        var blocks = ((Reactor)pair.Loop).Blocks;
        await pair.OnLoopAsync(async () =>
        {
            ValueTask<ReadResult> reading = pair.Callee.Input.ReadAsync();
            Assert.That(blocks.Rented, Is.Zero, "while a read waits");
            await pair.Caller.Output.WriteAsync(new byte[100]);
            ReadResult result = await reading;
            Assert.That(blocks.Rented, Is.EqualTo(1), "while bytes wait");
            pair.Callee.Input.AdvanceTo(result.Buffer.End);
            reading = pair.Callee.Input.ReadAsync();
            Assert.That(blocks.Rented, Is.Zero, "when they are consumed");
            pair.Callee.Input.CancelPendingRead();
            pair.Callee.Input.AdvanceTo((await reading).Buffer.Start);
        });
    }

    [Test]
    public async Task What_a_burst_took_is_given_up_while_nothing_happens()
    {
        await using LoopbackPair pair = await LoopbackPair.OpenAsync(TransportKind.Epoll);
        BlockPool blocks = ((Reactor)pair.Loop).Blocks;
        await pair.OnLoopAsync(() =>
        {
            Block[] burst = [.. Enumerable.Range(0, 2 * BlockPool.Kept).Select(_ => blocks.Rent())];
            Array.ForEach(burst, blocks.Return);
            return Task.CompletedTask;
        });

        await Until.TrueAsync(() => !blocks.HasSpare, "the reactor to give them up");
    }

    [Test]
    public async Task Two_floods_share_a_reactor()
    {
        await using LoopbackPair pair = await LoopbackPair.OpenAsync(TransportKind.Epoll);
        (Connection caller, Connection callee) = await pair.ConnectAsync();
        var counts = new long[2];
        await pair.OnLoopAsync(async () =>
        {
            Task[] all =
            [
                Bytes.WriteUntilGoneAsync(pair.Caller.Output), Bytes.WriteUntilGoneAsync(caller.Output),
                CountAsync(pair.Callee, 0), CountAsync(callee, 1),
            ];
            await Task.WhenAll(all);
            await caller.DisposeAsync();
            await callee.DisposeAsync();
        });
        Assert.That(counts.Min(), Is.GreaterThan(counts.Sum() / 4), $"{counts[0]} and {counts[1]} bytes");

        async Task CountAsync(Connection connection, int index)
        {
            while (counts[0] + counts[1] < 200_000_000)
            {
                ReadResult result = await connection.Input.ReadAsync();
                counts[index] += result.Buffer.Length;
                connection.Input.AdvanceTo(result.Buffer.End);
            }

            connection.Abort();
        }
    }

    [Test]
    public async Task A_stopped_transport_ends_the_connections_that_are_left()
    {
        EventLoopTransport transport = LoopbackPair.Create(TransportKind.Epoll, e => Assert.Fail(e.ToString()));
        Listener listener = transport.Listen(LoopbackPair.Parse("127.0.0.1:0"), null);
        var ended = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        listener.Start(async c => ended.SetResult(await Bytes.ReadToEndAsync(c.Input)), _ => { });
        using Socket client = await ConnectAsync(listener);
        await Eventually.HoldsAsync(() => ((Reactor)transport.Loops[0]).Connections == 1);
        await listener.DisposeAsync();
        await transport.DisposeAsync();
        Assert.That(await ended.Task.WaitAsync(TimeSpan.FromSeconds(10)), Is.Empty);
        Assert.That(await client.ReceiveAsync(new byte[1]), Is.Zero);
    }

    private static async Task EchoAsync(Connection connection)
    {
        while (true)
        {
            ReadResult result = await connection.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
            {
                await connection.Output.WriteAsync(segment);
            }

            connection.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                await connection.DisposeAsync();
                return;
            }
        }
    }

    private static async Task RoundsAsync(Listener listener, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            using Socket socket = await ConnectAsync(listener);
            await socket.SendAsync("x"u8.ToArray());
            Assert.That(await socket.ReceiveAsync(new byte[1]), Is.EqualTo(1));
            if (i % 2 == 0)
            {
                // Every other one goes with a reset.
                socket.LingerState = new LingerOption(true, 0);
            }
        }
    }

    private static async Task<Socket> ConnectAsync(Listener listener)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndPoint);
        return socket;
    }

    private static int Descriptors() => Directory.GetFiles("/proc/self/fd").Length;
}
