using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Core.Tests.Transport;

/// <summary>Descriptors run out: whoever is inside goes on, and whoever comes afterwards is served.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
public class DescriptorShortageTests(TransportKind kind)
{
    /// <summary>More than the process lets in.</summary>
    private const int Crowd = 40;

    [Test]
    public async Task T08_The_accept_loop_survives_running_out_of_descriptors()
    {
        using Process process = EchoProcess.Start(kind);
        try
        {
            var address = new IPEndPoint(
                IPAddress.Loopback, int.Parse((await process.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture));
            using Socket inside = await ConnectAsync(address);
            Assert.That(await IsServedAsync(inside), Is.True);
            await process.StandardInput.WriteLineAsync();
            Assert.That(await process.StandardOutput.ReadLineAsync(), Is.EqualTo("0"));

            for (int round = 0; round < 2; round++)
            {
                var crowd = new List<Socket>();
                for (int i = 0; i < Crowd; i++)
                {
                    crowd.Add(await ConnectAsync(address));
                }

                // Turned away at once: a backlog that nobody empties would keep its clients waiting.
                bool[] served = await Task.WhenAll(crowd.Select(IsServedAsync));
                Assert.That(served, Has.Some.True.And.Some.False);

                Assert.That(await IsServedAsync(inside), Is.True, "a session that stood before");
                crowd.ForEach(s => s.Dispose());
                await BecomesServedAsync(address);
            }
        }
        finally
        {
            process.Kill();
        }
    }

    private static async Task<Socket> ConnectAsync(EndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        return socket;
    }

    /// <summary>True: answered; false: closed.</summary>
    private static async Task<bool> IsServedAsync(Socket socket)
    {
        try
        {
            await socket.SendAsync("x"u8.ToArray());
            return await socket.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(10)) == 1;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The server learns one by one that the crowd has gone.</summary>
    private static async Task BecomesServedAsync(EndPoint address)
    {
        var elapsed = Stopwatch.StartNew();
        while (true)
        {
            using Socket late = await ConnectAsync(address);
            if (await IsServedAsync(late))
            {
                return;
            }

            Assert.That(elapsed.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)));
        }
    }
}
