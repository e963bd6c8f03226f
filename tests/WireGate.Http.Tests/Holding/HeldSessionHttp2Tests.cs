using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;

namespace WireGate.Http.Tests.Holding;

/// <summary>All requests of a connection wait for the same yes: that one of them is taken back takes nothing from the others.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldSessionHttp2Tests(TransportKind transport) : HeldFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with
    {
        Grants = [.. config.Grants.Select(g => g with { Hold = Terms })],
        Listeners = [config.Listeners[0] with { Http2 = ListenerHttp2.Clear }],
    };

    [Test]
    public async Task Whoever_remains_goes_on_waiting()
    {
        Http2Peer client = await ConnectHttp2Async();
        int first = await client.AskAsync(Fields("GET", "/first"));
        string id = await AskedAsync();
        int second = await client.AskAsync(Fields("GET", "/second"));
        await client.SettleAsync();
        await client.ResetAsync(first);
        await client.SettleAsync();
        Assert.That(Of(id).State, Is.EqualTo(ApprovalState.Pending));
        await ApproveAsync(id);

        Assert.That(await ServeAsync(), Does.StartWith("GET /second "));
        Assert.That((await client.AnswerAsync(second)).Body, Is.EqualTo("ok"));
        Assert.That(IsUpstreamAsked, Is.False, "what was taken back is not made");
        Assert.That(Records(AuditEventKind.SessionAuthenticated).Single().Approval, Is.EqualTo(id));
    }

    [Test]
    public async Task What_was_taken_back_while_it_waited_behind_another_is_not_made()
    {
        Http2Peer client = await ConnectHttp2Async();
        int first = await client.AskAsync(Fields("GET", "/first"));
        string id = await AskedAsync();
        int second = await client.AskAsync(Fields("GET", "/second"));
        await client.SettleAsync();
        await client.ResetAsync(second);
        await client.SettleAsync();
        await ApproveAsync(id);

        Assert.That(await ServeAsync(), Does.StartWith("GET /first "));
        Assert.That((await client.AnswerAsync(first)).Body, Is.EqualTo("ok"));
        Assert.That(Audit.Operations.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task The_last_who_leaves_takes_it_back()
    {
        Http2Peer client = await ConnectHttp2Async();
        int first = await client.AskAsync(Fields("GET", "/first"));
        string id = await AskedAsync();
        int second = await client.AskAsync(Fields("GET", "/second"));
        await client.SettleAsync();
        await client.ResetAsync(second);
        await client.SettleAsync();
        Assert.That(Of(id).State, Is.EqualTo(ApprovalState.Pending));
        await client.ResetAsync(first);

        await StateAsync(id, ApprovalState.Withdrawn);
        await client.ReadUntilAsync(() => client.GoAway is not null);
    }

    [Test]
    public async Task A_session_that_is_revoked_takes_it_back()
    {
        Http2Peer client = await ConnectHttp2Async();
        await client.AskAsync(Fields("GET", "/first"));
        string id = await AskedAsync();
        await client.AskAsync(Fields("GET", "/second"));
        await client.SettleAsync();
        Sessions.KillAll(SessionEnd.Revoked);

        await StateAsync(id, ApprovalState.Withdrawn);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.Revoked));
    }

    [Test]
    public async Task A_no_is_told_to_all()
    {
        Http2Peer client = await ConnectHttp2Async();
        int[] streams = [await client.AskAsync(Fields("GET", "/first")), 0];
        string id = await AskedAsync();
        streams[1] = await client.AskAsync(Fields("GET", "/second"));
        await client.SettleAsync();
        await Approvals.DenyAsync(Ann, id, "not on Fridays", CancellationToken.None);

        foreach (int stream in streams)
        {
            Assert.That((await client.AnswerAsync(stream)).Body, Does.Contain("not on Fridays"));
        }
    }

    [Test]
    public async Task Who_waits_when_the_gateway_stops_is_told_how_to_come_back()
    {
        Http2Peer client = await ConnectHttp2Async();
        int[] waiting = [await client.AskAsync(Fields("POST", "/held/x")), await client.AskAsync(Fields("POST", "/held/x"))];
        string id = await AskedAsync();
        await client.SettleAsync();
        await DrainAsync();

        foreach (int stream in waiting)
        {
            Assert.That((await client.AnswerAsync(stream)).Head, Does.StartWith(":status: 403\n").And.Contain($"wiregate-approval: {id}\n"));
        }

        await client.ReadToEndAsync();
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ApprovalTimeout));
        Assert.That(Of(id).State, Is.EqualTo(ApprovalState.Pending));
    }
}
