using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Sessions;

/// <summary>The gateway stops: what was asked over HTTP/1.1 is answered whole, and its connections end behind that.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class DrainTests(TransportKind transport) : HttpFixture(transport)
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private const string LastOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_connection_that_waits_is_closed_after_a_moment(bool isProven)
    {
        RawPeer client = await ConnectAsync();
        if (isProven)
        {
            await client.SendAsync(Request("GET /a"));
            await AnswerAsync(Ok);
            Assert.That(await client.ReadUntilAsync("\r\n\r\nok"), Is.EqualTo(Ok));
        }

        await Until.TrueAsync(() => Sessions.Count == 1, "a session");
        await DrainAsync();

        Task<string> rest = client.ReadToEndAsync();
        await Until.TrueAsync(() => Passed(rest), "the connection to be closed");
        Assert.That((await rest, client.WasReset), Is.EqualTo(("", false)));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_request_that_was_on_its_way_is_answered_and_then_the_connection_ends(bool hasBegun)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /a"));
        RawPeer upstream = await AnswerAsync(Ok);
        await client.ReadUntilAsync("\r\n\r\nok");
        string request = Request("GET /b");
        await client.SendAsync(hasBegun ? request[..9] : "");
        await DrainAsync();

        await client.SendAsync(hasBegun ? request[9..] : request);
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /b "));
        await upstream.SendAsync(Ok);

        Assert.That(await client.ReadToEndAfterFinAsync(), Is.EqualTo(LastOk));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
    }

    [Test]
    public async Task A_request_under_way_is_answered_whole_and_the_client_told_that_it_was_the_last()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /a", "Content-Length: 6\r\n", "abc"));
        RawPeer upstream = await AcceptAsync();
        await upstream.ReadUntilAsync("\r\n\r\nabc");
        await DrainAsync();

        await client.SendAsync("def");
        Assert.That(await upstream.ReadAsync(3), Is.EqualTo("def"));
        string body = new('b', 300_000);
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        Assert.That(await client.ReadToEndAfterFinAsync(), Is.EqualTo($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
    }

    [Test]
    public async Task A_request_that_reaches_no_upstream_any_more_is_told_so_and_the_connection_ends()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /a"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await DrainAsync();
        upstream.Dispose();

        Assert.That(await client.ReadToEndAfterFinAsync(), Does.StartWith("HTTP/1.1 502 ").And.Contain("\r\nConnection: close\r\n"));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
    }

    [Test]
    public async Task Behind_an_answer_that_had_begun_one_more_request_is_served()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /a"));
        RawPeer upstream = await AnswerAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
        await client.ReadUntilAsync("\r\n\r\nab");
        await DrainAsync();

        await upstream.SendAsync("cd");
        Assert.That(await client.ReadAsync(2), Is.EqualTo("cd"));
        await client.SendAsync(Request("GET /b"));
        await upstream.HeadAsync();
        await upstream.SendAsync(Ok);
        Assert.That(await client.ReadToEndAfterFinAsync(), Is.EqualTo(LastOk));
    }

    [Test]
    public async Task What_follows_the_last_answer_is_not_served_and_takes_nothing_of_it()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /a") + Request("GET /b") + Request("GET /c"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await DrainAsync();
        await upstream.SendAsync(Ok);

        Assert.That((await client.ReadToEndAfterFinAsync(), client.WasReset), Is.EqualTo((LastOk, false)));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
        Assert.That(Audit.Operations, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_client_that_does_not_close_is_not_waited_for()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /a"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await DrainAsync();
        await upstream.SendAsync(Ok);
        Assert.That(await client.ReadToEndAsync(), Is.EqualTo(LastOk));

        await Until.TrueAsync(() => Passed(Sessions.Count == 0), "the session to end");
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
    }

    [Test]
    public async Task What_a_connection_was_upgraded_to_goes_on_until_it_is_cut()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
        RawPeer upstream = await AnswerAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        await client.HeadAsync();
        await DrainAsync();

        await client.SendAsync("ping");
        Assert.That(await upstream.ReadAsync(4), Is.EqualTo("ping"));
        await upstream.SendAsync("pong");
        Assert.That(await client.ReadAsync(4), Is.EqualTo("pong"));
        Sessions.KillAll(SessionEnd.Shutdown);
        await client.ReadToEndAsync();
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
    }

    [Test]
    public async Task The_next_session_on_a_connection_ends_as_well()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /a"));
        RawPeer upstream = await AnswerAsync(Ok);
        await client.ReadUntilAsync("\r\n\r\nok");
        await client.SendAsync(Request("GET /b").Replace("Host: api.test", "Host: other.test", StringComparison.Ordinal));
        upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Assert.That(Records(AuditEventKind.SessionEnded), Has.Count.EqualTo(1), "the first session is over");
        await DrainAsync();
        await upstream.SendAsync(Ok);

        Assert.That(await client.ReadToEndAfterFinAsync(), Is.EqualTo(LastOk));
        await Until.TrueAsync(() => Records(AuditEventKind.SessionEnded).Count == 2, "the second session to end");
        Assert.That(Records(AuditEventKind.SessionEnded)[1].End, Is.EqualTo(SessionEnd.Shutdown));
    }

    [Test]
    public async Task Who_came_while_listeners_were_being_closed_is_answered_once()
    {
        await DrainAsync();
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /a"));
        await AnswerAsync(Ok);
        Assert.That(await client.ReadToEndAfterFinAsync(), Is.EqualTo(LastOk));
    }

    private async Task<RawPeer> AnswerAsync(string answer)
    {
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync(answer);
        return upstream;
    }

    private bool Passed(Task until) => Passed(until.IsCompleted);

    private bool Passed(bool isSo)
    {
        Time.Advance(TimeSpan.FromMilliseconds(isSo ? 0 : 50));
        return isSo;
    }
}
