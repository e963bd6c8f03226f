using System.IO.Pipelines;
using NUnit.Framework;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using static WireGate.Http.Tests.Http2.Connections.Serving;

namespace WireGate.Http.Tests.Http2.Connections;

/// <summary>Bodies that nobody reads on hold neither the window of their connection nor more memory than is written down.</summary>
internal sealed class StalledUploadTests
{
    private static readonly int Half = Http2Limits.Usual.FirstWindow / 2;

    [Test]
    public async Task T04_Ninety_nine_uploads_that_nobody_reads_do_not_stop_another()
    {
        const int Last = 199;
        Http2Limits limits = Http2Limits.Usual;
        List<Http2Stream> stalled = [];
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(stream =>
        {
            if (stream.Id == Last)
            {
                Echo(stream);
            }
            else
            {
                stalled.Add(stream);
                _ = StallAsync(stream);
            }
        });
        var windows = new Windows(peer);
        for (int id = 1; id < Last; id += 2)
        {
            // Each is read at first, so that its window is as wide as there is room for, and then no more.
            await peer.HeadersAsync(id, Post, endStream: false);
            await windows.SendAsync(id, Half);
            await windows.UntilAsync(() => windows.Of(id) > Half);
        }

        for (int id = 1; id < Last; id += 2)
        {
            await windows.FillAsync(id);
        }

        int held = stalled.Sum(s => s.DataIn.Buffered);
        Assert.That(held, Is.GreaterThan(98 * Http2Limits.Usual.FirstWindow).And.LessThanOrEqualTo((limits.Streams * Http2Limits.Usual.FirstWindow) + limits.MostWider));
        Assert.That(stalled.Count(s => s.DataIn.Buffered > 3 * Http2Limits.Usual.FirstWindow), Is.EqualTo(limits.MostWider / (limits.StreamWindow - Http2Limits.Usual.FirstWindow)));
        Assert.That(windows.OfConnection, Is.GreaterThan(limits.ConnectionWindow / 8));
        await peer.WindowAsync(0, 10_000_000);
        await peer.HeadersAsync(Last, Post, endStream: false);
        await peer.WindowAsync(Last, 10_000_000);
        for (int i = 0; i < 50; i++)
        {
            await windows.SendAsync(Last, 20_000);
        }

        await windows.UntilAsync(() => windows.Echoed == 1_000_000);
        await peer.OnLoopAsync(() => stalled.ForEach(s => s.Dispose()));
    }

    [Test]
    public async Task T04_A_stream_that_ends_leaves_its_room_to_others()
    {
        // Room for one that is wide.
        Http2Limits limits = Http2Limits.Usual with { StreamWindow = Http2Limits.Usual.FirstWindow + 75_000, ConnectionWindow = 100_000 };
        List<Http2Stream> stalled = [];
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(
            stream =>
            {
                stalled.Add(stream);
                _ = StallAsync(stream);
            },
            limits: limits);
        var windows = new Windows(peer);
        foreach ((int id, int expected) in new[] { (1, limits.StreamWindow), (3, Http2Limits.Usual.FirstWindow), (5, limits.StreamWindow) })
        {
            await peer.HeadersAsync(id, Post, endStream: false);
            await windows.SendAsync(id, Half);
            await windows.UntilAsync(() => windows.Of(id) > Half);
            Assert.That(windows.Of(id), Is.EqualTo(expected));
            if (id == 3)
            {
                await peer.OnLoopAsync(stalled[0].Dispose);
            }
        }

        await peer.OnLoopAsync(() => stalled.ForEach(s => s.Dispose()));
    }

    // Reads the first half of its first window, and nothing more.
    private static async Task StallAsync(Http2Stream stream)
    {
        while (true)
        {
            ReadResult read = await stream.Body.ReadAsync();
            bool isThere = read.Buffer.Length >= Half;
            stream.Body.AdvanceTo(isThere ? read.Buffer.End : read.Buffer.Start, read.Buffer.End);
            if (isThere)
            {
                return;
            }
        }
    }

    /// <summary>Sends no more than it may, and keeps account of it.</summary>
    private sealed class Windows(ScriptedHttp2 peer)
    {
        private readonly Dictionary<int, int> _windows = [];

        public int OfConnection { get; private set; } = PeerSettings.UsualWindow;

        public int Echoed { get; private set; }

        public int Of(int id) => _windows.GetValueOrDefault(id, Http2Limits.Usual.FirstWindow);

        public async Task FillAsync(int id)
        {
            while (Of(id) > 0)
            {
                await SendAsync(id, Math.Min(Of(id), FrameHead.UsualPayload));
            }
        }

        public async Task SendAsync(int id, int count)
        {
            for (int sent = 0; sent < count;)
            {
                int now = Math.Min(FrameHead.UsualPayload, Math.Min(count - sent, Math.Min(Of(id), OfConnection)));
                Assert.That(now, Is.GreaterThan(0), $"stream {id} may send {Of(id)}, and the connection {OfConnection}");
                await peer.DataAsync(id, new string('x', now));
                (_windows[id], OfConnection, sent) = (Of(id) - now, OfConnection - now, sent + now);
                await SettleAsync();
            }
        }

        /// <summary>Waits until something is true of what was told.</summary>
        public async Task UntilAsync(Func<bool> isSo)
        {
            // Each look is a turn of the gateway's loop.
            for (int i = 0; !isSo(); i++)
            {
                Assert.That(i, Is.LessThan(10_000));
                await SettleAsync();
            }
        }

        private async Task SettleAsync()
        {
            await peer.SendAsync(FrameType.PING, 0, 0, "00000000000000ab");
            for (string frame; !(frame = await peer.NextOfAllAsync()).StartsWith("PING ACK 00000000000000ab", StringComparison.Ordinal);)
            {
                string[] words = frame.Split(' ');
                switch (words[0])
                {
                    case "WINDOW_UPDATE" when words[1] == "0":
                        OfConnection += int.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture);
                        break;
                    case "WINDOW_UPDATE":
                        int id = int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture);
                        _windows[id] = Of(id) + int.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture);
                        break;
                    case "DATA":
                        Echoed += words[2].Length;
                        break;
                    case "GOAWAY":
                        Assert.Fail(frame);
                        break;
                    default:
                        break;
                }
            }
        }
    }
}
