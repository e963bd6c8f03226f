using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Http.Tests.Sessions;

/// <summary>WebSocket, SPDY and whatever else begins as a request.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class UpgradeTests(TransportKind transport) : HttpFixture(transport)
{
    private const string Ask = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    private const string Accept = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    [TestCase("GET", "WebSocket", "websocket")]
    [TestCase("POST", "spdy/3.1", "SPDY/3.1")]
    public async Task Behind_101_bytes_go_both_ways(string method, string asked, string token)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"{method} /ws", Ask.Replace("WebSocket\r\n", asked + "\r\n", StringComparison.Ordinal)) + "early");
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.StartWith($"{method} /ws HTTP/1.1\r\n").And.EndWith($"\r\nConnection: Upgrade\r\nUpgrade: {token}\r\n\r\n"));
        await upstream.SendAsync(Accept.Replace("websocket", token, StringComparison.Ordinal) + "first");
        Assert.That(await client.ReadUntilAsync("first"), Is.EqualTo(
            $"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nConnection: Upgrade\r\nUpgrade: {token}\r\n\r\nfirst"));
        Assert.That(await upstream.ReadAsync(5), Is.EqualTo("early"));
        await client.SendAsync("GET / HTTP/1.1\r\n\r\n");
        Assert.That(await upstream.HeadAsync(), Is.EqualTo("GET / HTTP/1.1\r\n\r\n"));
        upstream.Dispose();
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        client.Dispose();
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.UpstreamClosed));
        Assert.That(Audit.Operations.Single().GetProperty("upgrade").GetString(), Is.EqualTo(token));
    }

    [Test]
    public async Task A_side_that_has_said_all_still_gets_what_the_other_says([Values] bool isClientFirst)
    {
        (RawPeer client, RawPeer upstream) = await UpgradeAsync();
        (RawPeer first, RawPeer second) = isClientFirst ? (client, upstream) : (upstream, client);
        await first.SendAsync("question");
        first.Finish();
        Assert.That(await second.ReadToEndAsync(), Is.EqualTo("question"));
        string answer = new('a', 500_000);
        await second.SendAsync(answer[1..]);
        await second.SendAsync(answer[..1]);
        Assert.That(await first.ReadAsync(answer.Length), Is.EqualTo(answer));
        Assert.That(Records(AuditEventKind.SessionEnded), Is.Empty);
        second.Finish();

        Assert.That(await first.ReadToEndAsync(), Is.Empty);
        Assert.That(first.WasReset || second.WasReset, Is.False);
        Assert.That((await EndAsync()).End, Is.EqualTo(isClientFirst ? SessionEnd.ClientClosed : SessionEnd.UpstreamClosed));
    }

    [Test]
    public async Task A_side_that_is_cut_cuts_the_other([Values] bool isOfClient)
    {
        (RawPeer client, RawPeer upstream) = await UpgradeAsync();
        (isOfClient ? client : upstream).Reset();
        RawPeer other = isOfClient ? upstream : client;

        Assert.That(await other.ReadToEndAsync(), Is.Empty);
        Assert.That(other.WasReset);
        Assert.That((await EndAsync()).End, Is.EqualTo(isOfClient ? SessionEnd.ClientClosed : SessionEnd.UpstreamClosed));
    }

    [Test]
    public async Task A_half_on_which_nothing_moves_is_ended([Values] bool isClientFirst)
    {
        (RawPeer client, RawPeer upstream) = await UpgradeAsync();
        (RawPeer first, RawPeer second) = isClientFirst ? (client, upstream) : (upstream, client);
        first.Finish();
        await second.ReadToEndAsync();
        Task<string> end = first.ReadToEndAsync();
        TimeSpan took = TimeSpan.Zero;
        for (; !end.IsCompleted; took += TimeSpan.FromSeconds(1))
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }

        Assert.That(took, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(60)));
        await EndAsync();
    }

    [Test]
    public async Task What_is_refused_stays_HTTP()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /ws", Ask) + Request("GET /next"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n");

        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 426 "));
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /next "));
    }

    [TestCase("h2c")]
    [TestCase("websocket, h2c")]
    [TestCase("TLS/1.0")]
    public async Task Nothing_else_goes_on(string token)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /", $"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {token}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"));
        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync(), Does.Not.Contain("pgrade").And.Not.Contain("HTTP2"));
        await upstream.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 "));
    }

    [TestCase("Upgrade: SPDY/3.1\r\nConnection: Upgrade\r\n")]
    [TestCase("Upgrade: websocket\r\n")]
    [TestCase("Connection: Upgrade\r\n")]
    public async Task A_101_to_something_else_is_none(string fields)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /ws", Ask));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n");

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 "));
    }

    [TestCase("Content-Length: 3\r\n", "abc")]
    [TestCase("Transfer-Encoding: chunked\r\n", "0\r\n\r\n")]
    public async Task A_body_before_it_is_refused(string field, string body)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /ws", Ask + field, body));

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 400 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    private async Task<(RawPeer Client, RawPeer Upstream)> UpgradeAsync()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /ws", Ask));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync(Accept);
        await client.HeadAsync();
        return (client, upstream);
    }
}
