using System.Text;
using NUnit.Framework;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Tests.Http2.Conformance;
using WireGate.Testing.Time;
using static WireGate.Http.Tests.Http2.Conformance.ConformanceCase;
using static WireGate.Http.Tests.Http2.Connections.Serving;

namespace WireGate.Http.Tests.Http2.Connections;

/// <summary>T04: what is legal frame by frame, and wears out.</summary>
internal sealed class FloodTests
{
    private static readonly ConformanceCase[] Floods =
    [
        new("PING", p => Many(p, Bytes(FrameType.PING, FrameFlags.ACK, 0, "0000000000000000"), 1_200), Calms),
        new("SETTINGS", p => Many(p, Bytes(FrameType.SETTINGS, 0, 0, ""), 1_200), Calms),
        new("Acknowledgements of SETTINGS", p => Many(p, Bytes(FrameType.SETTINGS, FrameFlags.ACK, 0, ""), 1_200), Calms),
        new("PRIORITY", p => Many(p, Bytes(FrameType.PRIORITY, 0, 9, "0000000010"), 1_200), Calms),
        new("Unknown frames", p => Many(p, Bytes((FrameType)0xee, 0, 0, ""), 1_200), Calms),
        new("Empty DATA", p => Many(p, Bytes(FrameType.DATA, 0, 1, ""), 1_200, Head(p, 1, Post, 0)), Calms),
        new("DATA of padding alone", p => Many(p, Bytes(FrameType.DATA, FrameFlags.PADDED, 1, "0100"), 1_200, Head(p, 1, Post, 0)), Calms),
        new("GOAWAY", p => Many(p, Bytes(FrameType.GOAWAY, 0, 0, "0000000000000000"), 1_200), Calms),
        new("WINDOW_UPDATE of a stream that is closed", p => Many(p, Bytes(FrameType.WINDOW_UPDATE, 0, 1, "00000001"), 1_200, Closed(p)), Calms),
        new("RST_STREAM of a stream that is closed", p => Many(p, Bytes(FrameType.RST_STREAM, 0, 1, "00000008"), 1_200, Closed(p)), Calms),
        new("CONTINUATION", p => Many(p, Bytes(FrameType.CONTINUATION, 0, 1, "82"), 20, Bytes(FrameType.HEADERS, 0, 1, "82")), Calms),
        new("An empty CONTINUATION", p => Many(p, Bytes(FrameType.CONTINUATION, 0, 1, ""), 1, Bytes(FrameType.HEADERS, 0, 1, "82")), Calms),
        new(
            "A block of more than 64 KiB",
            p => Many(p, Bytes(FrameType.CONTINUATION, 0, 1, new string('0', 2 << 14)), 4, Bytes(FrameType.HEADERS, 0, 1, "82")), Calms),
        new("CVE-2023-44487: requests that are reset at once", p => Requests(p, i => Bytes(FrameType.RST_STREAM, 0, i, "00000008")), Calms),
        new(
            "CVE-2025-8671: requests whose reset is provoked by a window of nothing",
            p => Requests(p, i => Bytes(FrameType.WINDOW_UPDATE, 0, i, "00000000")),
            Calms),
        new("CVE-2025-8671: by data behind the end", p => Requests(p, i => Bytes(FrameType.DATA, 0, i, "00")), Calms),
        new("CVE-2025-8671: by PRIORITY of four", p => Requests(p, i => Bytes(FrameType.PRIORITY, 0, i, "00000000")), Calms),
        new("CVE-2025-8671: by fields that are malformed", p => Requests(p, _ => [], "te: a\n"), Calms),
    ];

    private static Func<ScriptedHttp2, Task> Calms => async peer =>
    {
        string frame;
        while (!(frame = await peer.NextAsync()).StartsWith("GOAWAY", StringComparison.Ordinal))
        {
            Assert.That(frame, Is.Not.EqualTo("closed"));
        }

        Assert.That(frame, Does.EndWith("ENHANCE_YOUR_CALM"));
    };

    private static IEnumerable<TestCaseData> All_floods => Named(Floods);

    [TestCaseSource(nameof(All_floods))]
    public Task T04_Ends_the_connection_at_a_flood_of(object flood) => ((ConformanceCase)flood).RunAsync();

    [Test]
    public async Task T04_Goes_on_with_a_client_that_cancels_half_of_what_it_asks()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(Echo);
        for (int id = 1; id < 2_000; id += 4)
        {
            await peer.HeadersAsync(id, Get);
            await Until(peer, $"DATA {id} END_STREAM");
            await peer.HeadersAsync(id + 2, Post, endStream: false);
            await Until(peer, $"HEADERS {id + 2}");
            await peer.ResetAsync(id + 2);
        }

        await GoesOn(peer);
    }

    [Test]
    public async Task Goes_on_with_a_client_that_ends_what_it_has_begun_to_take()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(Echo);
        for (int id = 1; id < 1_000; id += 2)
        {
            await peer.HeadersAsync(id, Post, endStream: false);
            await peer.DataAsync(id, "x");
            await Until(peer, $"DATA {id} x");
            await peer.ResetAsync(id);
        }

        await GoesOn(peer);
    }

    [Test]
    public async Task T04_Goes_on_with_a_client_whose_pings_are_between_data()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(Echo);
        await peer.HeadersAsync(1, Post, endStream: false);
        for (int i = 0; i < 1_500; i++)
        {
            await peer.DataAsync(1, "x");
            await peer.SettleAsync();
        }
    }

    [Test]
    public async Task T04_Counts_a_stream_until_the_work_for_it_is_over()
    {
        var streams = new List<Http2Stream>();
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(streams.Add, limits: Http2Limits.Usual with { Streams = 2 });
        await All(peer, Head(peer, 1), Head(peer, 3), Bytes(FrameType.RST_STREAM, 0, 1, "00000008"), Bytes(FrameType.RST_STREAM, 0, 3, "00000008"), Head(peer, 5));
        Assert.That(await peer.NextAsync(), Is.EqualTo("RST_STREAM 5 REFUSED_STREAM"));
        await peer.OnLoopAsync(() => streams.ForEach(s => s.Dispose()));
        await peer.OnLoopAsync(() => Assert.That(peer.Connection.Active, Is.Zero));
    }

    [Test]
    public async Task T04_Ends_the_connection_of_a_client_that_asks_and_does_not_read()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(Text(new string('x', 200_000)), "00047fffffff");
        await peer.WindowAsync(0, 1 << 30);
        await peer.HeadersAsync(1, Get);

        // The transport is full of data sooner or later: answers to pings wait.
        byte[] pings = [.. Enumerable.Repeat(Bytes(FrameType.PING, 0, 0, "0000000000000000"), 100).SelectMany(f => f)];
        try
        {
            while (!peer.Ended.IsCompleted)
            {
                await peer.SendAsync(pings);
            }
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // It has ended.
        }

        Http2Exception broke = Assert.ThrowsAsync<Http2Exception>(() => peer.Ended.WaitAsync(TimeSpan.FromSeconds(60)))!;
        Assert.That(broke.Code, Is.EqualTo(ErrorCode.ENHANCE_YOUR_CALM));
    }

    /// <summary>No window bounds answers that are heads alone.</summary>
    [Test]
    public async Task T04_Whoever_does_not_read_answers_is_not_read_from()
    {
        const int Requests = 1_000, HeadLength = 8 * 1024;
        int answered = 0, read = 0, most = 0;
        using var head = new FieldSection();
        head.AddStatus(200);
        head.Add("x-long"u8, Encoding.ASCII.GetBytes(new string('x', HeadLength)));
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(stream =>
        {
            stream.SendHeaders(head, endStream: true);
            stream.Dispose();
            most = Math.Max(most, ++answered - Volatile.Read(ref read));
        });
        Task asking = AskAsync();
        while (read < Requests)
        {
            if ((await peer.NextAsync()).StartsWith("HEADERS", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref read);
            }
        }

        await asking;

        // What is on its way in the transport and in the test's own reader comes to it.
        Assert.That(most, Is.LessThan(3 * Http2Limits.MostPending / HeadLength));

        async Task AskAsync()
        {
            for (int i = 0; i < Requests; i++)
            {
                await peer.HeadersAsync((2 * i) + 1, Get);
            }
        }
    }

    [Test]
    public async Task T04_Ends_the_connection_of_a_client_that_never_acknowledges()
    {
        var time = new ManualTime { Jumps = true };
        await using ScriptedHttp2 peer = ScriptedHttp2.Serve(Text("hello"), time);
        await peer.SendAsync(FrameWriter.Preface.ToArray());
        await peer.SendAsync(FrameType.SETTINGS, 0, 0);
        await peer.SettleAsync();
        time.Advance(TimeSpan.FromSeconds(16));
        await EndsConnection(ErrorCode.SETTINGS_TIMEOUT)(peer);
    }

    [Test]
    public async Task T04_Ends_the_connection_of_a_client_that_says_nothing()
    {
        var time = new ManualTime { Jumps = true };
        await using ScriptedHttp2 peer = ScriptedHttp2.Serve(Text("hello"), time);
        await peer.NextOfAllAsync();
        time.Advance(TimeSpan.FromSeconds(16));
        await EndsConnection(ErrorCode.PROTOCOL_ERROR)(peer);
    }

    [Test]
    public async Task T04_Ends_the_connection_of_a_client_whose_fields_drip()
    {
        var time = new ManualTime { Jumps = true };
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(Text("hello"), time: time);
        await peer.SettleAsync();
        await peer.SendAsync(FrameType.HEADERS, 0, 1, "82");
        for (int i = 0; i < 4; i++)
        {
            await peer.SendAsync(FrameType.CONTINUATION, 0, 1, "82");
            await peer.OnLoopAsync(() => { });
            time.Advance(TimeSpan.FromSeconds(5));
            await peer.OnLoopAsync(() => { });
        }

        await EndsConnection(ErrorCode.ENHANCE_YOUR_CALM)(peer);
    }

    private static Task Many(ScriptedHttp2 peer, byte[] frame, int times, params byte[][] before) =>
        SendAndIgnore(peer, [.. before.SelectMany(f => f), .. Enumerable.Repeat(frame, times).SelectMany(f => f)]);

    private static Task Requests(ScriptedHttp2 peer, Func<int, byte[]> behind, string more = "") =>
        SendAndIgnore(peer, [.. Enumerable.Range(0, 300).SelectMany(i => (byte[])[.. Head(peer, (2 * i) + 1, Get + more), .. behind((2 * i) + 1)])]);

    private static byte[] Closed(ScriptedHttp2 peer) => [.. Head(peer, 1), .. Bytes(FrameType.RST_STREAM, 0, 1, "00000008")];

    // It may be cut off before all of it is sent.
    private static async Task SendAndIgnore(ScriptedHttp2 peer, byte[] bytes)
    {
        try
        {
            await peer.SendAsync(bytes);
        }
        catch (IOException)
        {
        }
    }
}
