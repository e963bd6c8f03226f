using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Http2.Frames;

namespace WireGate.Http.Tests.Sessions;

/// <summary>An upstream that takes no more, and who has a right to what it takes.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class UpstreamRoomTests(TransportKind transport) : HttpFixture(transport)
{
    private const int MostConnections = 64;

    protected override GatewayConfig Change(GatewayConfig config) =>
        WithHttp2(config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] });

    [Test]
    public async Task Who_has_taken_all_that_there_is_for_one_caller_gets_503_and_another_is_served()
    {
        Http2Peer client = await ConnectHttp2Async();
        for (int i = 0; i < MostConnections; i++)
        {
            await client.AskAsync(Fields("GET", $"/{i}"));
            Http2UpstreamPeer upstream = await AcceptHttp2Async((SettingId.MAX_CONCURRENT_STREAMS, 1));
            await upstream.RequestAsync(1);
        }

        DateTimeOffset asked = Time.GetUtcNow();
        Task<Http2Answer> answer = client.AnswerAsync(await client.AskAsync(Fields("GET", "/one-more")));
        while (!answer.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(answer, Task.Delay(2));
        }

        Assert.That((await answer).Head, Does.StartWith(":status: 503\n"));
        Assert.That((await answer).Body, Does.Contain("takes no more requests at the moment"));
        Assert.That(Time.GetUtcNow() - asked, Is.GreaterThanOrEqualTo(Config.Limits.Connect));
        Assert.That(IsUpstreamAsked, Is.False);

        string token = Placeholders.Mint(p => p with { Targets = ["api"], Identity = p.Identity with { Subject = "bob" } }).Token;
        Http2Peer bob = await ConnectHttp2Async();
        int stream = await bob.AskAsync(Fields("GET", "/bob", token: token));
        Http2UpstreamPeer other = await AcceptHttp2Async((SettingId.MAX_CONCURRENT_STREAMS, 1));
        await other.RequestAsync(1);
        await other.AnswerAsync(1, ":status: 200\n", "bob's");
        Assert.That((await bob.AnswerAsync(stream)).Body, Is.EqualTo("bob's"));
    }

    [Test]
    public async Task An_upstream_that_closes_each_connection_at_once_is_asked_three_times_at_most()
    {
        Http2Peer client = await ConnectHttp2Async();
        Task<Http2Answer> answer = client.AnswerAsync(await client.AskAsync(Fields("GET", "/a")));
        int opened = 0;
        while (!answer.IsCompleted)
        {
            if (IsUpstreamAsked)
            {
                opened++;
                (await AcceptHttp2Async()).Dispose();
            }

            await Task.WhenAny(answer, Task.Delay(2));
        }

        Assert.That((await answer).Head, Does.StartWith(":status: 502\n"));
        Assert.That(opened, Is.InRange(1, 3));
    }
}
