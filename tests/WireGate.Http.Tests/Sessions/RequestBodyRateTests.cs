using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Http2;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Whoever has said that a body comes has it come.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class RequestBodyRateTests(TransportKind transport) : TimedFixture(transport)
{
    [Test]
    public async Task T04_A_body_of_a_known_length_that_drips_is_cut_also_while_it_is_answered()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Content-Length: 100000\r\n", "x"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
        await client.HeadAsync();
        Task<string> answer = client.ReadToEndAsync();
        await PassAsync(answer, async () =>
        {
            await client.SendAsync("x");
            await upstream.SendAsync("y");
        });

        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.HandshakeTimeout));
        Assert.That(await answer, Does.Not.EndWith("0\r\n\r\n"), "what it got is not all");
        await upstream.ReadToEndAsync();
    }

    [Test]
    public async Task T04_A_body_of_a_known_length_that_drips_on_a_stream_is_cut_also_while_it_is_answered()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/", "content-length: 100000\n"), "x", isWhole: false);
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
        await client.AnswerAsync(stream, a => a.Heads.Count == 1);
        Task<Http2Answer> answer = client.AnswerAsync(stream);
        await PassAsync(answer, async () => await client.SendAsync(stream, "x", isLast: false));

        Assert.That((await answer).Reset, Is.EqualTo(ErrorCode.CANCEL));
        await upstream.ReadToEndAsync();
        Assert.That(Records(Core.Audit.AuditEventKind.SessionEnded), Is.Empty, "other streams go on");
    }

    [Test]
    public async Task A_stream_of_no_known_length_may_be_silent_while_it_is_answered()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/"), "x", isWhole: false);
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("x\r\n");
        await upstream.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
        await client.AnswerAsync(stream, a => a.Heads.Count == 1);
        for (int i = 0; i < 3; i++)
        {
            await PassAsync(80);
            await client.SendAsync(stream, "z", isLast: false);
            await upstream.ReadUntilAsync("z\r\n");
        }

        await client.SendAsync(stream, "", isLast: true);
        await upstream.ReadUntilAsync("0\r\n\r\n");
        await upstream.SendAsync("done");
        upstream.Finish();
        Assert.That((await client.AnswerAsync(stream)).Body, Is.EqualTo("done"));
    }

    [Test]
    public async Task A_body_in_chunks_may_be_silent_while_it_is_answered()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Transfer-Encoding: chunked\r\n", "1\r\nx\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("x\r\n");
        await upstream.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
        await client.HeadAsync();
        await PassAsync(80);
        await client.SendAsync("0\r\n\r\n");
        await upstream.ReadUntilAsync("0\r\n\r\n");
        await upstream.SendAsync("done");
        upstream.Finish();

        Assert.That(await client.ReadUntilAsync("done"), Does.EndWith("done"));
    }

    [Test]
    public async Task Who_is_answered_before_it_was_asked_for_its_body_owes_none()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Expect: 100-continue\r\nContent-Length: 100000\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno");
        await client.ReadUntilAsync("\r\n\r\nno");
        await PassAsync(80);
        await upstream.SendAsync("t");

        Assert.That(await client.ReadAsync(1), Is.EqualTo("t"));
    }

    [Test]
    public async Task T04_Who_was_asked_for_its_body_and_drips_is_cut()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Expect: 100-continue\r\nContent-Length: 100000\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
        await client.HeadAsync();
        await client.SendAsync("x");
        await upstream.ReadAsync(1);
        TimeSpan took = await PassAsync(client.ReadToEndAsync());

        Assert.That(took, Is.LessThan(TimeSpan.FromSeconds(60)));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.HandshakeTimeout));
    }

    [Test]
    public async Task An_answer_that_has_ended_ends_the_body_as_well()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Content-Length: 100000\r\n", "x"));
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("\r\n\r\nx");
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.That(await client.ReadUntilAsync("ok"), Does.Contain("Connection: close\r\n"));
        await upstream.ReadToEndAsync();
        await client.ReadToEndAsync();
        await PassAsync(EndAsync(), async () => await client.SendAsync("x"));

        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }

    [Test]
    public async Task An_answer_that_has_ended_ends_the_body_on_a_stream_as_well()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("POST", "/"), "x", isWhole: false);
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("x\r\n");
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Http2Answer answer = await client.AnswerAsync(stream, a => a.Reset is not null);

        Assert.That((answer.Body, answer.IsWhole, answer.Reset), Is.EqualTo(("ok", true, ErrorCode.NO_ERROR)));
        await upstream.ReadToEndAsync();
    }

    [Test]
    public async Task T04_A_body_that_drips_is_cut()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Content-Length: 100000\r\n", "x"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await PassAsync(client.ReadToEndAsync(), async () => await client.SendAsync("x"));

        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.HandshakeTimeout));
        Assert.That(await upstream.ReadToEndAsync(), Does.Not.Contain("HTTP"));
    }

    [Test]
    public async Task A_body_that_comes_fast_enough_may_take_its_time()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Content-Length: 12000\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        for (int second = 0; second < 60; second++)
        {
            await client.SendAsync(new string('x', 2 * Rate));
            await upstream.ReadAsync(2 * Rate);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.That(await client.ReadUntilAsync("\r\n\r\nok"), Does.StartWith("HTTP/1.1 200 "));
    }
}
