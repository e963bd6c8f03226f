using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;
using WireGate.Testing.Time;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>A session whose grant asks for people's yes.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldSessionTests(TransportKind transport) : HeldFixture(transport)
{
    [Test]
    public async Task Nothing_of_the_upstream_is_touched_before_the_yes_and_the_client_knows_why_it_waits()
    {
        ScriptedClient client = await PresentAsync();
        Assert.That((await client.ReadMessageAsync()).Type, Is.EqualTo('R'), "in, as far as the password goes");
        PeerMessage notice = await client.ReadMessageAsync();
        Approval asked = Store.All.Single();
        Assert.That(notice.Type, Is.EqualTo('N'));
        Assert.That(notice.Field('M'), Does.StartWith($"waiting for approval {asked.Id} by 1 of dba until "));
        Assert.That(notice.Field('D'), Is.EqualTo("held by grant \"agents\""));
        Assert.That(notice.Field('H'), Does.Contain($"wiregate approval approve {asked.Id}").And.EndsWith("Disconnect to withdraw the request."));
        Assert.That(asked.Request.Display, Is.EqualTo("a session on target orders, database shop, as login ro, for 00:30:00"));
        Assert.That(Upstream.HasWaiting, Is.False);
        Assert.That(Gateway.Sessions.List().Single().Phase, Is.EqualTo(SessionPhase.Held));

        await Approvals.ApproveAsync(Ann, asked.Id, null, CancellationToken.None);

        (client, UpstreamPeer upstream) = await EstablishAsync(client);
        await AskAsync(client, upstream);
        Assert.That(Gateway.Records(AuditEventKind.SessionAuthenticated).Single().Approval, Is.EqualTo(asked.Id));
        await Until.TrueAsync(() => Store.All.Single().State == ApprovalState.Executed, "the approval to be used");
    }

    [Test]
    public async Task It_is_told_again_every_ten_seconds()
    {
        ScriptedClient client = await PresentAsync();
        await client.ReadMessageAsync();
        for (int i = 0; i < 3; i++)
        {
            Assert.That((await client.ReadMessageAsync()).Type, Is.EqualTo('N'));
            Gateway.Time.Advance(TimeSpan.FromSeconds(10));
        }
    }

    [Test]
    public async Task A_no_is_42501_with_its_reason()
    {
        ScriptedClient client = await PresentAsync();
        await Approvals.DenyAsync(Ann, await AskedAsync(), "not on a Friday", CancellationToken.None);

        PeerMessage error = await RefusedAsync(client, "42501", SessionEnd.NotApproved);

        Assert.That(error.Field('M'), Does.Contain("was denied: not on a Friday"));
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [Test]
    public async Task No_answer_in_time_is_57014()
    {
        ScriptedClient client = await PresentAsync();
        await AskedAsync();
        Gateway.Time.Advance(TimeSpan.FromMinutes(5));

        PeerMessage error = await RefusedAsync(client, "57014", SessionEnd.ApprovalTimeout);

        Assert.That(error.Field('M'), Does.Contain("was not given in time"));
    }

    [Test]
    public async Task The_time_to_prove_oneself_does_not_run_meanwhile()
    {
        ScriptedClient client = await PresentAsync();
        string id = await AskedAsync();
        Gateway.Time.Advance(Gateway.Config.Limits.Authentication + TimeSpan.FromSeconds(30));
        await Approvals.ApproveAsync(Ann, id, null, CancellationToken.None);

        await EstablishAsync(client);
    }

    [Test]
    public async Task The_session_s_end_takes_the_request_back_and_is_told()
    {
        ScriptedClient client = await PresentAsync();
        await AskedAsync();

        Gateway.Sessions.KillAll(SessionEnd.Revoked);

        PeerMessage error = (await client.ReadGreetingAsync())[^1];
        Assert.That(error.Field('C'), Is.EqualTo("57P01"));
        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.Revoked));
        Assert.That(Store.All.Single().State, Is.EqualTo(ApprovalState.Withdrawn));
    }

    [Test]
    public async Task A_yes_for_an_upstream_that_is_not_there_is_used_up()
    {
        ScriptedClient client = await PresentAsync();
        string id = await AskedAsync();
        Upstream.Dispose();
        await Approvals.ApproveAsync(Ann, id, null, CancellationToken.None);

        await RefusedAsync(client, "57P03", SessionEnd.UpstreamUnreachable);

        await Until.TrueAsync(() => Store.All.Single().State == ApprovalState.Failed, "the approval to be used");
    }

    [TestCase("sec", 1)]
    [TestCase("dba", 2)]
    public async Task A_yes_that_does_not_suffice_any_more_opens_nothing(string group, int count)
    {
        ScriptedClient client = await PresentAsync();
        string id = await AskedAsync();
        HoldTerms terms = By(new ApproverTerms(null, [group], count), TimeSpan.FromMinutes(5));
        Change(config => config with { Grants = [config.Grants[0] with { Hold = terms }] });
        await Approvals.ApproveAsync(Ann, id, null, CancellationToken.None);

        PeerMessage error = await RefusedAsync(client, "42501", SessionEnd.NotApproved);

        Assert.That(error.Field('M'), Does.Contain("asks for other people by now"));
        Assert.That(Upstream.HasWaiting, Is.False);
        await Until.TrueAsync(() => Store.All.Single().State == ApprovalState.Failed, "the approval to be used up");
    }

    [Test]
    public async Task What_is_opened_is_what_was_shown()
    {
        ScriptedClient client = await PresentAsync();
        string id = await AskedAsync();
        Change(config => config with { Grants = [config.Grants[0] with { SessionLifetime = TimeSpan.FromHours(8) }] });
        await Approvals.ApproveAsync(Ann, id, null, CancellationToken.None);

        PeerMessage error = await RefusedAsync(client, "42501", SessionEnd.NotApproved);

        Assert.That(error.Field('M'), Does.Contain("is something else by now"));
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [Test]
    public async Task A_grant_that_is_gone_opens_nothing()
    {
        ScriptedClient client = await PresentAsync();
        string id = await AskedAsync();
        Change(config => config with { Grants = [] });
        await Approvals.ApproveAsync(Ann, id, null, CancellationToken.None);

        await RefusedAsync(client, "28000", SessionEnd.NotGranted);

        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [Test]
    public async Task What_another_config_says_of_the_target_holds()
    {
        ScriptedClient client = await PresentAsync();
        string id = await AskedAsync();
        Change(config => WithTarget(config, t => t with { Logins = [t.Logins[0] with { User = "app_reader" }] }));
        await Approvals.ApproveAsync(Ann, id, null, CancellationToken.None);

        UpstreamPeer upstream = await AcceptAsync();
        Assert.That((await upstream.ReadStartupAsync())["user"], Is.EqualTo("app_reader"));
        await client.DisposeAsync();
    }

    protected override GatewayConfig Hold(GatewayConfig config) => config with
    {
        Grants = [config.Grants[0] with { Hold = By(new ApproverTerms(null, ["dba"], 1), TimeSpan.FromMinutes(5)), SessionLifetime = TimeSpan.FromMinutes(30) }],
    };
}
