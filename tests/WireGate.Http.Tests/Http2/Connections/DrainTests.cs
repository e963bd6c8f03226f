using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Tests.Http2.Hpack;
using WireGate.Testing.Time;
using static WireGate.Http.Tests.Http2.Connections.Serving;

namespace WireGate.Http.Tests.Http2.Connections;

/// <summary>What was begun ends, and whoever reads slowly is let read.</summary>
internal sealed class DrainTests
{
    // All of it is handed to the transport at once, which takes no more than the most of it.
    private static readonly string Long = new('x', 65_500);

    [Test]
    public async Task Drains_in_two_steps()
    {
        // One for each: of several that wait for the same, all but one would go on beside the loop.
        var all = new List<TaskCompletionSource>();
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(async stream =>
        {
            var go = new TaskCompletionSource();
            all.Add(go);
            await go.Task;
            Text("late")(stream);
        });
        await peer.HeadersAsync(1, Get);
        await peer.SettleAsync();
        await peer.OnLoopAsync(peer.Connection.Drain);
        Assert.That(await peer.NextAsync(), Is.EqualTo($"GOAWAY {int.MaxValue} NO_ERROR"));
        string ping = await peer.NextAsync();
        Assert.That(ping, Does.StartWith("PING "));
        await peer.HeadersAsync(3, Get);
        await peer.SendAsync(FrameType.PING, FrameFlags.ACK, 0, ping[5..]);
        Assert.That(await peer.NextAsync(), Is.EqualTo("GOAWAY 3 NO_ERROR"), "what was asked meanwhile is served");
        await peer.HeadersAsync(5, Get);
        await peer.OnLoopAsync(() => all.ForEach(go => go.SetResult()));
        var frames = new List<string>();
        for (string frame; (frame = await peer.NextAsync()) != "closed";)
        {
            frames.Add(frame);
            if (frame.StartsWith("PING", StringComparison.Ordinal))
            {
                await peer.SendAsync(FrameType.PING, FrameFlags.ACK, 0, frame[5..]);
            }
        }

        Assert.That(frames.Where(f => f.StartsWith("DATA", StringComparison.Ordinal)), Is.EquivalentTo(new[] { "DATA 1 END_STREAM late", "DATA 3 END_STREAM late" }));
        await peer.Ended.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Test]
    public async Task Lets_a_slow_reader_have_the_end_of_what_was_begun()
    {
        var time = new ManualTime { Jumps = true };
        await using ScriptedHttp2 peer = await DrainUnreadAsync(time);
        await PassAsync(peer, time, 8);

        Assert.That(await peer.DataAsync(Long.Length), Is.EqualTo(Long));
        Assert.That(await peer.NextAsync(), Is.EqualTo($"GOAWAY {int.MaxValue} NO_ERROR"));
        await PassAsync(peer, time, 8);
        Assert.That(peer.Ended.IsCompleted, Is.False, "it is not known that it read that");
        Assert.That(await peer.NextAsync(), Does.StartWith("PING "));
        Assert.That(await peer.NextAsync(), Is.EqualTo("GOAWAY 1 NO_ERROR"));
        string last = await peer.NextAsync();
        await peer.SendAsync(FrameType.PING, FrameFlags.ACK, 0, last[5..]);
        await peer.Ended.WaitAsync(TimeSpan.FromSeconds(30));
        await peer.OnLoopAsync(() => Assert.That(peer.Connection.IsUnread, Is.False));
    }

    [Test]
    public async Task Waits_no_longer_for_who_takes_nothing()
    {
        var time = new ManualTime { Jumps = true };
        await using ScriptedHttp2 peer = await DrainUnreadAsync(time);
        await Until.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return peer.Ended.IsCompleted;
            },
            "the connection to end");

        Assert.That(peer.Connection.IsUnread, Is.True);
    }

    [Test]
    public async Task Waits_for_who_does_not_open_its_window_no_longer_than_for_others()
    {
        var time = new ManualTime { Jumps = true };
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(Text("0123456789"), "000400000004", time);
        await peer.HeadersAsync(1, Get);
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 :status: 200"));
        Assert.That(await peer.NextAsync(), Is.EqualTo("DATA 1 0123"));
        await peer.OnLoopAsync(peer.Connection.Drain);
        await PassAsync(peer, time, 8);
        Assert.That(peer.Ended.IsCompleted, Is.False);
        await peer.WindowAsync(1, 3);
        Assert.That(await peer.NextAsync(), Does.StartWith("GOAWAY "));
        Assert.That(await peer.NextAsync(), Does.StartWith("PING "));
        Assert.That(await peer.NextAsync(), Does.StartWith("GOAWAY "));
        Assert.That(await peer.NextAsync(), Is.EqualTo("DATA 1 456"));
        await PassAsync(peer, time, 8);
        Assert.That(peer.Ended.IsCompleted, Is.False);
        await PassAsync(peer, time, 8);
        await peer.Ended.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.That(peer.Connection.IsUnread, Is.True);
    }

    [Test]
    public async Task Says_no_other_end_than_it_said_before()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(_ => { });
        await peer.HeadersAsync(1, Get);
        await peer.SettleAsync();
        await peer.OnLoopAsync(peer.Connection.Drain);
        Assert.That(await peer.NextAsync(), Is.EqualTo($"GOAWAY {int.MaxValue} NO_ERROR"));
        string ping = await peer.NextAsync();
        await peer.SendAsync(FrameType.PING, FrameFlags.ACK, 0, ping[5..]);
        Assert.That(await peer.NextAsync(), Is.EqualTo("GOAWAY 1 NO_ERROR"));
        await peer.HeadersAsync(3, Get);
        await peer.SettleAsync();
        await peer.OnLoopAsync(peer.Connection.Close);

        Assert.That(await peer.NextAsync(), Is.EqualTo("GOAWAY 1 NO_ERROR"), "what came behind it may be asked again");
    }

    // An answer was handed to a transport whose other end does not read, and then the connection is drained.
    private static async Task<ScriptedHttp2> DrainUnreadAsync(ManualTime time)
    {
        ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(
            stream =>
            {
                using (stream)
                {
                    using FieldSection head = Sections.Of(":status: 200\n");
                    stream.SendHeaders(head, endStream: false);
                    stream.Output.Write(Encoding.Latin1.GetBytes(Long));
                    stream.Output.Complete();
                }
            },
            "00047fffffff",
            time);
        await peer.HeadersAsync(1, Get);
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 :status: 200"));
        await Until.TrueAsync(() => peer.Connection.Active == 0, "the answer to be handed over");
        await peer.OnLoopAsync(peer.Connection.Drain);
        return peer;
    }

    private static async Task PassAsync(ScriptedHttp2 peer, ManualTime time, int seconds)
    {
        for (int i = 0; i < seconds; i++)
        {
            // What is due is posted to the loop.
            time.Advance(TimeSpan.FromSeconds(1));
            await peer.OnLoopAsync(() => { });
        }
    }
}
