using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Http.Tests.Sessions;

/// <summary>What caches on the way to the client are told, who do not know a credential where the login has it.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class PrivateAnswerTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config)
    {
        var login = new HttpLoginConfig { Secret = "real", Surface = HttpSurface.Header, Name = "X-Api-Key" };
        return config with
        {
            Targets = config.Targets.Values.Select(t => t.Name == "api" ? t with { Logins = [t.Logins[0] with { Http = login }] } : t).ToFrozenDictionary(t => t.Name),
        };
    }

    [TestCase("", "private")]
    [TestCase("Cache-Control: public, max-age=60\r\n", "private, max-age=60")]
    [TestCase("Cache-Control: PUBLIC\r\ncache-control: s-maxage = 5 , must-revalidate\r\n", "private, must-revalidate")]
    [TestCase("Cache-Control: no-store\r\n", "private, no-store")]
    [TestCase("Cache-Control: private=\"a, public\", no-cache=\"Set-Cookie, b\\\",\", max-age=1,,\r\n", "private, no-cache=\"Set-Cookie, b\\\",\", max-age=1")]
    [TestCase("CDN-Cache-Control: public\r\nSurrogate-Control: max-age=5\r\nCache-Control: no-cache\r\n", "private, no-cache")]
    public async Task None_that_several_share_keeps_it(string fields, string expected)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: api.test\r\nX-Api-Key: {Token}\r\n\r\n");
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 200 OK\r\n{fields}X-Yours: 1\r\nContent-Length: 0\r\n\r\n");
        string head = await client.HeadAsync();

        Assert.That(head.Split("\r\n").Where(l => l.Contains("-control", StringComparison.OrdinalIgnoreCase)), Is.EqualTo(new[] { "Cache-Control: " + expected }));
        Assert.That(head, Does.Contain("X-Yours: 1"));
    }

    [Test]
    public async Task Of_one_by_Authorization_they_know_it()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /").Replace("api.test", "other.test", StringComparison.Ordinal));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nCache-Control: public, max-age=60\r\nContent-Length: 0\r\n\r\n");

        Assert.That(await client.HeadAsync(), Does.Contain("\r\nCache-Control: public, max-age=60\r\n"));
    }
}

/// <summary>Schemes that prove who uses a connection: nothing else is asked on it.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class BoundConnectionTests(TransportKind transport) : HttpFixture(transport)
{
    [TestCase("WWW-Authenticate: NTLM\r\n", false)]
    [TestCase("WWW-Authenticate: Basic realm=\"x, y\", negotiate\r\n", false)]
    [TestCase("WWW-Authenticate: Negotiate YII=\r\n", false)]
    [TestCase("WWW-Authenticate: Basic realm=\"NTLM\"\r\n", true)]
    public async Task What_an_upstream_says_decides(string field, bool isKept)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 401 Unauthorized\r\n{field}Content-Length: 0\r\n\r\n");
        await client.HeadAsync();
        await client.SendAsync(Request("POST /again"));

        Assert.That(await (isKept ? upstream : await AcceptAsync()).HeadAsync(), Does.StartWith("POST /again "));
    }
}

/// <summary>A login of such a scheme.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class NegotiateTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) =>
        WithLogin(config, new HttpLoginConfig { Secret = "real", Surface = HttpSurface.Header, Name = "Authorization", Before = "Negotiate " });

    [Test]
    public async Task Its_connection_is_for_one_request()
    {
        RawPeer client = await ConnectAsync();
        for (int i = 0; i < 2; i++)
        {
            await client.SendAsync(Request($"GET /{i}"));
            RawPeer upstream = await AcceptAsync();
            Assert.That(await upstream.HeadAsync(), Does.StartWith($"GET /{i} ").And.Contain($"Authorization: Negotiate {Real}\r\n"));
            await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
            await client.HeadAsync();
        }
    }
}
