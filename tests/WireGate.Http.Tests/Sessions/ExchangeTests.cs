using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Http.Tests.Sessions;

/// <summary>A request and its response, byte by byte on both sides.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class ExchangeTests(TransportKind transport) : HttpFixture(transport)
{
    [Test]
    public async Task A_request_is_made_with_the_real_credential()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /v1/x?limit=1", "Accept: */*\r\nX-Mine: 1\r\nConnection: keep-alive, X-Mine\r\nX-Forwarded-For: 10.0.0.1\r\nX-HTTP-Method-Override: DELETE\r\n"));
        RawPeer upstream = await AcceptAsync();

        Assert.That(await upstream.HeadAsync(), Is.EqualTo($"GET /v1/x?limit=1 HTTP/1.1\r\nHost: 127.0.0.1:{UpstreamPort}\r\nAccept: */*\r\nAuthorization: Bearer {Real}\r\nAccept-Encoding: identity\r\n\r\n"));

        await upstream.SendAsync("HTTP/1.1 200 Fine\r\nServer: x\r\nContent-Length: 5\r\nKeep-Alive: timeout=5\r\nConnection: keep-alive\r\nX-Two: a\r\nX-Two: b\r\n\r\nhello");
        Assert.That(await client.ReadUntilAsync("hello"), Is.EqualTo("HTTP/1.1 200 Fine\r\nServer: x\r\nX-Two: a\r\nX-Two: b\r\nContent-Length: 5\r\n\r\nhello"));
    }

    [Test]
    public async Task Requests_follow_one_another_on_the_same_connections()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /one") + Request("GET /two"));
        RawPeer upstream = await AcceptAsync();
        foreach (string path in (string[])["/one", "/two"])
        {
            Assert.That(await upstream.HeadAsync(), Does.StartWith($"GET {path} "));
            await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{path}");
            Assert.That(await client.ReadUntilAsync(path), Does.EndWith("\r\n\r\n" + path));
        }

        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Bodies_go_both_ways_in_chunks_and_by_their_length()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /a", "Transfer-Encoding: chunked\r\n", "3;x=y\r\nabc\r\n"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain("\r\nTransfer-Encoding: chunked\r\n\r\n"));
        Assert.That(await upstream.ReadUntilAsync("abc\r\n"), Is.EqualTo("3\r\nabc\r\n"));
        await client.SendAsync("2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n");
        Assert.That(await upstream.ReadUntilAsync("0\r\n\r\n"), Is.EqualTo("2\r\nde\r\n0\r\n\r\n"));

        await upstream.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
        Assert.That(await client.ReadUntilAsync("x\r\n"), Is.EqualTo("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"));
        await upstream.SendAsync("0\r\n\r\n");
        Assert.That(await client.ReadUntilAsync("0\r\n\r\n"), Is.EqualTo("0\r\n\r\n"));

        string body = new('b', 200_000);
        await client.SendAsync(Request("PUT /b", $"Content-Length: {body.Length}\r\n", body));
        Assert.That(await upstream.HeadAsync(), Does.Contain($"\r\nContent-Length: {body.Length}\r\n\r\n"));
        Assert.That(await upstream.ReadAsync(body.Length), Is.EqualTo(body));
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.That(await client.ReadUntilAsync(body), Does.EndWith("\r\n\r\n" + body));
    }

    [Test]
    public async Task A_body_without_an_end_of_its_own_is_passed_on_in_chunks()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.0 200 OK\r\n\r\nhello");
        Assert.That(await client.ReadUntilAsync("hello\r\n"), Does.Contain("Transfer-Encoding: chunked\r\n\r\n5\r\n"));
        upstream.Dispose();
        Assert.That(await client.ReadUntilAsync("0\r\n\r\n"), Is.EqualTo("0\r\n\r\n"));
    }

    [Test]
    public async Task A_body_that_is_cut_is_not_taken_for_whole([Values("Content-Length: 10", "Transfer-Encoding: chunked")] string field)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\n{field}\r\n\r\n5\r\nhello\r\n"[..^(field[0] == 'C' ? 2 : 0)]);
        await client.ReadUntilAsync("hello");
        upstream.Dispose();

        Assert.That(await client.ReadToEndAsync(), Does.Not.Contain("0\r\n\r\n"));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.UpstreamClosed));
    }

    [Test]
    public async Task What_ends_with_its_connection_is_not_whole_where_that_broke([Values("1.0", "1.1")] string version)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /").Replace("HTTP/1.1", $"HTTP/{version}", StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.0 200 OK\r\nContent-Type: image/png\r\n\r\nhello");
        await client.ReadUntilAsync("hello");
        upstream.Reset();

        Assert.That(await client.ReadToEndAsync(), Is.AnyOf("", "\r\n"), "no last chunk");
        Assert.That(client.WasReset);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.UpstreamClosed));
    }

    [Test]
    public async Task An_answer_that_is_cut_is_never_whole_to_HTTP_1_0([Values("Content-Length: 10", "Transfer-Encoding: chunked")] string field)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.0\r\nHost: api.test\r\nAuthorization: Bearer {Token}\r\n\r\n");
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n{field}\r\n\r\n5\r\nhello\r\n"[..^(field[0] == 'C' ? 2 : 0)]);
        await client.ReadUntilAsync("hello");
        upstream.Dispose();
        await client.ReadToEndAsync();

        Assert.That(client.WasReset);
    }

    [Test]
    public async Task A_client_that_has_said_all_is_answered_all_the_same()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /1", "Content-Length: 2\r\n", "ab") + Request("GET /2"));
        client.Finish();
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.ReadUntilAsync("ab"), Does.StartWith("POST /1 "));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /2 "));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n");
        Assert.That(await client.ReadUntilAsync("two\r\n"), Does.Contain("\r\n\r\none"));
        await upstream.SendAsync("0\r\n\r\n");

        Assert.That(await client.ReadToEndAsync(), Is.EqualTo("0\r\n\r\n"));
        Assert.That(client.WasReset, Is.False);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }

    [Test]
    public async Task A_client_that_has_said_all_hears_that_the_upstream_failed()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Content-Length: 2\r\n", "ab"));
        client.Finish();
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("ab");
        upstream.Dispose();

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 502 "));
    }

    [Test]
    public async Task A_client_that_ends_within_its_body_ends_the_request()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Content-Length: 3\r\n", "ab"));
        client.Finish();
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadToEndAsync();

        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }

    [Test]
    public async Task A_client_that_is_gone_is_noticed_when_it_is_written_to()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /watch"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        client.Dispose();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
        Assert.That(async () => await SendForeverAsync(upstream), Throws.InstanceOf<IOException>());
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }

    [Test]
    public async Task Interim_answers_are_passed_on()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Contain("Expect: 100-continue"));
        await upstream.SendAsync("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
        Assert.That(await client.ReadUntilAsync("</x>\r\n\r\n"), Is.EqualTo("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"));
        await client.SendAsync("ok");
        Assert.That(await upstream.ReadAsync(2), Is.EqualTo("ok"));
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.That(await client.HeadAsync(), Is.EqualTo("HTTP/1.1 204 No Content\r\n\r\n"));
    }

    [Test]
    public async Task A_client_that_leaves_when_it_is_told_to_go_on_is_who_has_left([Values] bool isReset)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
        await client.ReadUntilAsync("\r\n\r\n");
        if (isReset)
        {
            client.Reset();
        }
        else
        {
            client.Dispose();
        }

        await upstream.ReadToEndAsync();
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }

    [Test]
    public async Task A_client_that_speaks_TLS_where_none_is_spoken_is_told_so_in_the_log()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync("\u0016\u0003\u0001\u0002\0\u0001\0");
        Assert.That(await client.ReadToEndAfterAsync(client.Finish), Does.StartWith("HTTP/1.1 400 "));

        Assert.That(Records(AuditEventKind.SessionRefused).Single().Detail, Is.EqualTo("it speaks TLS, and the listener does not: is it http://?"));
    }

    [Test]
    public async Task The_end_of_a_session_says_how_its_requests_were_answered()
    {
        RawPeer client = await ConnectAsync();
        RawPeer? upstream = null;
        foreach (string answer in (string[])["200 OK", "201 Created", "404 Not Found"])
        {
            await client.SendAsync(Request("GET /"));
            upstream ??= await AcceptAsync();
            await upstream.HeadAsync();
            await upstream.SendAsync($"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
            await client.HeadAsync();
        }

        await client.SendAsync(Request("GET /admin/x"));
        await client.ReadUntilAsync("}\n");
        client.Dispose();

        Assert.That((await EndAsync()).Answers, Is.EqualTo("2xx: 2; 4xx: 2"), "what the gateway answers by itself as well");
    }

    [Test]
    public async Task An_answer_to_HEAD_has_a_length_and_no_body()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("HEAD /") + Request("GET /2"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n");
        Assert.That(await client.HeadAsync(), Does.Contain("Content-Length: 70"));
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /2 "));
    }

    [Test]
    public async Task A_connection_on_which_more_came_than_was_asked_for_is_not_used_again()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
        await client.ReadUntilAsync("\r\n\r\nx");
        await client.SendAsync(Request("GET /2"));
        RawPeer another = await AcceptAsync();
        Assert.That(await another.HeadAsync(), Does.StartWith("GET /2 "));
    }

    [Test]
    public async Task An_answer_may_come_before_the_whole_request()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Content-Length: 100\r\n", "x"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");

        Assert.That(await client.HeadAsync(), Is.EqualTo("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    }

    [Test]
    public async Task Whoever_is_refused_within_a_body_reads_the_end_at_once()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {new string('x', 20)}\r\nContent-Length: 100\r\n\r\nx");

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 401 ").And.EndWith("}\n"));
    }

    [Test]
    public async Task A_body_that_breaks_before_an_answer_is_refused()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Transfer-Encoding: chunked\r\n", "1\r\nx\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("x\r\n");
        await client.SendAsync("zz\r\n");

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 400 ").And.Contain("Connection: close"));
        await upstream.ReadToEndAsync();
        client.Dispose();
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientBrokeProtocol));
    }

    [Test]
    public async Task A_client_that_leaves_takes_its_request_with_it()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /watch"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        client.Reset();
        if (Kind == TransportKind.Streams)
        {
            // Only writing tells.
            await upstream.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
            Assert.That(async () => await SendForeverAsync(upstream), Throws.InstanceOf<IOException>());
        }

        await upstream.ReadToEndAsync();
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }

    [Test]
    public async Task HTTP_1_0_gets_what_it_can_read()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.0\r\nHost: api.test\r\nAuthorization: Bearer {Token}\r\n\r\n");
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET / HTTP/1.1\r\n"));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");

        Assert.That(await client.ReadToEndAsync(), Is.EqualTo("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"));
    }

    private static async Task SendForeverAsync(RawPeer peer)
    {
        while (true)
        {
            await peer.SendAsync(new string('x', 100_000));
        }
    }
}
