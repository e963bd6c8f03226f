using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Http.Tests.Sessions;

/// <summary>An exchange of which one side ends before the other, or says that it sends nothing more.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class CutExchangeTests(TransportKind transport) : HttpFixture(transport)
{
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
        ReuseBehindBodies();
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

    private static async Task SendForeverAsync(RawPeer peer)
    {
        while (true)
        {
            await peer.SendAsync(new string('x', 100_000));
        }
    }
}
