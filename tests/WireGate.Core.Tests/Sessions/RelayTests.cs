using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;

namespace WireGate.Core.Tests.Sessions;

public class RelayTests
{
    private const string Kinds = "fidflblieflnfbddibbixfnl";

    /// <summary>All kinds in all neighbourhoods, bodies of different lengths, empty ones among them.</summary>
    private static readonly byte[] Stream = [.. Kinds.SelectMany((kind, i) => SampleFramer.Frame(kind, i % 4 * 3))];

    private static readonly byte[] Wanted =
    [
        .. Kinds.SelectMany((kind, i) => kind switch
        {
            'f' => SampleFramer.Frame('f', i % 4 * 3),
            'l' => SampleFramer.Frame('l', i % 4 * 3),
            'b' => [(byte)'B', .. SampleFramer.Frame('b', i % 4 * 3)],
            'i' => SampleFramer.Frame('R', i % 4 * 3),
            _ => [],
        }),
    ];

    [Test]
    public async Task Every_split_gives_the_same_output_and_asks_once_a_frame()
    {
        for (int cut = 0; cut <= Stream.Length; cut++)
        {
            var house = new RelayHouse();
            await house.FeedAsync(Stream.AsMemory(0, cut));
            await house.FeedAsync(Stream.AsMemory(cut));
            await AssertWanted(house, $"cut at {cut}");
        }
    }

    [Test]
    public async Task Byte_by_byte_gives_the_same_output_and_asks_once_a_frame()
    {
        var house = new RelayHouse();
        for (int i = 0; i < Stream.Length; i++)
        {
            await house.FeedAsync(Stream.AsMemory(i, 1));
        }

        await AssertWanted(house, "byte by byte");
    }

    [Test]
    public async Task Headers_that_straddle_blocks_are_read()
    {
        // The pipe's blocks are 4 KiB: frames of 4093 and 7 bytes put borders at every place of a header.
        byte[] stream = [.. Enumerable.Range(0, 40).SelectMany(i => SampleFramer.Frame(i % 3 == 0 ? 'i' : 'f', i % 2 == 0 ? 4088 : i % 5))];
        var house = new RelayHouse(limit: 5000);
        // One flush, so that the relay sees many blocks at once.
        await house.FeedAsync(stream);
        await house.FinishAsync();
        byte[] wanted = [.. Enumerable.Range(0, 40).SelectMany(i => SampleFramer.Frame(i % 3 == 0 ? 'R' : 'f', i % 2 == 0 ? 4088 : i % 5))];
        Assert.That(house.Take().AsSpan().SequenceEqual(wanted));
        Assert.That(house.Handler.Headers, Has.Count.EqualTo(40));
    }

    [Test]
    public async Task What_can_go_does_not_wait_for_what_must_be_inspected()
    {
        var house = new RelayHouse();
        byte[] forwarded = SampleFramer.Frame('f', 3), inspected = SampleFramer.Frame('i', 8);
        await house.FeedAsync((byte[])[.. forwarded, .. inspected[..^1]]);
        Assert.That(house.Take(), Is.EqualTo(forwarded));
        Assert.That(house.Handler.Inspected, Is.Empty, "not before it is whole");
        await house.FeedAsync(inspected.AsMemory()[^1..]);
        Assert.That(house.Handler.Inspected.Single(), Is.EqualTo(inspected));
    }

    [Test]
    public async Task A_frame_that_nobody_chose_an_action_for_is_dropped()
    {
        var house = new RelayHouse();
        await house.FeedAsync(SampleFramer.Frame('x', 10));
        Assert.That(house.Take(), Is.Empty);
        Assert.That(default(FrameAction), Is.EqualTo(FrameAction.Drop));
    }

    [TestCase('l', "l")]
    [TestCase('n', "")]
    [TestCase('b', "Bb")]
    [TestCase('e', "")]
    public async Task Of_a_frame_beyond_the_limit_the_handler_sees_the_beginning_and_the_rest_follows_its_choice(char kind, string first)
    {
        var house = new RelayHouse(limit: 100);
        byte[] frame = SampleFramer.Frame(kind, 500), next = SampleFramer.Frame('f', 3);
        await house.FeedAsync(frame.AsMemory(0, 99));
        Assert.That(house.Handler.Inspected, Is.Empty, "a byte is missing");
        await house.FeedAsync(frame.AsMemory(99, 11));
        Assert.That(house.Handler.Inspected.Single(), Is.EqualTo(frame[..100]));
        await house.FeedAsync((byte[])[.. frame[110..], .. next]);
        byte[] wanted = [.. first.Length == 2 ? "B"u8 : [], .. first.Length > 0 ? frame : [], .. next];
        Assert.That(house.Take(), Is.EqualTo(wanted));
        Assert.That(house.Relay.Bytes, Is.EqualTo(frame.Length + next.Length));
    }

    [Test]
    public async Task Words_of_our_own_go_between_two_frames()
    {
        var house = new RelayHouse();
        byte[] frame = SampleFramer.Frame('f', 5);
        house.Say([1, 2]);
        Assert.That(house.Take(), Is.EqualTo(new byte[] { 1, 2 }), "at once while nothing is under way");
        await house.FeedAsync(frame.AsMemory(0, 7));
        house.Say([3]);
        house.Say([4]);
        Assert.That(house.Take(), Is.EqualTo(frame[..7]), "not within a frame");
        await house.FeedAsync(frame.AsMemory(7));
        Assert.That(house.Take(), Is.EqualTo((byte[])[.. frame[7..], 3, 4]));
        await house.FeedAsync(frame);
        Assert.That(house.Take(), Is.EqualTo(frame), "once");
    }

    [Test]
    public async Task What_came_before_a_broken_frame_is_not_undone_and_nothing_behind_it_goes()
    {
        var house = new RelayHouse();
        byte[] good = SampleFramer.Frame('f', 3);
        await house.FeedAsync(good);
        await house.FeedAsync((byte[])[.. SampleFramer.Frame('!', 0), .. good]);
        Assert.That(async () => await house.Running, Throws.TypeOf<ProtocolException>());
        Assert.That(house.Take(), Is.EqualTo(good));
    }

    [Test]
    public async Task A_huge_body_streams_as_the_destination_takes_it()
    {
        const int Chunk = 100_000, Chunks = 500, Window = 200_000;
        var house = new RelayHouse(limit: 100, window: Window);
        byte[] header = SampleFramer.Frame('f', 0);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(1), header.Length + (Chunk * Chunks));
        await house.FeedAsync(header);
        long got = 0;
        for (int i = 0; i < Chunks; i++)
        {
            await house.FeedAsync(new byte[Chunk]);
            int taken = house.Take().Length;
            Assert.That(taken, Is.LessThanOrEqualTo(Window + (2 * Chunk)), "never more than the window and what was in the hand");
            got += taken;
        }

        Assert.That(house.Relay.AtFrameBoundary, Is.True);
        Assert.That(got, Is.EqualTo(header.Length + ((long)Chunk * Chunks)));
        Assert.That(house.Relay.Bytes, Is.EqualTo(got));
    }

    [Test]
    public async Task A_destination_that_does_not_read_stops_the_reading()
    {
        var house = new RelayHouse(window: 1000);
        for (int i = 0; i < 20; i++)
        {
            await house.FeedAsync(SampleFramer.Frame('f', 995));
        }

        Assert.That(house.Relay.Bytes, Is.LessThanOrEqualTo(2000), "the rest lies with the source");
        long taken = 0;
        while (house.Take() is { Length: > 0 } some)
        {
            taken += some.Length;
        }

        Assert.That(taken, Is.EqualTo(20_000));
    }

    [TestCase('f', 3, false)]
    [TestCase('f', 7, false)]
    [TestCase('f', 10, true)]
    [TestCase('d', 7, true)]
    [TestCase('i', 7, true)]
    [TestCase('f', 0, true)]
    public async Task Knows_whether_the_destination_stands_at_the_beginning_of_a_frame(char kind, int arrived, bool boundary)
    {
        var house = new RelayHouse();
        await house.FeedAsync(SampleFramer.Frame('f', 2));
        await house.FeedAsync(SampleFramer.Frame(kind, 5).AsMemory(0, arrived));
        // Three bytes are no header: nothing of the frame was sent.
        Assert.That(house.Relay.AtFrameBoundary, Is.EqualTo(boundary || arrived < SampleFramer.HeaderLength));
    }

    [Test]
    public async Task A_relay_that_is_told_to_stop_sends_nothing_more()
    {
        var house = new RelayHouse();
        await house.FeedAsync(SampleFramer.Frame('f', 5).AsMemory(0, 3));
        house.Stop();
        Assert.That(await house.Running, Is.EqualTo(RelayStop.Stopped));
        await house.FeedAsync(SampleFramer.Frame('f', 5).AsMemory(3));
        Assert.That(house.Take(), Is.Empty);
        Assert.That(await house.Run(), Is.EqualTo(RelayStop.Stopped), "for good");
    }

    [TestCase('f')]
    [TestCase('i')]
    public async Task A_destination_that_is_gone_ends_it(char kind)
    {
        var house = new RelayHouse();
        await house.Destination.CompleteAsync();
        await house.FeedAsync(SampleFramer.Frame(kind, 5));
        Assert.That(await house.Running, Is.EqualTo(RelayStop.DestinationGone));
    }

    [Test]
    public async Task A_source_that_ends_in_the_midst_of_a_frame_is_closed_off_the_boundary()
    {
        var house = new RelayHouse();
        await house.FeedAsync(SampleFramer.Frame('f', 5).AsMemory(0, 7));
        Assert.That(await house.FinishAsync(), Is.EqualTo(RelayStop.SourceClosed));
        Assert.That(house.Relay.AtFrameBoundary, Is.False);
    }

    private static async Task AssertWanted(RelayHouse house, string where)
    {
        Assert.That(await house.FinishAsync(), Is.EqualTo(RelayStop.SourceClosed), where);
        Assert.That(house.Take(), Is.EqualTo(Wanted), where);
        Assert.That(house.Handler.Headers.Select(h => (char)h.Kind), Is.EqualTo(Kinds), where);
        Assert.That(house.Relay.Bytes, Is.EqualTo(Stream.Length), where);
        Assert.That(house.Relay.AtFrameBoundary, Is.True, where);
    }
}
