using NUnit.Framework;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Tests.Http2.Hpack;
using static WireGate.Http.Tests.Http2.Connections.Serving;

namespace WireGate.Http.Tests.Http2.Connections;

internal sealed class ClientRoleTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Test]
    public async Task Asks_and_reads_the_answer()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync();
        Task<(string, string?, string)> answer = AskAsync(peer, Get);
        Assert.That(await peer.NextAsync(), Is.EqualTo("HEADERS 1 END_STREAM :method: GET; :scheme: https; :path: /; :authority: a.example"));
        await peer.HeadersAsync(1, ":status: 200\n", endStream: false);
        await peer.DataAsync(1, "hello");
        await peer.HeadersAsync(1, "grpc-status: 0\n");
        Assert.That(await answer.WaitAsync(Soon), Is.EqualTo((":status: 200\n", "hello", "grpc-status: 0\n")));
    }

    [Test]
    public async Task Offers_no_push_and_refuses_one()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync();
        Assert.That(await peer.NextOfAllAsync(), Does.StartWith("SETTINGS 000200000000"));
        await peer.SendAsync(FrameType.PUSH_PROMISE, FrameFlags.END_HEADERS, 1, "0000000282");
        Assert.That(await peer.NextAsync(), Is.EqualTo("GOAWAY 0 PROTOCOL_ERROR"));
    }

    [Test]
    public async Task Passes_a_body_out_as_it_is_written()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync();
        Http2Stream? stream = null;
        await peer.OnLoopAsync(async () =>
        {
            using FieldSection head = Sections.Of(Post);
            stream = peer.Connection.OpenStream(head, endStream: false)!;
            await stream.Output.WriteAsync("one"u8.ToArray());
        });
        Assert.That(await peer.NextAsync(), Does.StartWith("HEADERS 1 :method: POST"));
        Assert.That(await peer.NextAsync(), Is.EqualTo("DATA 1 one"));
        await peer.OnLoopAsync(() => stream!.Output.Complete());
        Assert.That(await peer.NextAsync(), Is.EqualTo("DATA 1 END_STREAM "));
    }

    [Test]
    public async Task Reads_answers_before_the_answer_one_by_one()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync();
        var heads = new List<string>();
        Task read = peer.OnLoopAsync(async () =>
        {
            using FieldSection head = Sections.Of(Get);
            using Http2Stream stream = peer.Connection.OpenStream(head, endStream: true)!;
            do
            {
                heads.Add(Sections.Text(await stream.ReadHeadAsync()));
            }
            while (stream.Fields.Code < 200);
        });
        await peer.NextAsync();
        await peer.HeadersAsync(1, ":status: 103\nlink: a\n", endStream: false);
        await peer.HeadersAsync(1, ":status: 100\n", endStream: false);
        await peer.HeadersAsync(1, ":status: 204\n");
        await read.WaitAsync(Soon);
        Assert.That(heads, Is.EqualTo(new[] { ":status: 103\nlink: a\n", ":status: 100\n", ":status: 204\n" }));
    }

    [Test]
    public async Task Opens_no_more_streams_than_the_upstream_takes()
    {
        int changes = 0;
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync("000300000002", () => Interlocked.Increment(ref changes));
        await peer.SettleAsync();
        await peer.OnLoopAsync(() =>
        {
            using FieldSection head = Sections.Of(Get);
            Assert.That(peer.Connection.OpenStream(head, endStream: true)!.Id, Is.EqualTo(1));
            Assert.That(peer.Connection.OpenStream(head, endStream: true)!.Id, Is.EqualTo(3));
            Assert.That((peer.Connection.CanOpen, peer.Connection.IsExhausted), Is.EqualTo((false, false)));
            Assert.That(peer.Connection.OpenStream(head, endStream: true), Is.Null);
        });
        int before = changes;
        await peer.SendAsync(FrameType.SETTINGS, 0, 0, "000300000003");
        await peer.SettleAsync();
        Assert.That(changes, Is.GreaterThan(before), "it is said that there is room");
        await peer.OnLoopAsync(() =>
        {
            using FieldSection head = Sections.Of(Get);
            Assert.That(peer.Connection.OpenStream(head, endStream: true)!.Id, Is.EqualTo(5));
        });
    }

    [Test]
    public async Task Says_which_requests_an_upstream_that_leaves_did_not_see()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync();
        Task<(string, string?, string)> first = AskAsync(peer, Get), second = AskAsync(peer, Get);
        await peer.NextAsync();
        await peer.NextAsync();
        await peer.SendAsync(FrameType.GOAWAY, 0, 0, "0000000100000000");
        StreamException refused = Assert.ThrowsAsync<StreamException>(() => second.WaitAsync(Soon))!;
        Assert.That((refused.IsUnprocessed, refused.IsByPeer, peer.Connection.IsExhausted), Is.EqualTo((true, true, true)));
        await peer.HeadersAsync(1, ":status: 200\n");
        Assert.That((await first.WaitAsync(Soon)).Item1, Is.EqualTo(":status: 200\n"), "what it saw it answers");
        await peer.Ended.WaitAsync(Soon);
    }

    [TestCase(ErrorCode.REFUSED_STREAM, true)]
    [TestCase(ErrorCode.INTERNAL_ERROR, false)]
    public async Task Says_with_which_code_the_upstream_reset_a_stream(object code, bool isUnprocessed)
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync();
        Task<(string, string?, string)> answer = AskAsync(peer, Get);
        await peer.NextAsync();
        await peer.ResetAsync(1, (ErrorCode)code);
        StreamException reset = Assert.ThrowsAsync<StreamException>(() => answer.WaitAsync(Soon))!;
        Assert.That((reset.Code, reset.IsUnprocessed), Is.EqualTo(((ErrorCode)code, isUnprocessed)));
    }

    [Test]
    public async Task Keeps_a_whole_answer_whose_upstream_wants_no_more_of_the_request()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync();
        string? body = null;
        bool isGone = false;
        Task read = peer.OnLoopAsync(async () =>
        {
            using FieldSection head = Sections.Of(Post);
            using Http2Stream stream = peer.Connection.OpenStream(head, endStream: false)!;
            var gone = new TaskCompletionSource();
            stream.Gone = gone.SetResult;
            await stream.ReadHeadAsync();
            await gone.Task;
            body = await ReadAsync(stream);
            isGone = (await stream.Output.WriteAsync("more"u8.ToArray())).IsCompleted;
        });
        await peer.NextAsync();
        await peer.HeadersAsync(1, ":status: 413\n", endStream: false);
        await peer.DataAsync(1, "too much", endStream: true);
        await peer.ResetAsync(1, ErrorCode.NO_ERROR);
        await read.WaitAsync(Soon);
        Assert.That((body, isGone), Is.EqualTo(("too much", true)));
    }

    [TestCase(":status: 200\ncontent-length: 4\n", "hello")]
    [TestCase(":status: 200\ncontent-length: 6\n", "hello")]
    [TestCase(":status: 204\n", "hello")]
    [TestCase(":status: 304\ncontent-length: 5\n", "hello")]
    [TestCase(":status: 99\n", "")]
    [TestCase(":status: 101\n", "")]
    [TestCase(":status: 2000\n", "")]
    [TestCase("a: b\n", "")]
    [TestCase(":status: 200\n:path: /\n", "")]
    [TestCase(":status: 200\nconnection: close\n", "")]
    [TestCase(":status: 204\ncontent-length: 5\n", "")]
    public async Task Ends_the_stream_of_an_answer_that_is_malformed(string head, string body)
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync();
        Task<(string, string?, string)> answer = AskAsync(peer, Get);
        await peer.NextAsync();
        await peer.HeadersAsync(1, head, endStream: false);
        if (body.Length > 0)
        {
            await peer.DataAsync(1, body, endStream: true);
        }

        Assert.That(await peer.NextAsync(), Is.EqualTo("RST_STREAM 1 PROTOCOL_ERROR"));
        try
        {
            Assert.That((await answer.WaitAsync(Soon)).Item2, Is.Null, "its body is not taken for whole");
        }
        catch (StreamException e)
        {
            Assert.That(e.Code, Is.EqualTo(ErrorCode.PROTOCOL_ERROR));
        }
    }

    [Test]
    public async Task Takes_the_length_of_what_HEAD_is_not_answered_with()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync();
        Task<(string, string?, string)> answer = AskAsync(peer, Get.Replace("GET", "HEAD", StringComparison.Ordinal));
        await peer.NextAsync();
        await peer.HeadersAsync(1, ":status: 200\ncontent-length: 5\n");
        Assert.That((await answer.WaitAsync(Soon)).Item2, Is.EqualTo(""));
    }

    [Test]
    public async Task Cancels_at_the_upstream_what_is_given_up()
    {
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync();
        await peer.OnLoopAsync(() =>
        {
            using FieldSection head = Sections.Of(Get);
            using Http2Stream? stream = peer.Connection.OpenStream(head, endStream: true);
        });
        await peer.NextAsync();
        Assert.That(await peer.NextAsync(), Is.EqualTo("RST_STREAM 1 CANCEL"));
        Assert.That(peer.Connection.Active, Is.Zero);
    }

    [Test]
    public async Task Answers_to_what_was_cancelled_harm_nobody_however_many_there_are()
    {
        // More than are remembered.
        const int Many = 600;
        await using ScriptedHttp2 peer = await ScriptedHttp2.AskAsync();
        for (int i = 0; i < Many; i++)
        {
            await peer.OnLoopAsync(() =>
            {
                using FieldSection head = Sections.Of(Get);
                using Http2Stream? stream = peer.Connection.OpenStream(head, endStream: true);
            });
            await peer.NextAsync();
            Assert.That(await peer.NextAsync(), Is.EqualTo($"RST_STREAM {(2 * i) + 1} CANCEL"));
        }

        for (int i = 0; i < Many; i++)
        {
            await peer.HeadersAsync((2 * i) + 1, ":status: 200\n", endStream: false);
            await peer.DataAsync((2 * i) + 1, "late");
        }

        Task<(string, string?, string)> answer = AskAsync(peer, Get);
        Assert.That(await peer.NextAsync(), Does.StartWith($"HEADERS {(2 * Many) + 1} "));
        await peer.HeadersAsync((2 * Many) + 1, ":status: 204\n");
        Assert.That(await answer.WaitAsync(Soon), Is.EqualTo((":status: 204\n", "", "")));
    }

    private static async Task<(string Head, string? Body, string Trailers)> AskAsync(ScriptedHttp2 peer, string request)
    {
        (string, string?, string) answer = default;
        await peer.OnLoopAsync(async () =>
        {
            using FieldSection head = Sections.Of(request);
            using Http2Stream stream = peer.Connection.OpenStream(head, endStream: true)!;
            string fields = Sections.Text(await stream.ReadHeadAsync());
            string? body = await ReadAsync(stream);
            answer = (fields, body, stream.Trailers is { } trailers ? Sections.Text(trailers) : "");
        });
        return answer;
    }
}
