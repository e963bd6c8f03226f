using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;

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
        ReuseBehindBodies();
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
    public async Task HTTP_1_0_gets_what_it_can_read()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.0\r\nHost: api.test\r\nAuthorization: Bearer {Token}\r\n\r\n");
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET / HTTP/1.1\r\n"));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");

        Assert.That(await client.ReadToEndAsync(), Is.EqualTo("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"));
    }
}
