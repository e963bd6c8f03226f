using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Transport.Epoll;
using WireGate.Testing.Time;

namespace WireGate.Core.Tests.Transport;

/// <summary>A listener whose socket is ready and cannot accept, for as long as that lasts. One that does not listen yet is such a socket.</summary>
public class PausedListenerTests
{
    [Test]
    public async Task Pauses_while_it_cannot_accept_and_goes_on_by_itself()
    {
        var faults = new ConcurrentQueue<Exception>();
        var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var time = new ManualTime { Jumps = true };
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var reactor = new Reactor(0, null, faults.Enqueue);
        await using var listener = new EpollListener(socket, [reactor], time);
        listener.Start(
            connection =>
            {
                connection.Abort();
                served.SetResult();
            },
            _ => { });
        await Until.TrueAsync(() => !faults.IsEmpty, "it to be told of");

        socket.Listen();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint);
        await TurnAsync(reactor);
        Assert.That(served.Task.IsCompleted, Is.False, "nothing is tried within the pause");

        time.Advance(TimeSpan.FromMilliseconds(100));
        await served.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.That(faults.Single(), Is.InstanceOf<SocketException>());
    }

    [Test]
    public async Task Tells_once_of_what_lasts()
    {
        var faults = new ConcurrentQueue<Exception>();
        var time = new ManualTime { Jumps = true };
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var reactor = new Reactor(0, null, faults.Enqueue);
        await using var listener = new EpollListener(socket, [reactor], time);
        listener.Start(_ => { }, _ => { });
        for (int i = 0; i < 3; i++)
        {
            await Until.TrueAsync(() => time.Waiting == 1, "it to pause");
            time.Advance(TimeSpan.FromMilliseconds(100));
            await TurnAsync(reactor);
        }

        Assert.That(faults, Has.Count.EqualTo(1));
    }

    // Whatever was ready before has had its turn.
    private static async Task TurnAsync(Reactor reactor)
    {
        for (int i = 0; i < 3; i++)
        {
            var turned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            reactor.Post(_ => turned.SetResult(), null);
            await turned.Task;
        }
    }
}
