using System.Text;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Testing.Peers;
using WireGate.Testing.Time;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>What is cancelled while it is decided about elsewhere does not run.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class CancelledDecisionTests(TransportKind transport) : HeldFixture(transport)
{
    private ScriptedDecisionPoint _point = null!;
    private TaskCompletionSource<string> _answer = null!;

    [SetUp]
    public void Ask() => _point.Answer = _ => _answer.Task;

    [TearDown]
    public async Task StopAsync() => await _point.DisposeAsync();

    [Test]
    public async Task What_would_be_allowed_is_57014()
    {
        (ScriptedClient client, UpstreamPeer upstream, PeerMessage key) = await OpenAsync();
        await client.SendAsync(Query("insert into orders values (1)"));
        await Until.TrueAsync(() => _point.Asked.Count == 1, "the question");

        await CancelAsync(key);
        _answer.SetResult(Yes);

        PeerMessage error = await RefusedAsync(client, upstream);
        Assert.That(error.Field('M'), Does.StartWith("canceling statement due to user request"));
    }

    [Test]
    public async Task What_was_approved_is_57014_and_the_yes_is_used_up()
    {
        (ScriptedClient client, UpstreamPeer upstream, PeerMessage key) = await OpenAsync();
        _point.Says(Yes);
        await client.SendAsync(Query("delete from orders"));
        await client.ExpectAsync('N');
        _point.Answer = _ => _answer.Task;
        await Approvals.ApproveAsync(Ann, Store.All.Single().Id, null, CancellationToken.None);
        await Until.TrueAsync(() => _point.Asked.Count == 2, "the second question");

        await CancelAsync(key);
        _answer.SetResult(Yes);

        await RefusedAsync(client, upstream);
        await Until.TrueAsync(() => !Store.All.Single().State.IsOpen(), "what became of it");
        Assert.That((Store.All.Single().State, Store.All.Single().Detail), Is.EqualTo((ApprovalState.Failed, "the client cancelled it")));
    }

    [Test]
    public async Task What_came_before_is_cancelled_as_well()
    {
        (ScriptedClient client, UpstreamPeer upstream, PeerMessage key) = await OpenAsync();
        _point.Says(Yes);
        await client.SendAsync(Query("select 1"));
        await upstream.ExpectAsync('Q');
        _point.Answer = _ => _answer.Task;
        await client.SendAsync(Query("insert into orders values (1)"));
        await Until.TrueAsync(() => _point.Asked.Count == 2, "the second question");

        await CancelAsync(key, isPassedOn: true);
        _answer.SetResult(Yes);

        Assert.That((await upstream.ExpectAsync('Q')).Text, Does.StartWith("wiregate refused"));
    }

    protected override GatewayConfig Hold(GatewayConfig config)
    {
        _point = ScriptedDecisionPoint.Open();
        _answer = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        GatewayConfig held = HeldMeanwhileTests.HoldDeletes(config);
        return held with { Rules = held.Rules with { External = new ExternalRulesConfig(_point.Address, TimeSpan.FromSeconds(30)) } };
    }

    private static string Yes => ScriptedDecisionPoint.Result("""{"decision":"allow"}""");

    private async Task<(ScriptedClient Client, UpstreamPeer Upstream, PeerMessage Key)> OpenAsync()
    {
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password));
        await upstream.GreetAsync(key: [1, 2, 3, 4]);
        return (client, upstream, (await client.ReadGreetingAsync()).Single(m => m.Type == 'K'));
    }

    private async Task CancelAsync(PeerMessage key, bool isPassedOn = false)
    {
        ScriptedClient canceller = await ConnectAsync();
        await canceller.CancelAsync(key.Code, key.Body[4..]);
        if (isPassedOn)
        {
            await using UpstreamPeer cancel = await AcceptAsync();
            await cancel.ReadPacketAsync();
        }

        Assert.That(await canceller.ReadToEndAsync(), Is.Empty);
    }

    private static async Task<PeerMessage> RefusedAsync(ScriptedClient client, UpstreamPeer upstream)
    {
        Assert.That((await upstream.ExpectAsync('Q')).Text, Does.StartWith("wiregate refused"));
        await upstream.SendAsync('E', "SERROR\0VERROR\0C42601\0Mno\0\0");
        await upstream.SendAsync('Z', "I");
        PeerMessage error = await client.ExpectAsync('E');
        Assert.That(error.Field('C'), Is.EqualTo("57014"));
        return error;
    }

    private static byte[] Query(string sql) => ScriptedClient.Message('Q', Encoding.ASCII.GetBytes($"{sql}\0"));
}
