using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>What goes in at one end comes out at the other, byte for byte, however it is cut, and nobody's flood is held.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class RelayTests(TransportKind transport) : SessionFixture(transport)
{
    private static byte[] M(char type, string body = "") => ScriptedClient.Message(type, Encoding.ASCII.GetBytes(body));

    private static IEnumerable<TestCaseData> Conversations()
    {
        byte[] rows = [.. Enumerable.Range(0, 40).SelectMany(i => ScriptedClient.Message('D', new byte[i * 7]))];
        yield return new TestCaseData(M('Q', "select 1\0"), (byte[])[.. M('T', "\0\0"), .. rows, .. M('C', "SELECT 40\0"), .. M('Z', "I")])
            .SetArgDisplayNames("simple");
        yield return new TestCaseData(
            (byte[])[.. M('P', "s\0select $1\0\0\0"), .. M('B', "\0s\0\0\0\0\0\0\0"), .. M('D', "P\0"), .. M('E', "\0\0\0\0\0"), .. M('C', "Ss\0"), .. M('H'), .. M('S')],
            (byte[])[.. M('1'), .. M('2'), .. M('T', "\0\0"), .. M('D', "\0\0"), .. M('s'), .. M('3'), .. M('Z', "T")])
            .SetArgDisplayNames("extended");
        yield return new TestCaseData(
            (byte[])[.. M('Q', "select 1\0"), .. M('Q', "select 1/0\0"), .. M('S'), .. M('S')],
            (byte[])[.. M('C', "A\0"), .. M('Z', "I"), .. M('E', "SERROR\0C42601\0Mx\0\0"), .. M('Z', "E"), .. M('Z', "I"), .. M('Z', "I")])
            .SetArgDisplayNames("pipelined");
        yield return new TestCaseData(
            (byte[])[.. M('Q', "copy t from stdin\0"), .. M('d', "1\tx\n"), .. M('d', new string('y', 9000)), .. M('c'), .. M('f', "no\0")],
            (byte[])[.. M('G', "\0\0\0"), .. M('C', "COPY 2\0"), .. M('Z', "I")]).SetArgDisplayNames("copy in");
        yield return new TestCaseData(
            M('Q', "copy t to stdout\0"), (byte[])[.. M('H', "\0\0\0"), .. M('d', "1\n"), .. M('d'), .. M('c'), .. M('C', "COPY 1\0"), .. M('Z', "I")])
            .SetArgDisplayNames("copy out");
        yield return new TestCaseData(
            (byte[])[.. M('Q', "START_REPLICATION SLOT s LOGICAL 0/0\0"), .. M('d', "r" + new string('\0', 33)), .. M('c')],
            (byte[])[.. M('W', "\0\0\0"), .. M('d', "w" + new string('\0', 99)), .. M('c'), .. M('C', "COPY 0\0"), .. M('Z', "I")])
            .SetArgDisplayNames("copy both");
        yield return new TestCaseData(
            ScriptedClient.Message('F', 0, 0, 0, 1, 0, 0, 0, 0, 0, 1),
            (byte[])[.. M('A', "\0\0\u0001\0chan\0payload\0"), .. M('N', "SNOTICE\0Mhi\0\0"), .. M('V', "\0\0\0\0"), .. M('S', "TimeZone\0UTC\0"), .. M('Z', "I")])
            .SetArgDisplayNames("function call and notify");
    }

    [TestCaseSource(nameof(Conversations))]
    public async Task Both_directions_are_the_same_at_the_other_end_however_they_are_cut(byte[] request, byte[] reply)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        var random = new Random(20260301);
        foreach (Func<int> size in new Func<int>[] { () => int.MaxValue, () => 1, () => random.Next(1, 12), () => random.Next(1, 700) })
        {
            Task<byte[]> seenRequest = upstream.ReadAsync(request.Length);
            Task<byte[]> seenReply = client.ReadAsync(reply.Length);
            await client.SendChoppedAsync(request, size);
            Assert.That(await seenRequest, Is.EqualTo(request));
            await upstream.SendChoppedAsync(reply, size);
            Assert.That(await seenReply, Is.EqualTo(reply));
        }
    }

    [Test]
    public async Task T07_A_row_of_100_MB_streams_whole_and_is_held_nowhere()
    {
        const int Length = 100 * 1024 * 1024;
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        byte[] chunk = RandomNumberGenerator.GetBytes(1 << 20);
        await AskAsync(client, upstream);
        long before = GC.GetTotalAllocatedBytes();
        await upstream.SendAsync((byte[])[(byte)'D', .. ScriptedClient.Int32(Length + 4)]);
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < Length / chunk.Length; i++)
            {
                await upstream.SendAsync(chunk);
            }
        });
        Assert.That(await client.ReadAsync(5), Is.EqualTo((byte[])[(byte)'D', .. ScriptedClient.Int32(Length + 4)]));
        byte[] received = new byte[chunk.Length];
        for (int i = 0; i < Length / chunk.Length; i++)
        {
            await client.Stream.ReadExactlyAsync(received);
            Assert.That(received.AsSpan().SequenceEqual(chunk), "the same bytes");
        }

        await sending;
        Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(Length / 5), "nothing is collected");
        await upstream.SendAsync('Z', (byte)'I');
        await client.ExpectAsync('Z');
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task T07_A_flood_towards_a_peer_that_never_reads_stops_and_leaves_the_others_well(bool fromUpstream)
    {
        ScriptedClient deaf = await ConnectAsync(receiveBuffer: 4096);
        await deaf.StartAsync("someone", "shop");
        await deaf.PresentPasswordAsync(Gateway.Placeholders.Mint().Token);
        (_, UpstreamPeer upstream) = await EstablishAsync(deaf);
        await AskAsync(deaf, upstream);
        ScriptedPeer flooding = fromUpstream ? upstream : deaf;
        byte[] message = ScriptedClient.Message(fromUpstream ? 'D' : 'd', new byte[60_000]);
        Func<long> relayed = () => Gateway.Sessions.List().Max(s => s.UpstreamBytes + s.ClientBytes);
        using var stop = new CancellationTokenSource();
        Task flood = FloodAsync(flooding, message, stop.Token);
        long last = -1;
        int quiet = 0;
        await Testing.Time.Until.TrueAsync(
            () =>
            {
                long now = relayed();
                quiet = now == last && now > 0 ? quiet + 1 : 0;
                last = now;
                return quiet > 50;
            },
            "the gateway to stop reading");

        // What is held is what the kernel's buffers hold: the gateway reads nothing that it cannot pass on.
        Assert.That(last, Is.LessThan(32 << 20));
        (ScriptedClient other, UpstreamPeer otherUpstream) = await EstablishAsync();
        await other.SendAsync(M('Q', "select 1\0"));
        await otherUpstream.ExpectAsync('Q');
        await otherUpstream.SendAsync('Z', (byte)'I');
        await other.ExpectAsync('Z');
        await stop.CancelAsync();
        await flood;
    }

    [TestCase("7000000008736563726574", TestName = "A_password_in_mid_session_is_refused")]
    [TestCase("7A00000004", TestName = "An_unknown_message_of_a_client_is_refused")]
    [TestCase("5100000003", TestName = "T05_A_length_below_four_is_refused")]
    [TestCase("51FFFFFFFF", TestName = "T05_A_negative_length_is_refused")]
    [TestCase("517FFFFFFF", TestName = "T05_A_length_of_two_gigabytes_is_refused_before_anything_of_it_is_read")]
    [TestCase("5300002711", TestName = "T05_A_Sync_of_10001_bytes_is_refused")]
    public async Task Illegal(string hex)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync(Convert.FromHexString(hex));
        PeerMessage last = await client.ExpectAsync('E');
        Assert.That((last.Field('S'), last.Field('C')), Is.EqualTo(("FATAL", "08P01")));
        Assert.That(await upstream.ReadToEndAsync(), Is.Empty, "not a byte of it goes on");
        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.ClientBrokeProtocol));
    }

    private static async Task FloodAsync(ScriptedPeer peer, byte[] message, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await peer.Stream.WriteAsync(message, stop);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It was stopped, or cut.
        }
    }
}
