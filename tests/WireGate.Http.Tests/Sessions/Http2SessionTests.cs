using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Http2;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Sessions;

/// <summary>What the requests of a connection of HTTP/2 have in common: who asks, and how that ends.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class Http2SessionTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] };

    [Test]
    public async Task Who_proves_nothing_is_told_and_has_to_connect_anew()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(":method: GET\n:scheme: http\n:authority: api.test\n:path: /a\n");
        Http2Answer answer = await client.AnswerAsync(stream);

        Assert.That(answer.Head, Does.StartWith(":status: 401\n").And.Contain("www-authenticate: Bearer realm=\"wiregate\"\n"));
        await client.ReadUntilAsync(() => client.GoAway is not null);
        client.Dispose();
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.AuthenticationFailed));
    }

    [Test]
    public async Task Of_those_who_prove_nothing_at_the_same_time_each_is_told()
    {
        Http2Peer client = await ConnectHttp2Async();
        int[] streams = [await client.AskAsync(Fields("GET", "/a", token: "wgp_none")), await client.AskAsync(Fields("GET", "/b", token: "wgp_none"))];

        foreach (int stream in streams)
        {
            Assert.That((await client.AnswerAsync(stream)).Head, Does.StartWith(":status: 401\n"));
        }

        Assert.That(Records(AuditEventKind.SessionRefused), Has.Count.EqualTo(2));
    }

    [TestCase("")]
    [TestCase("wgp_none")]
    public async Task What_is_valid_behind_one_that_is_not_may_be_asked_again_elsewhere(string token)
    {
        Http2Peer client = await ConnectHttp2Async();
        await client.ReadUntilAsync(() => client.HasSettings);
        string bad = token.Length > 0 ? Fields("GET", "/bad", token: token) : ":method: GET\n:scheme: http\n:authority: api.test\n:path: /bad\n";
        int first = await client.AskAsync(bad, isWhole: false), second = await client.AskAsync(Fields("GET", "/valid")), third = await client.AskAsync(bad);

        Assert.That((await client.AnswerAsync(first)).Head, Does.StartWith(":status: 401\n"));
        Assert.That((await client.AnswerAsync(second)).Reset, Is.EqualTo(ErrorCode.REFUSED_STREAM));
        Assert.That((await client.AnswerAsync(third)).Head, Does.StartWith(":status: 401\n"));
        await client.ReadToEndAsync();
        Assert.That(client.GoAway, Is.EqualTo((third, ErrorCode.NO_ERROR)));
        Assert.That((IsUpstreamAsked, Audit.Operations.Count), Is.EqualTo((false, 0)));
    }

    [Test]
    public async Task What_is_asked_of_who_is_told_to_go_is_made()
    {
        Http2Peer client = await ConnectHttp2Async();
        int first = await client.AskAsync(Fields("GET", "/a"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await client.AnswerAsync(first);
        await client.SettleAsync();
        Time.Advance(TimeSpan.FromSeconds(76));
        await client.ReadUntilAsync(() => client.GoAway is not null);
        int second = await client.AskAsync(Fields("GET", "/b"));
        upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.That((await client.AnswerAsync(second)).Head, Is.EqualTo(":status: 204\n"));
    }

    [Test]
    public async Task Another_placeholder_or_target_is_sent_elsewhere()
    {
        string other = Placeholders.Mint(p => p with { Targets = ["api", "other"] }).Token;
        Http2Peer client = await ConnectHttp2Async();
        int first = await client.AskAsync(Fields("GET", "/a"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Assert.That((await client.AnswerAsync(await client.AskAsync(Fields("GET", "/a", token: other)))).Head, Does.StartWith(":status: 421\n"));
        int target = await client.AskAsync(Fields("GET", "/other/a").Replace("api.test", "any.test", StringComparison.Ordinal));
        Assert.That((await client.AnswerAsync(target)).Head, Does.StartWith(":status: 421\n"));

        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
        Assert.That((await client.AnswerAsync(first)).Body, Is.EqualTo("a"));
    }

    [Test]
    public async Task A_placeholder_that_is_none_ends_what_comes_and_not_what_is_there()
    {
        Http2Peer client = await ConnectHttp2Async();
        int first = await client.AskAsync(Fields("GET", "/a"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        int second = await client.AskAsync(Fields("GET", "/a", token: "wgp_none"));
        Assert.That((await client.AnswerAsync(second)).Head, Does.StartWith(":status: 401\n"));
        await client.ReadUntilAsync(() => client.GoAway is not null);

        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
        Assert.That((await client.AnswerAsync(first)).Body, Is.EqualTo("a"));
    }

    [Test]
    public async Task A_session_that_is_revoked_is_cut_with_all_that_is_made_in_it()
    {
        // What it has to say it has said: to who writes on, a connection that was closed is reset, with what was not read yet.
        Http2Peer client = await ConnectHttp2Async();
        await client.ReadUntilAsync(() => client.HasSettings);
        await client.AskAsync(Fields("GET", "/a"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Sessions.KillAll(SessionEnd.Revoked);

        await client.ReadToEndAsync();
        Assert.That(client.GoAway, Is.Not.Null);
        Assert.That(await upstream.ReadToEndAsync(), Is.Empty);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Revoked));
    }

    [Test]
    public async Task A_client_that_goes_takes_all_of_its_requests_along()
    {
        Http2Peer client = await ConnectHttp2Async();
        await client.AskAsync(Fields("GET", "/a"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        client.Dispose();

        Assert.That(await upstream.ReadToEndAsync(), Is.Empty);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }

    [Test]
    public async Task Who_is_idle_for_long_is_told_to_go()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync(Fields("GET", "/a"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await client.AnswerAsync(stream);
        Task end = client.ReadToEndAsync();
        await Until.TrueAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(10));
                return end.IsCompleted;
            },
            "the connection to end");

        Assert.That(client.GoAway?.Code, Is.EqualTo(ErrorCode.NO_ERROR));
        Assert.That((await EndAsync()).Detail, Is.EqualTo("idle for too long"));
    }
}
