using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Testing.Sessions;
using WireGate.Testing.Transport;

namespace WireGate.Postgres.Tests.Relaying;

/// <summary>The hot path, over real sockets: a relayed frame costs the collector nothing.</summary>
public class RelayAllocationTests
{
    private const int WarmUp = 2_000;
    private const int Measured = 5_000;

    [Test]
    public async Task A_round_trip_through_both_relays_allocates_nothing()
    {
        await using LoopbackPair pair = await LoopbackPair.OpenAsync(TransportKind.Epoll);
        (Connection toUpstream, Connection upstream) = await pair.ConnectAsync();
        long allocated = -1;
        await pair.OnLoopAsync(async () =>
        {
            (Connection client, Connection fromClient) = (pair.Caller, pair.Callee);
            var relays = new JudgedRelays(fromClient, new CountingAudit(), 1000);
            Task<RelayStop> relaying = relays.ToUpstream.RunAsync(fromClient.Input, toUpstream.Output).AsTask();
            Task<RelayStop> answering = relays.ToClient.RunAsync(toUpstream.Input, fromClient.Output).AsTask();

            // Prepared once; then bound, described, run and synced again and again, as drivers do.
            await RoundTripsAsync(client, upstream, [.. Message('P', "s\0select $1\0\0\0"), .. Message('S', "")], [.. Message('1', ""), .. Ready], 1);
            byte[] query = [.. Message('B', "\0s\0\0\0\0\u0001\0\0\0\u0001x\0\0"), .. Message('D', "P\0"), .. Message('E', "\0\0\0\0\0"), .. Message('S', "")];
            byte[] reply = [.. Message('2', ""), .. Message('n', ""), .. Message('D', "\0\0"), .. Message('C', "SELECT 1\0"), .. Ready];
            await RoundTripsAsync(client, upstream, query, reply, WarmUp);
            long before = GC.GetAllocatedBytesForCurrentThread();
            await RoundTripsAsync(client, upstream, query, reply, Measured);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;

            await client.DisposeAsync();
            Assert.That(await relaying, Is.EqualTo(RelayStop.SourceClosed));
            await upstream.DisposeAsync();
            Assert.That(await answering, Is.EqualTo(RelayStop.SourceClosed));
            await toUpstream.DisposeAsync();
        });

        // What the measuring itself takes is a constant, and far below a byte a frame.
        Assert.That(allocated, Is.LessThan(2 * Measured / 4), $"bytes for {2 * Measured} frames");
    }

    private static byte[] Ready => Message('Z', "I");

    private static byte[] Message(char type, string body)
    {
        var message = new byte[5 + body.Length];
        message[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), 4 + body.Length);
        Encoding.Latin1.GetBytes(body, message.AsSpan(5));
        return message;
    }

    private static async ValueTask RoundTripsAsync(Connection client, Connection upstream, byte[] query, byte[] ready, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await client.Output.WriteAsync(query);
            ReadResult asked = await upstream.Input.ReadAsync();
            upstream.Input.AdvanceTo(asked.Buffer.End);
            await upstream.Output.WriteAsync(ready);
            ReadResult answered = await client.Input.ReadAsync();
            client.Input.AdvanceTo(answered.Buffer.End);
        }
    }
}
