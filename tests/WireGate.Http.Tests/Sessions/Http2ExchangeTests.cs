using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Requests on streams of HTTP/2, and what an upstream of HTTP/1.1 sees of them.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class Http2ExchangeTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] };

    [Test]
    public async Task A_request_is_made_with_the_real_credential()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("GET", "/v1/x?limit=1", "accept: */*\nte: trailers\nx-forwarded-for: 10.0.0.1\ncookie: a=1\ncookie: b=2\n"));
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Is.EqualTo(
            $"GET /v1/x?limit=1 HTTP/1.1\r\nHost: 127.0.0.1:{UpstreamPort}\r\naccept: */*\r\ncookie: a=1; b=2\r\nAuthorization: Bearer {Real}\r\nAccept-Encoding: identity\r\nTE: trailers\r\nConnection: TE\r\n\r\n"));

        await upstream.SendAsync("HTTP/1.1 200 Fine\r\nServer: x\r\nContent-Length: 5\r\nKeep-Alive: timeout=5\r\nConnection: keep-alive\r\nX-Two: a\r\nX-Two: b\r\n\r\nhello");
        Http2Answer answer = await client.AnswerAsync(stream);
        Assert.That((answer.Head, answer.Body, answer.IsWhole), Is.EqualTo((":status: 200\nserver: x\nx-two: a\nx-two: b\ncontent-length: 5\n", "hello", true)));
    }

    [Test]
    public async Task Several_are_made_at_the_same_time_and_answered_as_the_answers_come()
    {
        Http2Peer client = await ConnectHttp2Async();
        int first = await client.AskAsync(Fields("GET", "/one"));
        RawPeer one = await AcceptAsync();
        await one.HeadAsync();
        int second = await client.AskAsync(Fields("GET", "/two"));
        RawPeer two = await AcceptAsync();
        Assert.That(await two.HeadAsync(), Does.StartWith("GET /two "));
        await two.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
        Assert.That((await client.AnswerAsync(second)).Body, Is.EqualTo("two"));
        await one.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        Assert.That((await client.AnswerAsync(first, a => a.Body.Length == 3)).IsWhole, Is.False);
        await one.SendAsync("0\r\n\r\n");

        Assert.That((await client.AnswerAsync(first)).Heads, Is.EqualTo(new[] { ":status: 200\n" }));
        Assert.That(Records(AuditEventKind.SessionAuthenticated), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Those_that_come_at_once_are_one_session()
    {
        Http2Peer client = await ConnectHttp2Async();
        int[] streams = [await client.AskAsync(Fields("GET", "/n")), await client.AskAsync(Fields("GET", "/n")), await client.AskAsync(Fields("GET", "/n"))];
        foreach (int _ in streams)
        {
            RawPeer upstream = await AcceptAsync();
            await upstream.HeadAsync();
            await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        }

        foreach (int stream in streams)
        {
            Assert.That((await client.AnswerAsync(stream)).Head, Is.EqualTo(":status: 204\n"));
        }

        Assert.That(Records(AuditEventKind.SessionAuthenticated), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_body_whose_length_nobody_told_goes_on_in_chunks()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a"), "abc", isWhole: false);
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.EndWith("\r\nTransfer-Encoding: chunked\r\n\r\n"));
        Assert.That(await upstream.ReadUntilAsync("abc\r\n"), Is.EqualTo("3\r\nabc\r\n"));
        await client.SendAsync(stream, "de", isLast: true);
        Assert.That(await upstream.ReadUntilAsync("0\r\n\r\n"), Is.EqualTo("2\r\nde\r\n0\r\n\r\n"));
        await upstream.SendAsync("HTTP/1.1 201 Created\r\nContent-Length: 0\r\nLocation: /a/1\r\n\r\n");

        Assert.That((await client.AnswerAsync(stream)).Head, Is.EqualTo(":status: 201\nlocation: /a/1\ncontent-length: 0\n"));
    }

    /// <summary>An upstream that wants a length answers 411, or 500, to a POST without one.</summary>
    [TestCase("POST", true)]
    [TestCase("PUT", true)]
    [TestCase("PATCH", true)]
    [TestCase("GET", false)]
    [TestCase("DELETE", false)]
    public async Task A_body_that_the_end_of_the_stream_says_is_none_has_a_length_of_nothing(string method, bool hasLength)
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields(method, "/a"));
        RawPeer upstream = await AcceptAsync();

        Assert.That((await upstream.HeadAsync()).Contains("\r\nContent-Length: 0\r\n", StringComparison.Ordinal), Is.EqualTo(hasLength));
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.That((await client.AnswerAsync(stream)).IsWhole, Is.True);
    }

    [Test]
    public async Task Long_bodies_go_both_ways()
    {
        string body = new('b', 3_000_000);
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("PUT", "/b", $"content-length: {body.Length}\n"), isWhole: false);
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.EndWith($"\r\nContent-Length: {body.Length}\r\n\r\n"));
        Task<string> got = upstream.ReadAsync(body.Length);
        for (int at = 0; at < body.Length; at += 50_000)
        {
            // No more than the windows that everybody begins with: the test does not keep account of them.
            await client.SendAsync(stream, body.Substring(at, 50_000), isLast: at + 50_000 == body.Length);
            await Until.TrueAsync(() => Sessions.List().Sum(s => s.ClientBytes) == at + 50_000, "the body to go on");
        }

        Assert.That(await got, Is.EqualTo(body));
        Task answering = upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Http2Answer answer = await client.AnswerAsync(stream);
        await answering;
        Assert.That((answer.Body == body, answer.IsWhole), Is.EqualTo((true, true)));
    }

    [Test]
    public async Task HEAD_and_what_has_no_body_ends_with_its_head()
    {
        Http2Peer client = await ConnectHttp2Async();
        int head = await client.AskAsync(Fields("HEAD", "/a"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
        Http2Answer answer = await client.AnswerAsync(head);
        Assert.That((answer.Head, answer.IsWhole), Is.EqualTo((":status: 200\ncontent-length: 7\n", true)));

        int next = await client.AskAsync(Fields("GET", "/a"));
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n");
        Assert.That((await client.AnswerAsync(next)).Head, Is.EqualTo(":status: 304\netag: \"x\"\n"));
    }

    [Test]
    public async Task Answers_before_the_answer_are_passed_on()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a", "expect: 100-continue\ncontent-length: 2\n"), isWhole: false);
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain("\r\nexpect: 100-continue\r\n"));
        await upstream.SendAsync("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
        await client.AnswerAsync(stream, a => a.Heads.Count == 2);
        await client.SendAsync(stream, "ok", isLast: true);
        Assert.That(await upstream.ReadAsync(2), Is.EqualTo("ok"));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

        Assert.That((await client.AnswerAsync(stream)).Heads, Is.EqualTo(new[] { ":status: 103\nlink: </a.css>\n", ":status: 100\n", ":status: 200\ncontent-length: 0\n" }));
    }

    [Test]
    public async Task A_request_that_is_taken_back_is_taken_back_from_the_upstream_and_others_go_on()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stays = await client.AskAsync(Fields("GET", "/stays"));
        RawPeer one = await AcceptAsync();
        await one.HeadAsync();
        int goes = await client.AskAsync(Fields("GET", "/goes"));
        RawPeer two = await AcceptAsync();
        await two.HeadAsync();
        await client.ResetAsync(goes);

        Assert.That(await two.ReadToEndAsync(), Is.Empty);
        await one.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstays");
        Assert.That((await client.AnswerAsync(stays)).Body, Is.EqualTo("stays"));
    }

    [TestCase("Content-Length: 50\r\n")]
    [TestCase("")]
    public async Task An_answer_that_is_cut_is_not_taken_for_whole_and_others_go_on(string length)
    {
        Http2Peer client = await ConnectHttp2Async();
        int cut = await client.AskAsync(Fields("GET", "/cut"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n{length}\r\nhalf");
        await client.AnswerAsync(cut, a => a.Body == "half");
        upstream.Reset();
        Assert.That((await client.AnswerAsync(cut)).Reset, Is.EqualTo(ErrorCode.INTERNAL_ERROR));
        Assert.That(Records(AuditEventKind.SessionRefused)[^1].Detail, Is.EqualTo("within the body of a response"));

        int next = await client.AskAsync(Fields("GET", "/next"));
        RawPeer other = await AcceptAsync();
        await other.HeadAsync();
        await other.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
        Assert.That((await client.AnswerAsync(next)).Body, Is.EqualTo("next"));
    }

    [Test]
    public async Task An_upstream_that_does_not_answer_is_told_and_the_connection_goes_on()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a", "content-length: 1\n"), "x");
        (await AcceptAsync()).Dispose();

        Http2Answer answer = await client.AnswerAsync(stream);
        Assert.That(answer.Head, Does.StartWith(":status: 502\ncontent-type: application/problem+json\n"));
        Assert.That(answer.Body, Does.Contain("the upstream closed before it answered"));
        Assert.That(client.GoAway, Is.Null);
    }

    [Test]
    public async Task What_a_rule_denies_is_answered_and_others_go_on()
    {
        Http2Peer client = await ConnectHttp2Async();
        int denied = await client.AskAsync(Fields("POST", "/admin/x", "content-length: 100\n"), "not all", isWhole: false);
        Http2Answer answer = await client.AnswerAsync(denied, a => a.Reset is not null);
        Assert.That(answer.Head, Does.StartWith(":status: 403\ncontent-type: application/problem+json\n"));
        Assert.That(answer.Body, Does.Contain("denied by rule \\\"no-admin\\\": not for agents"));
        Assert.That(answer.Reset, Is.EqualTo(ErrorCode.NO_ERROR), "the rest is not asked for");

        int next = await client.AskAsync(Fields("GET", "/x"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.That((await client.AnswerAsync(next)).Head, Does.StartWith(":status: 200\n"));
    }

    [TestCase("TRACE", 405)]
    [TestCase("POST", 417, "expect: nothing\ncontent-length: 1\n")]
    [TestCase("GET", 400, "x_http_method: PUT\n")]
    public async Task What_nobody_serves_is_answered(string method, int status, string fields = "")
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields(method, "/a", fields), fields.Contains("length", StringComparison.Ordinal) ? "x" : null);

        Assert.That((await client.AnswerAsync(stream)).Head, Does.StartWith($":status: {status}\n"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_head_of_many_bytes_is_431()
    {
        Http2Peer client = await ConnectHttp2Async();
        string fields = string.Concat(Enumerable.Range(0, 99).Select(i => $"x-{i}: {new string('v', 100)}\n"));
        int stream = await client.AskAsync(Fields("GET", "/a", fields + "y: z\n"));

        Assert.That((await client.AnswerAsync(stream)).Head, Does.StartWith(":status: 431\n"));
    }

    [Test]
    public async Task A_client_that_begins_with_HTTP_1_gets_that()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync("P");
        await client.SendAsync(Request("OST /a", "Content-Length: 1\r\n", "x"));
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Does.StartWith("POST /a "));
    }

    [Test]
    public async Task A_client_that_does_not_read_is_waited_for_alone()
    {
        string body = new('b', 200_000);
        Http2Peer client = await ConnectHttp2Async((SettingId.INITIAL_WINDOW_SIZE, 1000));
        client.GivesWindow = false;
        int stuck = await client.AskAsync(Fields("GET", "/long"));
        RawPeer one = await AcceptAsync();
        await one.HeadAsync();
        await one.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await client.AnswerAsync(stuck, a => a.Body.Length == 1000);
        int next = await client.AskAsync(Fields("GET", "/short"));
        RawPeer two = await AcceptAsync();
        await two.HeadAsync();
        await two.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

        Assert.That((await client.AnswerAsync(next)).Body, Is.EqualTo("ok"));
    }
}
