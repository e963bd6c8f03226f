using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Http2;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Requests of clients of HTTP/1.1 and of HTTP/2, on streams of an upstream of HTTP/2.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class Http2UpstreamTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) =>
        WithHttp2(config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] });

    [Test]
    public async Task A_request_of_HTTP_1_is_made_on_a_stream_with_the_real_credential()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /v1/x?limit=1", "Accept: */*\r\nX-Forwarded-For: 10.0.0.1\r\nConnection: X-Private\r\nX-Private: 1\r\nCookie: a=1\r\n"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        Http2Request request = await upstream.RequestAsync(1, r => r.IsWhole);

        Assert.That((request.Head, request.Body), Is.EqualTo((
            $":method: GET\n:scheme: http\n:authority: 127.0.0.1:{UpstreamPort}\n:path: /v1/x?limit=1\naccept: */*\ncookie: a=1\nauthorization: Bearer {Real}\naccept-encoding: identity\n", "")));

        await upstream.HeadersAsync(1, ":status: 200\nserver: x\ncontent-length: 5\nx-two: a\nx-two: b\n");
        await upstream.DataAsync(1, "hello", isLast: true);
        Assert.That(await client.ReadUntilAsync("hello"), Is.EqualTo("HTTP/1.1 200 \r\nserver: x\r\nx-two: a\r\nx-two: b\r\nContent-Length: 5\r\n\r\nhello"));

        await client.SendAsync(Request("GET /next"));
        Assert.That((await upstream.RequestAsync(3)).Head, Does.Contain(":path: /next\n"));
        await upstream.HeadersAsync(3, ":status: 204\n", isLast: true);
        Assert.That(await client.HeadAsync(), Is.EqualTo("HTTP/1.1 204 \r\n\r\n"));
    }

    [Test]
    public async Task A_request_of_HTTP_2_is_made_on_a_stream()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a", "content-length: 3\n"), "abc");
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        Http2Request request = await upstream.RequestAsync(1, r => r.IsWhole);
        Assert.That((request.Head.Contains("content-length: 3\n"), request.Body), Is.EqualTo((true, "abc")));

        await upstream.HeadersAsync(1, ":status: 103\ncontent-length: 0\nlink: </a.css>\n");
        await upstream.AnswerAsync(1, ":status: 201\nlocation: /a/1\n", "done");
        Http2Answer answer = await client.AnswerAsync(stream);
        Assert.That((answer.Heads, answer.Body), Is.EqualTo((new[] { ":status: 103\nlink: </a.css>\n", ":status: 201\nlocation: /a/1\n" }, "done")));
    }

    [Test]
    public async Task Requests_of_several_sessions_share_a_connection()
    {
        RawPeer one = await ConnectAsync(), two = await ConnectAsync();
        await one.SendAsync(Request("GET /one"));
        await two.SendAsync(Request("GET /two"));
        if (Kind == TransportKind.Streams)
        {
            // There each session is a loop by itself.
            Assert.That((await AcceptHttp2Async(), await AcceptHttp2Async()), Is.Not.Null);
            return;
        }

        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        string both = (await upstream.RequestAsync(1)).Head + (await upstream.RequestAsync(3)).Head;
        Assert.That(both, Does.Contain("/one").And.Contain("/two"));
        bool isFirst = (await upstream.RequestAsync(1)).Head.Contains("/one", StringComparison.Ordinal);
        await upstream.AnswerAsync(isFirst ? 3 : 1, ":status: 200\n", "2");
        Assert.That(await two.ReadUntilAsync("0\r\n\r\n"), Does.EndWith("\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n2\r\n0\r\n\r\n"));
        await upstream.AnswerAsync(isFirst ? 1 : 3, ":status: 200\n", "1");
        Assert.That(await one.ReadUntilAsync("0\r\n\r\n"), Does.Contain("\r\n\r\n1\r\n1\r\n"));
    }

    [Test]
    public async Task Another_login_has_another_connection()
    {
        Http2Peer client = await ConnectHttp2Async(), other = await ConnectHttp2Async();
        await client.AskAsync(Fields("GET", "/a"));
        Http2UpstreamPeer one = await AcceptHttp2Async();
        await one.RequestAsync(1);
        await other.AskAsync(Fields("GET", "/b").Replace("api.test", "other.test", StringComparison.Ordinal));
        Http2UpstreamPeer two = await AcceptHttp2Async();
        Assert.That((await two.RequestAsync(1)).Head, Does.Contain(":path: /b\n"));
        Assert.That(one.Streams, Is.EqualTo(1));
    }

    [Test]
    public async Task An_answer_that_is_nothing_but_its_head_has_a_length_for_HTTP_1()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /a"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1);
        await upstream.HeadersAsync(1, ":status: 404\n", isLast: true);
        Assert.That(await client.HeadAsync(), Is.EqualTo("HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n"));

        await client.SendAsync(Request("HEAD /a"));
        await upstream.RequestAsync(3);
        await upstream.HeadersAsync(3, ":status: 200\ncontent-length: 7\n", isLast: true);
        Assert.That(await client.HeadAsync(), Is.EqualTo("HTTP/1.1 200 \r\nContent-Length: 7\r\n\r\n"));

        await client.SendAsync(Request("HEAD /a"));
        await upstream.RequestAsync(5);
        await upstream.HeadersAsync(5, ":status: 200\n");
        await upstream.DataAsync(5, "", isLast: true);
        Assert.That(await client.HeadAsync(), Is.EqualTo("HTTP/1.1 200 \r\n\r\n"));
        await client.SendAsync(Request("GET /b"));
        Assert.That((await upstream.RequestAsync(7)).Head, Does.Contain("/b"));
        Assert.That((await upstream.RequestAsync(5)).Reset, Is.Null);
    }

    [Test]
    public async Task An_answer_to_a_client_of_HTTP_2_that_is_nothing_but_its_head_stays_one()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a"), "x");
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1);
        await upstream.HeadersAsync(1, ":status: 200\ncontent-type: application/grpc\ngrpc-status: 5\n", isLast: true);
        Http2Answer answer = await client.AnswerAsync(stream);
        Assert.That(answer.Heads, Is.EqualTo(new[] { ":status: 200\ncontent-type: application/grpc\ngrpc-status: 5\n" }));
        Assert.That(answer.Body, Is.Empty);
    }

    [Test]
    public async Task An_early_answer_ends_the_rest_of_the_request()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/a"), "abc", isWhole: false);
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1, r => r.Body == "abc");
        await upstream.AnswerAsync(1, ":status: 413\n", "too long");
        await upstream.ResetAsync(1, ErrorCode.NO_ERROR);

        Http2Answer answer = await client.AnswerAsync(stream, a => a.Reset is not null);
        Assert.That((answer.Head, answer.Body, answer.IsWhole, answer.Reset), Is.EqualTo((":status: 413\n", "too long", true, ErrorCode.NO_ERROR)));
        int next = await client.AskAsync(Fields("GET", "/b"));
        await upstream.RequestAsync(3);
        await upstream.HeadersAsync(3, ":status: 204\n", isLast: true);
        Assert.That((await client.AnswerAsync(next)).Head, Is.EqualTo(":status: 204\n"));
    }

    [Test]
    public async Task A_client_that_takes_its_request_back_takes_it_back_from_the_upstream_alone()
    {
        Http2Peer client = await ConnectHttp2Async();
        int goes = await client.AskAsync(Fields("GET", "/goes"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1);
        int stays = await client.AskAsync(Fields("GET", "/stays"));
        await upstream.RequestAsync(3);
        await client.ResetAsync(goes);
        Assert.That((await upstream.RequestAsync(1, r => r.Reset is not null)).Reset, Is.EqualTo(ErrorCode.CANCEL));
        await upstream.AnswerAsync(3, ":status: 200\n", "stays");
        Assert.That((await client.AnswerAsync(stays)).Body, Is.EqualTo("stays"));
    }

    [Test]
    public async Task Answers_that_are_none_end_themselves_and_nothing_else()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stays = await client.AskAsync(Fields("GET", "/stays"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1);
        for (int stream = 3; stream < 503; stream += 2)
        {
            int broken = await client.AskAsync(Fields("GET", "/broken"));
            await upstream.RequestAsync(stream);
            await upstream.DataAsync(stream, "a body before its head");
            Assert.That((await client.AnswerAsync(broken)).Head, Does.StartWith(":status: 502"));
        }

        await upstream.HeadersAsync(1, ":status: 204", isLast: true);
        Assert.That((await client.AnswerAsync(stays)).Head, Does.StartWith(":status: 204"));
    }

    [Test]
    public async Task A_client_of_HTTP_1_that_is_gone_takes_its_request_back()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /a"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1);
        client.Reset();
        if (Kind == TransportKind.Epoll)
        {
            Assert.That((await upstream.RequestAsync(1, r => r.Reset is not null)).Reset, Is.EqualTo(ErrorCode.CANCEL));
        }
    }

    [TestCase(ErrorCode.CANCEL, ErrorCode.CANCEL)]
    [TestCase(ErrorCode.ENHANCE_YOUR_CALM, ErrorCode.ENHANCE_YOUR_CALM)]
    [TestCase(ErrorCode.INTERNAL_ERROR, ErrorCode.INTERNAL_ERROR)]
    [TestCase(ErrorCode.PROTOCOL_ERROR, ErrorCode.INTERNAL_ERROR)]
    [TestCase(ErrorCode.NO_ERROR, ErrorCode.INTERNAL_ERROR)]
    public async Task What_an_upstream_resets_is_reset_for_a_client_of_HTTP_2(ErrorCode code, ErrorCode told)
    {
        Http2Peer client = await ConnectHttp2Async();
        int unanswered = await client.AskAsync(Fields("POST", "/a"), "x");
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1, r => r.IsWhole);
        await upstream.ResetAsync(1, code);
        Http2Answer answer = await client.AnswerAsync(unanswered);
        Assert.That((answer.Heads.Count, answer.Reset), Is.EqualTo((0, told)));

        int begun = await client.AskAsync(Fields("GET", "/b"));
        await upstream.RequestAsync(3);
        await upstream.HeadersAsync(3, ":status: 200\n");
        await upstream.DataAsync(3, "half");
        await client.AnswerAsync(begun, a => a.Body == "half");
        await upstream.ResetAsync(3, code);
        Assert.That((await client.AnswerAsync(begun)).Reset, Is.EqualTo(told));
    }

    [Test]
    public async Task What_an_upstream_resets_is_502_or_a_cut_for_a_client_of_HTTP_1()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /a"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        await upstream.RequestAsync(1);
        await upstream.ResetAsync(1, ErrorCode.INTERNAL_ERROR);
        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 ").And.Contain("the upstream closed before it answered"));

        await client.SendAsync(Request("GET /b"));
        await upstream.RequestAsync(3);
        await upstream.HeadersAsync(3, ":status: 200\n");
        await upstream.DataAsync(3, "half");
        await client.ReadUntilAsync("half\r\n");
        await upstream.ResetAsync(3, ErrorCode.CANCEL);
        Assert.That(await client.ReadToEndAsync(), Is.Empty, "no last chunk");
    }

    [Test]
    public async Task A_stream_that_breaks_the_protocol_ends_alone()
    {
        Http2Peer client = await ConnectHttp2Async();
        int broken = await client.AskAsync(Fields("GET", "/a")), other = await client.AskAsync(Fields("GET", "/b"));
        Http2UpstreamPeer upstream = await AcceptHttp2Async();
        bool isFirst = (await upstream.RequestAsync(1)).Head.Contains(":path: /a", StringComparison.Ordinal);
        await upstream.RequestAsync(3);
        await upstream.HeadersAsync(isFirst ? 1 : 3, ":status: 200\nconnection: close\n");
        Http2Answer answer = await client.AnswerAsync(broken);
        Assert.That(answer.Head, Does.StartWith(":status: 502\n"));
        await upstream.AnswerAsync(isFirst ? 3 : 1, ":status: 200\n", "b");
        Assert.That((await client.AnswerAsync(other)).Body, Is.EqualTo("b"));
    }
}
