using NUnit.Framework;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>The hot path, over real sockets: a relayed data packet costs the collector nothing, in any of the three ends that are on the loop here.</summary>
[NonParallelizable]
internal sealed class RelayAllocationTests
{
    private const int WarmUp = 4_000;
    private const int Measured = 4_000;
    private const uint Number = 7;

    [TestCase(1)]
    [TestCase(32 * 1024)]
    public async Task A_data_packet_there_and_back_allocates_nothing(int length)
    {
        await using RelayedSession session = await StartAsync();
        byte[] data = ConnectionMessages.Data(Number, new byte[length]);
        long allocated = -1;
        await session.OnLoopAsync(async () =>
        {
            (SshTransport client, SshTransport upstream) = (session.Client, session.Upstream);
            const uint Window = uint.MaxValue - (1 << 22);
            await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN).String("session").UInt32(Number).UInt32(Window).UInt32(1 << 15));
            await upstream.ReadAsync();
            await SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(Number).UInt32(Number).UInt32(Window).UInt32(1 << 15));
            await client.ReadAsync();
            await SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_REQUEST).UInt32(Number).String("exec").Boolean(false).String("cat"));
            await upstream.ReadAsync();

            // The rest of the window, which is kept back until something runs.
            await client.ReadAsync();

            await MoveAsync(client, upstream, WarmUp);
            long before = GC.GetAllocatedBytesForCurrentThread();
            await MoveAsync(client, upstream, Measured);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        });

        // What the measuring itself takes is a constant, and far below a byte a packet.
        Assert.That(allocated, Is.LessThan(2 * Measured / 4), $"bytes for {2 * Measured} packets");

        async Task MoveAsync(SshTransport client, SshTransport upstream, int count)
        {
            for (int i = 0; i < count; i++)
            {
                client.Send(data);
                client.StartFlush();
                await upstream.ReadAsync();
                upstream.Send(data);
                upstream.StartFlush();
                await client.ReadAsync();
            }
        }
    }
}
