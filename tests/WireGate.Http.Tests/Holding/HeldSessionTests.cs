using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Holding;

/// <summary>A grant asks for people's yes: the first request waits for it, and the others of its connection do not.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldSessionTests(TransportKind transport) : HeldFixture(transport)
{
    protected override GatewayConfig Change(GatewayConfig config) => config with { Grants = [.. config.Grants.Select(g => g with { Hold = Terms })] };

    [Test]
    public async Task A_session_begins_with_somebodys_yes_and_goes_on_without()
    {
        ReuseBehindBodies();
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("POST /1", "Content-Length: 3\r\n", "a=1"));
        string id = await AskedAsync();
        Assert.That(Of(id).Request, Has.Property(nameof(ApprovalRequest.Kind)).EqualTo(ApprovalKind.Session));
        Assert.That(Of(id).Request.Display, Is.EqualTo("a session on target api, as login bot, as long as its client stays"));
        Assert.That(IsUpstreamAsked, Is.False);
        await ApproveAsync(id);

        RawPeer upstream = await AcceptAsync();
        Assert.That(await upstream.HeadAsync() + await upstream.ReadAsync(3), Does.StartWith("POST /1 ").And.EndWith("a=1"));
        await upstream.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await client.ReadUntilAsync("\r\n\r\nok");
        await client.SendAsync(Request("GET /2"));
        Assert.That(await upstream.HeadAsync(), Does.StartWith("GET /2 "));
        await StateAsync(id, ApprovalState.Executed);
        Assert.That(Records(AuditEventKind.SessionAuthenticated).Single().Approval, Is.EqualTo(id));
        Assert.That(Store.All, Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Another_session_waits_for_a_yes_of_its_own()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1"));
        await ApproveAsync(await AskedAsync());
        await ServeAsync();
        await client.ReadUntilAsync("\r\n\r\nok");
        await client.SendAsync(Request("GET /2").Replace("api.test", "other.test", StringComparison.Ordinal));
        await AskedAsync(2);
        RawPeer other = await ConnectAsync();
        await other.SendAsync(Request("GET /3"));
        await AskedAsync(3);
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_no_ends_it()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1"));
        string id = await AskedAsync();
        await Approvals.DenyAsync(Ann, id, "not on Fridays", CancellationToken.None);

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 403 ").And.Contain($"approval {id} was denied: not on Fridays"));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.NotApproved));
    }

    [Test]
    public async Task Who_has_waited_long_enough_comes_back_and_begins_it()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1"));
        string id = await AskedAsync();
        Assert.That(await LetComeBackAsync(client), Does.StartWith("HTTP/1.1 403 ").And.Contain($"WireGate-Approval: {id}\r\n").And.Contain("Connection: close"));
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ApprovalTimeout));
        await ApproveAsync(id);
        RawPeer again = await ConnectAsync();
        await again.SendAsync(Request("GET /2", For(id)) + Request("GET /3", For(id)));
        Assert.That(await ServeAsync(), Does.StartWith("GET /2 "));
        await again.ReadUntilAsync("\r\n\r\nok");
        await StateAsync(id, ApprovalState.Executed);

        // It was for one session.
        RawPeer third = await ConnectAsync();
        await third.SendAsync(Request("GET /4", For(id)));
        Assert.That(await third.ReadToEndAsync(), Does.StartWith("HTTP/1.1 403 ").And.Contain("was made use of"));
        Assert.That(Store.All, Has.Length.EqualTo(1));
    }

    [Test]
    public async Task An_approved_request_opens_no_session()
    {
        Config = WithRule(Config with { Grants = [.. Config.Grants.Select(g => g with { Hold = null })] }, Core.Policy.Verdict.Hold);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string id = await AskedAsync();
        await LetComeBackAsync(client);
        await ApproveAsync(id);
        Config = Config with { Version = "held", Grants = [.. Config.Grants.Select(g => g with { Hold = Terms })] };
        RawPeer other = await ConnectAsync();
        await other.SendAsync(Post(fields: For(id)));

        Assert.That(await other.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 403 ").And.Contain("is for another request: it is not for a session"));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task A_rule_holds_a_request_of_a_held_session_as_well()
    {
        Config = WithRule(Config, Core.Policy.Verdict.Hold);
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Post());
        string session = await AskedAsync();
        await LetComeBackAsync(client);
        await ApproveAsync(session);
        RawPeer again = await ConnectAsync();
        await again.SendAsync(Post(fields: For(session)));
        await Until.TrueAsync(() => Store.All.Length == 2, "the request to be asked about");
        string request = Store.All.Single(a => a.Request.Kind == ApprovalKind.Operation).Id;
        await ApproveAsync(request);

        Assert.That(await ServeAsync(body: 3), Does.StartWith("POST /held/x "));
        await StateAsync(request, ApprovalState.Executed);
    }

    [Test]
    public async Task A_client_that_leaves_takes_it_back()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1"));
        string id = await AskedAsync();
        client.Dispose();

        await StateAsync(id, ApprovalState.Withdrawn);
        Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }

    [Test]
    public async Task What_the_grant_asks_of_other_people_by_now_does_not_begin()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1"));
        string id = await AskedAsync();
        Config = Config with
        {
            Version = "other",
            Grants = [.. Config.Grants.Select(g => g with { Hold = Terms with { Approvers = [new Core.Policy.ApproverTerms(null, ["security"], 1)] } })],
        };
        await ApproveAsync(id);

        Assert.That(await client.ReadToEndAsync(), Does.StartWith("HTTP/1.1 403 ").And.Contain("the grant asks for other people by now"));
        await StateAsync(id, ApprovalState.Failed);
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task What_is_an_API_server_by_now_is_asked_as_one()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request("GET /1", "Impersonate-User: root\r\n"));
        string id = await AskedAsync();
        Config = WithTargets(Config, t => t with { Protocol = ProtocolNames.Kubernetes });
        await ApproveAsync(id);

        Assert.That(await client.ReadUntilAsync("}\n"), Does.StartWith("HTTP/1.1 400 ").And.Contain("\"kind\":\"Status\""));
        Assert.That(IsUpstreamAsked, Is.False);
    }
}
