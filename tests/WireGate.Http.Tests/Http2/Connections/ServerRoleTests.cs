using System.Buffers;
using NUnit.Framework;
using WireGate.Http.Http2;
using WireGate.Http.Tests.Http2.Hpack;
using static WireGate.Http.Tests.Http2.Connections.Serving;

namespace WireGate.Http.Tests.Http2.Connections;

internal sealed class ServerRoleTests
{
    [Test]
    public async Task Says_its_settings_first()
    {
        await using ScriptedHttp2 peer = ScriptedHttp2.Serve(Text("hello"));
        Assert.That(await peer.NextOfAllAsync(), Is.EqualTo("SETTINGS 000300000064" + "000400010000" + "000600008000"));
        Assert.That(await peer.NextOfAllAsync(), Is.EqualTo($"WINDOW_UPDATE 0 {(4 * 1024 * 1024) - 65_535}"));
    }

    [Test]
    public async Task Answers_a_request()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(Text("hello"));
        await peer.HeadersAsync(1, Get);
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 :status: 200"));
        Assert.That(await peer.NextAsync(), Is.EqualTo("DATA 1 END_STREAM hello"));
    }

    [Test]
    public async Task Passes_a_body_and_trailers_both_ways()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(Echo);
        await peer.HeadersAsync(1, Post, endStream: false);
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 :status: 200"));
        await peer.DataAsync(1, "one");
        Assert.That(await peer.NextAsync(), Is.EqualTo("DATA 1 one"));
        await peer.DataAsync(1, "two");
        Assert.That(await peer.NextAsync(), Is.EqualTo("DATA 1 two"));
        await peer.HeadersAsync(1, "grpc-status: 0\n");
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 END_STREAM grpc-status: 0"));
    }

    [Test]
    public async Task Sends_an_answer_of_trailers_alone_as_one_frame()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(stream =>
        {
            using (stream)
            {
                using FieldSection head = Sections.Of(":status: 200\ngrpc-status: 7\n");
                stream.SendHeaders(head, endStream: true);
            }
        });
        await peer.HeadersAsync(1, Get);
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 END_STREAM :status: 200; grpc-status: 7"));
        Assert.That(await peer.SettleAsync(), Is.Empty);
    }

    [Test]
    public async Task Sends_answers_before_the_answer()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(stream =>
        {
            using (stream)
            {
                foreach (string head in new[] { ":status: 103\nlink: x\n", ":status: 103\n", ":status: 204\n" })
                {
                    using FieldSection section = Sections.Of(head);
                    stream.SendHeaders(section, endStream: section.Code == 204);
                }
            }
        });
        await peer.HeadersAsync(1, Get);
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 :status: 103; link: x"));
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 :status: 103"));
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 END_STREAM :status: 204"));
    }

    [Test]
    public async Task Cuts_off_the_rest_of_a_request_that_was_answered_without_blaming_anybody()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(stream =>
        {
            using (stream)
            {
                using FieldSection head = Sections.Of(":status: 403\n");
                stream.SendHeaders(head, endStream: true);
            }
        });
        await peer.HeadersAsync(1, Post, endStream: false);
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 END_STREAM :status: 403"));
        Assert.That(await peer.NextAsync(), Is.EqualTo("RST_STREAM 1 NO_ERROR"));
        await peer.DataAsync(1, "on its way", endStream: true);
        Assert.That(await peer.SettleAsync(), Is.Empty, "what was on its way is passed over");
    }

    [Test]
    public async Task Sends_what_was_written_before_the_stream_was_given_up()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(
            stream =>
            {
                using (stream)
                {
                    using FieldSection head = Sections.Of(":status: 200\n");
                    stream.SendHeaders(head, endStream: false);
                    stream.Output.Write("0123456789"u8);
                    stream.Output.Complete();
                }
            },
            settings: "000400000004");
        await peer.HeadersAsync(1, Get);
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 :status: 200"));
        Assert.That(await peer.NextAsync(), Is.EqualTo("DATA 1 0123"));
        await peer.WindowAsync(1, 100);
        Assert.That(await peer.NextAsync(), Is.EqualTo("DATA 1 END_STREAM 456789"));
    }

    [Test]
    public async Task Tells_a_reader_that_the_client_reset_the_stream()
    {
        var ended = new TaskCompletionSource<StreamException>();
        var gone = new TaskCompletionSource();
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(async stream =>
        {
            using (stream)
            {
                stream.Gone = gone.SetResult;
                try
                {
                    await stream.Body.ReadAsync();
                }
                catch (StreamException e)
                {
                    ended.SetResult(e);
                }

                await gone.Task;
            }
        });
        await peer.HeadersAsync(1, Post, endStream: false);
        await peer.ResetAsync(1);
        StreamException error = await ended.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.That((error.Code, error.IsByPeer), Is.EqualTo((ErrorCode.CANCEL, true)));
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Test]
    public async Task Ends_streams_when_the_client_goes()
    {
        var ended = new TaskCompletionSource();
        await using ScriptedHttp2 peer = await ScriptedHttp2.ServeAsync(async stream =>
        {
            using (stream)
            {
                Assert.That(await ReadAsync(stream), Is.Null);
                ended.SetResult();
            }
        });
        await peer.HeadersAsync(1, Post, endStream: false);
        await peer.SettleAsync();
        peer.Abort();
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10));
        await peer.Ended.WaitAsync(TimeSpan.FromSeconds(10));
    }
}
