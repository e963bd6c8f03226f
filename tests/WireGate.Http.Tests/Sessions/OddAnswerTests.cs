using NUnit.Framework;
using WireGate.Core.Configuration;

namespace WireGate.Http.Tests.Sessions;

/// <summary>What an upstream answers that is none, or more than one.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class OddAnswerTests(TransportKind transport) : HttpFixture(transport)
{
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx")]
    [TestCase("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")]
    [TestCase("220 smtp.example ESMTP\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nX: half")]
    public async Task What_is_no_answer_is_a_bad_gateway(string answer)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync(answer);
        upstream.Dispose();

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 Bad Gateway\r\n"));
    }

    [TestCaseSource(nameof(Unreadable))]
    public async Task An_answer_beyond_the_limits_is_502_and_the_client_goes_on(string answer)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync(answer);
        Assert.That(await client.ReadUntilAsync("}\n"), Does.Contain("HTTP/1.1 502 Bad Gateway\r\n").And.Not.Contain("HTTP/1.1 200"));
        await client.SendAsync(Request("GET /next"));
        RawPeer another = await AcceptAsync();
        await another.HeadAsync();
        await another.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 204 "));
    }

    [TestCase("HEAD /", "200 OK\r\nContent-Length: 50")]
    [TestCase("GET /", "204 No Content\r\nX: y")]
    [TestCase("GET /", "304 Not Modified\r\nContent-Length: 50")]
    public async Task What_is_behind_an_answer_without_a_body_is_nobodys(string line, string head)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(line));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 {head}\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 " + head[..3]));
        RawPeer other = await ConnectAsync();
        await other.SendAsync(Request("GET /2"));
        RawPeer another = await AcceptAsync();
        Assert.That(await another.HeadAsync(), Does.StartWith("GET /2 "));
        await another.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.That(await other.ReadUntilAsync("\r\n\r\nok"), Does.Not.Contain("poison"));
    }

    private static IEnumerable<TestCaseData> Unreadable()
    {
        const string End = "Content-Length: 2\r\n\r\nok";
        yield return new TestCaseData(string.Concat(Enumerable.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 17)) + "HTTP/1.1 200 OK\r\n" + End).SetArgDisplayNames("17 interim answers");
        yield return new TestCaseData("HTTP/1.1 200 OK\r\nX: " + new string('x', 33_000) + "\r\n" + End).SetArgDisplayNames("33 KB of head");
        yield return new TestCaseData("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("X: y\r\n", 101)) + End).SetArgDisplayNames("102 fields");
    }
}
