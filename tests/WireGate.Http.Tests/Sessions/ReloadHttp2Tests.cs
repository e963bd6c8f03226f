using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Holding;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Sessions;

/// <summary>Another config while several requests of one session are made: what was judged by one is never made by another.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class ReloadHttp2Tests(TransportKind transport) : HeldFixture(transport)
{
    private static readonly HttpLoginConfig Usual = new() { Secret = "real", Surface = HttpSurface.Header, Name = "Authorization", Before = "Bearer " };

    protected override GatewayConfig Change(GatewayConfig config)
    {
        config = base.Change(config);
        return config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] };
    }

    [Test]
    public async Task A_login_that_changes_is_not_that_of_what_was_judged_before()
    {
        Http2Peer client = await ConnectHttp2Async();
        int judged = await JudgedAsync(client);
        Config = WithLogin(Config with { Version = "2" }, Usual with { Before = "token " });

        // Another request takes over what the new config says.
        await client.AskAsync(Fields("GET", "/x"));
        Assert.That(await TakeAsync(), Does.Contain($"\r\nAuthorization: token {Real}\r\n"));
        Audit.ReleaseDisk();
        Assert.That(await TakeAsync(), Does.StartWith("POST /judged ").And.Contain($"\r\nAuthorization: Bearer {Real}\r\n"));
        Assert.That((await client.AnswerAsync(judged)).Body, Is.EqualTo("ok"));
    }

    [Test]
    public async Task A_target_that_moves_is_not_that_of_what_was_judged_before()
    {
        Http2Peer client = await ConnectHttp2Async();
        int judged = await JudgedAsync(client);
        Config = Config with
        {
            Version = "2",
            Targets = Config.Targets.Values.Select(t => t.Name == "api" ? t with { Hosts = [], Path = "/moved" } : t).ToFrozenDictionary(t => t.Name),
        };
        Sessions.KillNotGranted(Config);
        int other = await client.AskAsync(Fields("GET", "/other"));
        Assert.That((await client.AnswerAsync(other)).Head, Does.StartWith(":status: 421\n"), "where it was there is nothing");
        await client.AskAsync(Fields("GET", "/moved/x"));
        Assert.That(await TakeAsync(), Does.StartWith("GET /x "));

        Audit.ReleaseDisk();
        Assert.That(await TakeAsync(), Does.StartWith("POST /judged "));
        Assert.That((await client.AnswerAsync(judged)).Body, Is.EqualTo("ok"));
    }

    [TestCase("target")]
    [TestCase("login")]
    [TestCase("grant")]
    public async Task What_is_gone_ends_what_was_judged_and_not_made(string what)
    {
        Http2Peer client = await ConnectHttp2Async();
        await JudgedAsync(client);
        Config = what switch
        {
            "target" => Config with { Version = "2", Targets = Config.Targets.Values.Where(t => t.Name != "api").ToFrozenDictionary(t => t.Name) },
            "login" => Config with
            {
                Version = "2",
                Targets = Config.Targets.Values.Select(t => t with { Logins = [t.Logins[0] with { Name = "other" }] }).ToFrozenDictionary(t => t.Name),
            },
            _ => Config with { Version = "2", Grants = [] },
        };
        Sessions.KillNotGranted(Config);
        Audit.ReleaseDisk();
        await client.ReadToEndAsync();

        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.NoLongerGranted));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_placeholder_that_waits_in_the_wrong_place_by_now_is_refused_though_others_are_not()
    {
        Http2Peer client = await ConnectHttp2Async();
        int held = await client.AskAsync(Fields("DELETE", "/held/x"));
        string id = await AskedAsync();
        Config = WithLogin(Config with { Version = "2" }, Usual with { Name = "X-Key", Before = "" });
        int other = await client.AskAsync(Fields("GET", "/x").Replace("authorization: Bearer ", "x-key: ", StringComparison.Ordinal));
        Assert.That(await TakeAsync(), Does.Contain($"\r\nX-Key: {Real}\r\n"));
        Assert.That((await client.AnswerAsync(other)).Body, Is.EqualTo("ok"));
        await ApproveAsync(id);

        Assert.That((await client.AnswerAsync(held)).Body, Does.Contain("this target takes a placeholder in the field X-Key"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task Of_those_that_take_over_the_same_config_each_is_looked_at()
    {
        Http2Peer client = await ConnectHttp2Async();
        await MadeAsync(client);
        Config = WithLogin(Config with { Version = "2" }, Usual with { Name = "X-Key", Before = "" });
        string there = Fields("GET", "/x").Replace("authorization: Bearer ", "x-key: ", StringComparison.Ordinal);
        int[] streams = [await client.AskAsync(there), await client.AskAsync(Fields("GET", "/wrong")), await client.AskAsync(there)];
        RawPeer one = await AcceptAsync(), two = await AcceptAsync();
        foreach (RawPeer upstream in new[] { one, two })
        {
            Assert.That(await upstream.HeadAsync(), Does.Contain($"\r\nX-Key: {Real}\r\n"));
            await upstream.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        }

        Assert.That((await client.AnswerAsync(streams[0])).Head, Is.EqualTo(":status: 204\ncache-control: private\n"));
        Assert.That((await client.AnswerAsync(streams[1])).Head, Does.StartWith(":status: 403\n"));
        Assert.That((await client.AnswerAsync(streams[2])).Head, Is.EqualTo(":status: 204\ncache-control: private\n"));
    }

    // A request is judged, and its line in the audit log is not on the disk yet.
    private async Task<int> JudgedAsync(Http2Peer client)
    {
        await MadeAsync(client);
        Audit.HoldDisk();
        int before = Audit.Waits;
        int stream = await client.AskAsync(Fields("POST", "/judged", "content-length: 0\n"));
        await Until.TrueAsync(() => Audit.Waits > before, "the request to be judged");
        return stream;
    }

    /// <returns>What the upstream got.</returns>
    private async Task<string> MadeAsync(Http2Peer client)
    {
        int stream = await client.AskAsync(Fields("GET", "/x"));
        string got = await TakeAsync();
        Assert.That((await client.AnswerAsync(stream)).Body, Is.EqualTo("ok"));
        return got;
    }

    // Each on a connection of its own: which of those that wait is taken is not what this is about.
    private async Task<string> TakeAsync()
    {
        RawPeer upstream = await AcceptAsync();
        string got = await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        return got;
    }
}
