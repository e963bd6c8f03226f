using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Nobody holds a connection by doing next to nothing on it.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class TimeLimitTests(TransportKind transport) : TimedFixture(transport)
{
    [Test]
    public async Task T04_A_first_head_that_drips_ends_with_the_time_to_authenticate()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a");
        TimeSpan took = await PassAsync(client.ReadToEndAsync());

        Assert.That(took, Is.GreaterThanOrEqualTo(Config.Limits.Authentication));
    }

    [Test]
    public async Task T04_Another_head_that_drips_ends_in_its_time()
    {
        RawPeer client = await ConnectAsync();
        await AnswerOneAsync(client);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a");
        Task<string> end = client.ReadToEndAsync();
        TimeSpan took = await PassAsync(end, async () => await client.SendAsync("x"));

        Assert.That(took, Is.InRange(TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(10)));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.HandshakeTimeout));
    }

    [TestCase("GET /", "", "")]
    [TestCase("POST /", "Content-Length: 3\r\n", "a=1")]
    public async Task An_upstream_that_does_not_answer_is_504(string line, string fields, string body)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request(line, fields, body));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Task<string> answer = client.ReadUntilAsync("}\n");
        TimeSpan took = await PassAsync(answer);

        Assert.That(await answer, Does.StartWith("HTTP/1.1 504 Gateway Timeout\r\n").And.Contain("the upstream did not answer in time"));
        Assert.That(took, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(60)));
        Assert.That(IsUpstreamAsked, Is.False, "it is not made again");
    }

    [Test]
    public async Task A_client_that_waits_for_100_waits_for_the_upstream()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Task<string> answer = client.ReadUntilAsync("}\n");
        await PassAsync(answer);

        Assert.That(await answer, Does.StartWith("HTTP/1.1 504 "));
    }

    [Test]
    public async Task An_answer_that_stands_still_is_cut()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx");
        await client.ReadUntilAsync("\r\n\r\nx");
        TimeSpan took = await PassAsync(client.ReadToEndAsync());

        Assert.That(took, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(90)));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.UpstreamClosed));
    }

    [Test]
    public async Task An_answer_that_goes_on_may_take_hours()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n");
        await client.HeadAsync();
        for (int i = 0; i < 50; i++)
        {
            await upstream.SendAsync("x");
            await client.ReadAsync(1);
            Time.Advance(TimeSpan.FromSeconds(60));
        }

        Assert.That(Records(Core.Audit.AuditEventKind.SessionEnded), Is.Empty);
    }

    [Test]
    public async Task What_follows_an_upgrade_ends_when_both_are_silent()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        await client.HeadAsync();
        for (int i = 0; i < 5; i++)
        {
            await client.SendAsync("x");
            await upstream.ReadAsync(1);
            Time.Advance(TimeSpan.FromSeconds(60));
        }

        await PassAsync(client.ReadToEndAsync());
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.UpstreamClosed));
    }

    private async Task AnswerOneAsync(RawPeer client)
    {
        await client.SendAsync(Request("GET /ok"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await client.ReadUntilAsync("\r\n\r\nok");
    }
}

/// <summary>Limits that are shorter than the time between two looks at what is under way.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class ShortTimeLimitTests(TransportKind transport) : HttpFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with { Limits = new LimitsConfig { FirstByte = TimeSpan.FromSeconds(1) } };

    [Test]
    public async Task An_upstream_is_late_when_it_is()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /"));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        Task<string> answer = client.HeadAsync();
        int seconds = 0;
        while (!answer.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            seconds++;
            await Task.WhenAny(answer, Task.Delay(TimeSpan.FromSeconds(2)));
        }

        Assert.That(await answer, Does.StartWith("HTTP/1.1 504 "));
        Assert.That(seconds, Is.LessThanOrEqualTo(3));
    }
}
