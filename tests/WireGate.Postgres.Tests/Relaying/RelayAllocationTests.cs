using System.IO.Pipelines;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Relaying;
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
            var replies = new UpstreamHandler("real", "shown");
            var there = new Relay<ClientFramer, ClientHandler>(Peer.Client, default, new ClientHandler(replies), 1000);
            var back = new Relay<UpstreamFramer, UpstreamHandler>(Peer.Upstream, default, replies, 1000);
            Task<RelayStop> relaying = there.RunAsync(fromClient.Input, toUpstream.Output).AsTask();
            Task<RelayStop> answering = back.RunAsync(toUpstream.Input, fromClient.Output).AsTask();

            byte[] query = [(byte)'Q', 0, 0, 0, 6, (byte)'x', 0];
            byte[] ready = [(byte)'Z', 0, 0, 0, 5, (byte)'I'];
            await RoundTripsAsync(client, upstream, query, ready, WarmUp);
            long before = GC.GetAllocatedBytesForCurrentThread();
            await RoundTripsAsync(client, upstream, query, ready, Measured);
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
