using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Sessions;

/// <summary>A cookie of an API's own for the credential: target "api" is asked in HTTP/1.1, "other" in HTTP/2.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class CookieTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config)
    {
        config = WithLogin(config, new HttpLoginConfig { Secret = "real", Surface = HttpSurface.Cookie, Name = "my-session" });
        return config with
        {
            Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
            Targets = config.Targets.Values.Select(t => t.Name == "other" ? t with { Http2 = TargetHttp2.Clear } : t).ToFrozenDictionary(t => t.Name),
        };
    }

    [TestCase("Cookie: my-session={0}", $"my-session={Real}")]
    [TestCase("Cookie: a=1; my-session={0}", $"a=1; my-session={Real}")]
    [TestCase("Cookie: my-session={0}; b=\"2\";", $"b=\"2\"; my-session={Real}")]
    [TestCase("Cookie: a=1;my-session={0} ;b=2;  c", $"a=1; b=2;  c; my-session={Real}")]
    [TestCase("Cookie: a=1\r\nX-Yours: 2\r\ncookie: my-session={0}; c=3\r\nCOOKIE: d=4", $"a=1; c=3; d=4; my-session={Real}")]
    [TestCase("Cookie: my-sessions=1; my-session={0}; a-my-session=x; amy-session=x", $"my-sessions=1; a-my-session=x; amy-session=x; my-session={Real}")]
    public async Task It_is_put_into_its_place_and_the_others_go_on(string fields, string expected)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET /v1 HTTP/1.1\r\nHost: api.test\r\n{Placed(fields)}\r\nX-Last: 1\r\n\r\n");
        string head = await (await AcceptAsync()).HeadAsync();

        Assert.That(head, Does.Contain($"\r\nCookie: {expected}\r\n").And.Contain("X-Last: 1").And.Not.Contain("wgp_"));
        Assert.That(head.Split("\r\n").Count(l => l.StartsWith("cookie", StringComparison.OrdinalIgnoreCase)), Is.EqualTo(1));
        Assert.That(Records(AuditEventKind.SessionAuthenticated)[0].Method, Is.EqualTo("cookie"));
    }

    [Test]
    public async Task In_crumbs_of_HTTP_2_too()
    {
        Http2Peer client = await ConnectHttp2Async();
        int stream = await client.AskAsync($":method: GET\n:scheme: http\n:authority: other.test\n:path: /v1\ncookie: a=1\nx-yours: 2\ncookie: my-session={Token}\ncookie:\ncookie: b=2\ncookie:\n");
        Http2UpstreamPeer upstream = await AcceptHttp2Async();

        Assert.That((await upstream.RequestAsync(1)).Head, Does.Contain($"cookie: a=1; b=2; my-session={Real}\n").And.Not.Contain("wgp_"));
        await upstream.AnswerAsync(1, $":status: 200\nset-cookie: my-session=next; HttpOnly\nset-cookie: c=3\nset-cookie: d={Real}\n", "");
        Assert.That((await client.AnswerAsync(stream)).Head, Is.EqualTo($":status: 200\nset-cookie: c=3\nset-cookie: d={new string('*', Real.Length)}\ncache-control: private\n"));
    }

    [TestCase("Cookie: my-session=mine; my-session={0}")]
    [TestCase("Cookie: my-session={0}\r\nCookie: my-session=mine")]
    [TestCase("Cookie: my-session={0}; My-Session=mine")]
    [TestCase("Cookie: my-session={0}; my_session=mine")]
    [TestCase("Cookie: my-session={0}; my-session")]
    [TestCase("Cookie: my-session={0}; my-sess%69on=mine")]
    [TestCase("Cookie: my-session={0}; my-session[0]=mine")]
    [TestCase("Cookie: my-session={0}; =my-session=mine")]
    [TestCase("Cookie: my-session={0}; \"my-session\"=mine")]
    [TestCase("Cookie: my-session={0}; a=1, my-session=mine")]
    [TestCase("Cookie: my-session={0}; a=\"1; my-session=mine\"")]
    [TestCase("Cookie: my[session=mine; my-session={0}")]
    [TestCase("Cookie: \u00a0my-session=mine; my-session={0}")]
    [TestCase("Cookie: \u00c2\u00a0my-session=mine; my-session={0}")]
    [TestCase("Cookie: \u0085my-session\u00a0=mine; my-session={0}")]
    [TestCase("Cookie: %20my-session=mine; my-session={0}")]
    [TestCase("Cookie: %C2%A0my-session%20=mine; my-session={0}")]
    [TestCase("Cookie: my-session%00x=mine; my-session={0}")]
    [TestCase("Cookie: my-session%5Bx%5D=mine; my-session={0}")]
    [TestCase("Cookie: my%5Bsession=mine; my-session={0}")]
    [TestCase("Cookie: my%252Dsession=mine; my-session={0}")]
    [TestCase("Cookie: my-session={0}; my%u002dsession=mine")]
    [TestCase("Cookie: My-Session={0}")]
    [TestCase("Cookie: other={0}")]
    [TestCase("Cookie: {0}")]
    [TestCase("Authorization: Bearer {0}")]
    [TestCase("Authorization: Bearer {0}\r\nCookie: my-session=mine")]
    public async Task What_could_be_another_one_is_refused(string fields)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET /v1 HTTP/1.1\r\nHost: api.test\r\n{Placed(fields)}\r\n\r\n");

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain("the cookie my-session, once"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("Cookie: my-session=\"{0}\"", 400)]
    [TestCase("Cookie: my-session=x{0}", 400)]
    [TestCase("Cookie: my-session={0}; a={0}", 400)]
    [TestCase("Cookie: my-session={0}\r\nX-Key: {0}", 400)]
    [TestCase("Cookie: my-session=mine", 401)]
    public async Task What_is_no_placeholder_of_a_cookie_is_refused(string fields, int status)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET /v1 HTTP/1.1\r\nHost: api.test\r\n{Placed(fields)}\r\n\r\n");

        Assert.That(await client.HeadAsync(), Does.StartWith($"HTTP/1.1 {status} "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [TestCase("my-session=another-real-one; Path=/; HttpOnly")]
    [TestCase("my-session=; Max-Age=0")]
    [TestCase("MY-SESSION=x")]
    [TestCase(" my-session = x")]
    [TestCase("a=1, my-session=x")]
    public async Task What_the_upstream_sets_it_to_is_not_for_the_client(string cookie)
    {
        RawPeer client = await ConnectAsync();
        for (int i = 0; i < 2; i++)
        {
            await client.SendAsync($"GET /v1 HTTP/1.1\r\nHost: api.test\r\nCookie: my-session={Token}\r\n\r\n");
            RawPeer upstream = i == 0 ? await AcceptAsync() : Upstreams[0];
            Upstreams.Add(upstream);
            await upstream.HeadAsync();
            await upstream.SendAsync($"HTTP/1.1 103 Early Hints\r\nSet-Cookie: {cookie}\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: {cookie}\r\nSet-Cookie: my-sessions=2\r\nContent-Length: 0\r\n\r\n");

            Assert.That(await client.HeadAsync(), Is.EqualTo("HTTP/1.1 103 Early Hints\r\n\r\n"));
            Assert.That(await client.HeadAsync(), Does.Contain("\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: my-sessions=2\r\n"));
        }
    }

    [TestCase("two words")]
    [TestCase("a;b=c")]
    [TestCase("a\"b")]
    public async Task A_secret_that_no_cookie_can_be_is_not_sent(string secret)
    {
        File.WriteAllText(SecretFile, secret);
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET /v1 HTTP/1.1\r\nHost: api.test\r\nCookie: my-session={Token}\r\n\r\n");
        RawPeer upstream = await AcceptAsync();

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 502 ").Or.StartWith("HTTP/1.1 503 "));
        await Until.TrueAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromSeconds(5));
                return upstream.HasEnded;
            },
            "the connection, on which nothing was said, to be closed");
        Assert.That(await upstream.ReadToEndAsync(), Is.Empty);
    }

    private List<RawPeer> Upstreams { get; } = [];

    [SetUp]
    public void Clear() => Upstreams.Clear();

    private string Placed(string fields) => fields.Replace("{0}", Token, StringComparison.Ordinal);
}
