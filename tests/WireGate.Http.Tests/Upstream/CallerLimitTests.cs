using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Upstream;

/// <summary>
/// How many connections to upstreams of HTTP/1.1 one caller has at once: over HTTP/2 each of its requests may need another, and they are everybody's
/// descriptors.
/// </summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class CallerLimitTests(TransportKind transport) : HttpFixture(transport)
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
        Limits = config.Limits with { SessionsPerIdentity = 2 },
    };

    [Test]
    public async Task Whoever_has_as_many_as_sessions_may_be_gets_no_more()
    {
        Http2Peer client = await ConnectHttp2Async();
        int[] made = [await client.AskAsync(Fields("GET", "/0")), await client.AskAsync(Fields("GET", "/1"))];
        RawPeer[] upstreams = [await AcceptAsync(), await AcceptAsync()];
        foreach (RawPeer upstream in upstreams)
        {
            await upstream.HeadAsync();
        }

        Http2Answer refused = await client.AnswerAsync(await client.AskAsync(Fields("GET", "/2")), a => a.Body.EndsWith("}\n", StringComparison.Ordinal));
        Assert.That(refused.Head, Does.StartWith(":status: 429\n").And.Contain("retry-after: "));
        Assert.That(refused.Body, Does.Contain("too many requests of yours at the same time"));
        Assert.That(IsUpstreamAsked, Is.False);
        AuditEvent told = Records(AuditEventKind.SessionRefused).Single();
        Assert.That((told.End, told.Detail), Is.EqualTo((SessionEnd.LimitReached, "limits.sessionsPerIdentity: as many connections to upstreams as sessions, 2")));

        RawPeer bob = await ConnectAsync();
        string token = Placeholders.Mint(p => p with { Targets = ["api"], Identity = p.Identity with { Subject = "bob" } }).Token;
        await bob.SendAsync($"GET /bob HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {token}\r\n\r\n");
        Assert.That(await (await AcceptAsync()).HeadAsync(), Does.StartWith("GET /bob "));

        foreach (RawPeer upstream in upstreams)
        {
            await upstream.SendAsync(Ok);
        }

        foreach (int stream in made)
        {
            Assert.That((await client.AnswerAsync(stream)).Body, Is.EqualTo("ok"));
        }

        await client.AskAsync(Fields("GET", "/3"));
        Assert.That(await await Task.WhenAny(upstreams.Select(u => u.HeadAsync())), Does.StartWith("GET /3 "));
    }

    [Test]
    public async Task Those_that_wait_make_room()
    {
        Http2Peer client = await ConnectHttp2Async();
        RawPeer waits = await AskAsync(await ConnectHttp2Async(), "/0", "other.test");
        int[] made = [await client.AskAsync(Fields("GET", "/1")), await client.AskAsync(Fields("GET", "/2"))];
        RawPeer[] upstreams = [await AcceptAsync(), await AcceptAsync()];
        await Until.TrueAsync(() => waits.HasEnded, "the one that waited to be closed");
        foreach (RawPeer upstream in upstreams)
        {
            await upstream.HeadAsync();
            await upstream.SendAsync(Ok);
        }

        foreach (int stream in made)
        {
            Assert.That((await client.AnswerAsync(stream)).Body, Is.EqualTo("ok"));
        }
    }

    [Test]
    public async Task Those_that_could_not_be_made_do_not_count()
    {
        Http2Peer client = await ConnectHttp2Async();
        StopUpstream();
        for (int i = 0; i < 3; i++)
        {
            Http2Answer answer = await client.AnswerAsync(await client.AskAsync(Fields("GET", $"/{i}")), a => a.Body.EndsWith("}\n", StringComparison.Ordinal));
            Assert.That(answer.Head, Does.StartWith(":status: 502\n"));
        }
    }

    private async Task<RawPeer> AskAsync(Http2Peer client, string path, string host)
    {
        int stream = await client.AskAsync(Fields("GET", path).Replace("api.test", host, StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync(Ok);
        Assert.That((await client.AnswerAsync(stream)).Body, Is.EqualTo("ok"));
        return upstream;
    }
}
