using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Upstreams of HTTP/2 that take no request of anybody, each in its way: a request costs few attempts, and its client is told.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class UpstreamSendsAwayTests(TransportKind transport) : HttpFixture(transport)
{
    // One, one more for what was not taken, and a new one for what may be made twice.
    private const int MostConnections = 3;

    private readonly List<Http2UpstreamPeer> _accepted = [];

    protected override GatewayConfig Change(GatewayConfig config) =>
        WithHttp2(config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] });

    [SetUp]
    public void Forget() => _accepted.Clear();

    [TestCase("GET", true)]
    [TestCase("GET", false)]
    [TestCase("POST", true)]
    [TestCase("POST", false)]
    public async Task GOAWAY_on_each_connection_is_told_after_few(string method, bool isAsked)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"{method} /a"));
        Task<string> answer = client.ReadUntilAsync("}\n");
        await ServeAsync(answer, upstream => GoAwayAsync(upstream, isAsked));

        Assert.That(await answer, Does.StartWith("HTTP/1.1 502 "));
        Assert.That(_accepted, Has.Count.InRange(1, MostConnections));
        Assert.That(
            Records(AuditEventKind.SessionRefused).Single().Detail,
            Does.Contain("takes no requests").Or.EqualTo("the upstream closed before it answered").Or.EqualTo("the upstream ended the stream before it answered: REFUSED_STREAM"));
        await AssertQuietAsync();
    }

    [Test]
    public async Task GOAWAY_on_each_connection_costs_many_that_come_at_once_no_more([Values] bool isAsked)
    {
        const int Requests = 8;
        Task<List<Http2Answer>> answers = AskAsync(Requests);
        await ServeAsync(answers, upstream => GoAwayAsync(upstream, isAsked));
        foreach (Http2Answer answer in await answers)
        {
            Assert.That(answer.Reset == ErrorCode.REFUSED_STREAM || answer.Head.StartsWith(":status: 502\n", StringComparison.Ordinal), $"{answer.Head}{answer.Reset}");
        }

        Assert.That(_accepted, Has.Count.InRange(1, Requests * MostConnections));
        await AssertQuietAsync();
    }

    [Test]
    public async Task Streams_that_are_all_refused_are_told_after_two()
    {
        int asked = 0;
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /a"));
        Task<string> answer = client.ReadUntilAsync("}\n");
        await ServeAsync(answer, async upstream =>
        {
            for (int stream = 1; ; stream += 2)
            {
                await upstream.RequestAsync(stream);
                asked++;
                await upstream.ResetAsync(stream, ErrorCode.REFUSED_STREAM);
            }
        });

        Assert.That(await answer, Does.StartWith("HTTP/1.1 502 "));
        Assert.That(asked, Is.EqualTo(2));
        Assert.That(Records(AuditEventKind.SessionRefused).Single().Detail, Is.EqualTo("the upstream ended the stream before it answered: REFUSED_STREAM"));
        await AssertQuietAsync();
    }

    [Test]
    public async Task One_that_takes_no_stream_is_told_at_once_and_its_connection_is_not_kept()
    {
        RawPeer client = await ConnectAsync();
        for (int i = 1; i <= 3; i++)
        {
            await client.SendAsync(Request("GET /a"));
            Http2UpstreamPeer upstream = await AcceptHttp2Async((SettingId.MAX_CONCURRENT_STREAMS, 0));
            Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 502 "));
            await upstream.ReadToEndAsync();
            Assert.That((upstream.GoAway, upstream.Streams), Is.EqualTo(((0, ErrorCode.NO_ERROR), 0)));
            Assert.That(Records(AuditEventKind.SessionRefused), Has.Count.EqualTo(i));
            Assert.That(Records(AuditEventKind.SessionRefused)[^1].Detail, Does.Contain("takes no requests on a new connection"));
        }

        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Many_at_once_cost_one_that_takes_no_stream_as_many_connections_at_most()
    {
        const int Requests = 8;
        Task<List<Http2Answer>> answers = AskAsync(Requests);
        await ServeAsync(answers, upstream => upstream.ReadToEndAsync(), (SettingId.MAX_CONCURRENT_STREAMS, 0));
        foreach (Http2Answer answer in await answers)
        {
            Assert.That(answer.Head, Does.StartWith(":status: 502\n"));
        }

        Assert.That(_accepted, Has.Count.InRange(1, Requests));
        await AssertQuietAsync();
    }

    // All are asked before any is answered.
    private async Task<List<Http2Answer>> AskAsync(int count)
    {
        Http2Peer client = await ConnectHttp2Async();
        var streams = new List<int>();
        for (int i = 0; i < count; i++)
        {
            streams.Add(await client.AskAsync(Fields("GET", $"/{i}")));
        }

        var answers = new List<Http2Answer>();
        foreach (int stream in streams)
        {
            answers.Add(await client.AnswerAsync(stream));
        }

        return answers;
    }

    // With its settings, or once something was asked.
    private static async Task GoAwayAsync(Http2UpstreamPeer upstream, bool isAsked)
    {
        if (isAsked)
        {
            await upstream.RequestAsync(1);
        }

        await upstream.GoAwayAsync(0);
        await upstream.ReadToEndAsync();
    }

    /// <summary>Accepts what connections there are until all is answered.</summary>
    private async Task ServeAsync(Task answers, Func<Http2UpstreamPeer, Task> serve, params (SettingId, uint)[] settings)
    {
        while (!answers.IsCompleted)
        {
            if (IsUpstreamAsked)
            {
                Http2UpstreamPeer upstream = await AcceptHttp2Async(settings);
                _accepted.Add(upstream);
                _ = ServeAsync(upstream, serve);
            }

            await Task.WhenAny(answers, Task.Delay(2));
        }

        await answers;
    }

    private static async Task ServeAsync(Http2UpstreamPeer upstream, Func<Http2UpstreamPeer, Task> serve)
    {
        try
        {
            await serve(upstream);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The gateway closed it, or the test is over.
        }
    }

    // Nothing is tried by itself, whatever time goes by.
    private async Task AssertQuietAsync()
    {
        Time.Advance(TimeSpan.FromSeconds(10));
        RawPeer other = await ConnectAsync();
        await other.SendAsync(Request("GET /admin/x"));
        Assert.That(await other.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 "));
        Assert.That(IsUpstreamAsked, Is.False);
    }
}
