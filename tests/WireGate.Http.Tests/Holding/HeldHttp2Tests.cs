using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Http2;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Holding;

/// <summary>A request on a stream of HTTP/2 waits for people, and nothing else on its connection does.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldHttp2Tests(TransportKind transport) : HeldFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config)
    {
        config = base.Change(config);
        return config with { Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }] };
    }

    [Test]
    public async Task What_was_held_is_sent_and_others_go_on_meanwhile()
    {
        Http2Peer client = await ConnectHttp2Async();
        int held = await client.AskAsync(Fields("POST", "/held/x", "content-length: 3\n"), "a=1");
        string id = await AskedAsync();
        Assert.That(Of(id).Request.Display, Does.StartWith("POST http://").And.EndWith("a=1\n").Or.EndWith("a=1"));
        int next = await client.AskAsync(Fields("GET", "/x"));
        Assert.That(await ServeAsync(), Does.StartWith("GET /x "));
        Assert.That((await client.AnswerAsync(next)).Body, Is.EqualTo("ok"));

        await ApproveAsync(id);
        Assert.That(await ServeAsync(body: 3), Does.StartWith("POST /held/x ").And.EndWith("a=1"));
        Assert.That((await client.AnswerAsync(held)).Body, Is.EqualTo("ok"));
        Assert.That(Verdicts(id), Is.EqualTo(new[] { "allow" }));
    }

    [Test]
    public async Task A_body_that_waits_takes_nothing_of_what_others_may_send()
    {
        Http2Peer client = await ConnectHttp2Async();
        string body = new('b', 60_000);
        int held = await client.AskAsync(Fields("POST", "/held/x"), body);
        await AskedAsync();
        int next = await client.AskAsync(Fields("POST", "/x"), body);
        Assert.That(await ServeAsync(body: 0), Does.StartWith("POST /x "));
        Assert.That((await client.AnswerAsync(next)).Body, Is.EqualTo("ok"));
        await client.ResetAsync(held);
        await StateAsync(Store.All[0].Id, ApprovalState.Withdrawn);
    }

    [Test]
    public async Task Who_takes_it_back_is_asked_for_no_more_and_others_go_on()
    {
        Http2Peer client = await ConnectHttp2Async();
        int held = await client.AskAsync(Fields("DELETE", "/held/x"));
        string id = await AskedAsync();
        await client.ResetAsync(held);
        await StateAsync(id, ApprovalState.Withdrawn);

        int next = await client.AskAsync(Fields("GET", "/x"));
        await ServeAsync();
        Assert.That((await client.AnswerAsync(next)).Body, Is.EqualTo("ok"));
    }

    [Test]
    public async Task A_client_that_is_gone_takes_it_back()
    {
        Http2Peer client = await ConnectHttp2Async();
        await client.AskAsync(Fields("DELETE", "/held/x"));
        string id = await AskedAsync();
        client.Dispose();

        await StateAsync(id, ApprovalState.Withdrawn);
    }

    [Test]
    public async Task A_session_that_is_revoked_takes_it_back()
    {
        Http2Peer client = await ConnectHttp2Async();
        await client.ReadUntilAsync(() => client.HasSettings);
        await client.AskAsync(Fields("DELETE", "/held/x"));
        string id = await AskedAsync();
        Sessions.KillAll(SessionEnd.Revoked);

        await StateAsync(id, ApprovalState.Withdrawn);
        await client.ReadToEndAsync();
        Assert.That(client.GoAway?.Code, Is.EqualTo(ErrorCode.NO_ERROR));
    }

    [Test]
    public async Task A_client_that_prefers_not_to_wait_gets_202_and_comes_back_on_another_stream()
    {
        Http2Peer client = await ConnectHttp2Async();
        Http2Answer answer = await client.AnswerAsync(await client.AskAsync(Fields("DELETE", "/held/x", "prefer: respond-async\n")));
        string id = await AskedAsync();
        Assert.That(answer.Head, Does.StartWith(":status: 202\n").And.Contain($"wiregate-approval: {id}\n"));
        await ApproveAsync(id);
        Http2Answer state = await client.AnswerAsync(await client.AskAsync(Fields("GET", $"/.well-known/wiregate/approvals/{id}")));
        Assert.That(state.Body, Does.Contain("\"approved\""));

        int again = await client.AskAsync(Fields("DELETE", "/held/x", $"wiregate-approval: {id}\n"));
        Assert.That(await ServeAsync(), Does.StartWith("DELETE /held/x ").And.Not.Contain("approval"));
        Assert.That((await client.AnswerAsync(again)).Body, Is.EqualTo("ok"));
    }

    [Test]
    public async Task Who_waits_when_the_gateway_stops_is_told_how_to_come_back()
    {
        Http2Peer client = await ConnectHttp2Async();
        int held = await client.AskAsync(Fields("POST", "/held/x"));
        string id = await AskedAsync();
        await client.SettleAsync();
        await DrainAsync();

        Assert.That((await client.AnswerAsync(held)).Head, Does.StartWith(":status: 403\n").And.Contain($"wiregate-approval: {id}\n"));
        await client.ReadToEndAsync();
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
        Assert.That(Of(id).State, Is.EqualTo(ApprovalState.Pending));
    }
}
