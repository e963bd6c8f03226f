using System.IO.Pipelines;
using NUnit.Framework;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using static WireGate.Http.Tests.Http2.Conformance.ConformanceCase;
using static WireGate.Http.Tests.Http2.Connections.Serving;

namespace WireGate.Http.Tests.Http2.Connections;

internal sealed class FlowTests
{
    private static readonly string Frame16K = new('x', FrameHead.UsualPayload);

    [Test]
    public async Task Gives_a_stream_its_window_back_only_when_its_body_is_read()
    {
        Http2Stream? stream = null;
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(s => stream = s);
        await peer.NextOfAllAsync();
        await peer.NextOfAllAsync();
        await peer.NextOfAllAsync();
        await peer.HeadersAsync(1, Post, endStream: false);
        for (int i = 0; i < 4; i++)
        {
            await peer.DataAsync(1, Frame16K);
        }

        await peer.SendAsync(FrameType.PING, 0, 0, "0000000000000001");
        Assert.That(await peer.NextOfAllAsync(), Does.StartWith("PING ACK"), "nothing is given back of what nobody took");
        await peer.OnLoopAsync(async () =>
        {
            ReadResult read = await stream!.Body.ReadAsync();
            Assert.That(read.Buffer.Length, Is.EqualTo(Http2Limits.Usual.FirstWindow));
            stream.Body.AdvanceTo(read.Buffer.GetPosition(Http2Limits.Usual.FirstWindow / 2));
        });
        int wider = Http2Limits.Usual.StreamWindow - Http2Limits.Usual.FirstWindow;
        Assert.That(await peer.NextOfAllAsync(), Is.EqualTo($"WINDOW_UPDATE 1 {(Http2Limits.Usual.FirstWindow / 2) + wider}"), "and the rest of what a stream may have that is read");
        await peer.OnLoopAsync(() => stream!.Dispose());
    }

    [Test]
    public async Task Ends_a_stream_that_sends_more_than_its_window()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(_ => { });
        await peer.HeadersAsync(1, Post, endStream: false);
        for (int i = 0; i < 5; i++)
        {
            await peer.DataAsync(1, Frame16K);
        }

        await EndsStream(1, ErrorCode.FLOW_CONTROL_ERROR)(peer);
    }

    [Test]
    public async Task Sends_no_more_than_the_connections_window_and_takes_turns_with_it()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(Text(new string('x', 40_000)), "00047fffffff");
        await peer.HeadersAsync(1, Get);
        await peer.HeadersAsync(3, Get);
        var sent = new Dictionary<string, int>();
        int all = 0;
        for (; all < 65_535;)
        {
            string frame = await peer.NextAsync();
            if (frame.StartsWith("DATA", StringComparison.Ordinal))
            {
                string id = frame.Split(' ')[1];
                int length = frame[(frame.LastIndexOf(' ') + 1)..].Length;
                sent[id] = sent.GetValueOrDefault(id) + length;
                all += length;
            }
        }

        Assert.That(await peer.SettleAsync(), Is.Empty);
        Assert.That((all, sent["1"] > 20_000, sent["3"] > 20_000), Is.EqualTo((65_535, true, true)));
        await peer.WindowAsync(0, 100_000);
        Assert.That(await peer.DataAsync(80_000 - 65_535), Has.Length.EqualTo(80_000 - 65_535));
    }

    [Test]
    public async Task Has_a_writer_wait_for_the_window()
    {
        var written = new TaskCompletionSource();
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(
            async stream =>
            {
                Text(new string('x', 10_000))(stream);
                await Task.CompletedTask;
                written.TrySetResult();
            },
            "000400000000");
        await peer.HeadersAsync(1, Get);
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 :status: 200"));
        Assert.That(await peer.SettleAsync(), Is.Empty);
        await peer.OnLoopAsync(() => Assert.That(peer.Connection.Active, Is.EqualTo(1)));
        await peer.WindowAsync(1, 10_000);
        Assert.That(await peer.DataAsync(10_000), Has.Length.EqualTo(10_000));
        await written.Task;
    }

    [Test]
    public async Task Relays_a_frame_of_data_without_allocating()
    {
        const int Frames = 2_000;
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(_ => { });
        await peer.SettleAsync();
        using var rig = new RelayRig();
        long allocated = long.MaxValue;
        for (int round = 0; round < 6; round++)
        {
            allocated = Math.Min(allocated, rig.Relay(Frames));
        }

        Assert.That(allocated, Is.LessThan(Frames), "bytes, of all frames of a round");
    }
}
