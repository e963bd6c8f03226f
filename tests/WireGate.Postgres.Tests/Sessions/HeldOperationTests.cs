using System.Text;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Testing.Peers;
using WireGate.Testing.Time;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>What is held runs only as it was shown, and only while those who said yes are those who are asked.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldOperationTests(TransportKind transport) : HeldFixture(transport)
{
    private const string Sql = "delete from orders";

    [Test]
    public async Task Runs_once_it_is_approved()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await HeldAsync(client);

        await Approvals.ApproveAsync(Ann, Store.All.Single().Id, null, CancellationToken.None);

        Assert.That((await upstream.ExpectAsync('Q')).Text, Is.EqualTo($"{Sql}\0"));
    }

    [Test]
    public async Task A_gateway_that_stops_waits_with_it_for_people()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await HeldAsync(client);
        await Gateway.DrainAsync();

        await Approvals.ApproveAsync(Ann, Store.All.Single().Id, null, CancellationToken.None);

        Assert.That((await upstream.ExpectAsync('Q')).Text, Is.EqualTo($"{Sql}\0"));
        await upstream.SendAsync('C', "DELETE 1\0");
        await upstream.SendAsync('Z', "I");
        await client.ExpectAsync('C');
        await client.ExpectAsync('Z');
        Assert.That((await client.ExpectAsync('E')).Field('C'), Is.EqualTo("57P01"));
    }

    [TestCase("sec", 1)]
    [TestCase("dba", 2)]
    public async Task A_yes_that_does_not_suffice_any_more_runs_nothing(string group, int count)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await HeldAsync(client);
        Change(config => config with { Rules = HeldBy(new ApproverTerms(null, [group], count)) });

        await Approvals.ApproveAsync(Ann, Store.All.Single().Id, null, CancellationToken.None);

        PeerMessage error = await RefusedAsync(client, upstream, 'Q');
        Assert.That(error.Field('M'), Does.Contain("asks for other people by now"));
        await Until.TrueAsync(() => Store.All.Single().State == ApprovalState.Failed, "the approval to be used up");
    }

    [Test]
    public async Task A_text_that_people_would_not_see_to_its_end_is_not_held()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync(M('Q', $"{Sql} where /* {new string('x', ApprovalDisplay.MaxBytes)} */ true\0"));

        PeerMessage error = await RefusedAsync(client, upstream, 'Q');

        Assert.That(error.Field('M'), Does.Contain("cannot be shown to people in full"));
        Assert.That(Store.All, Is.Empty);
    }

    [TestCase("delete from t where current of c")]
    [TestCase("explain analyze update t set a = 1 where current of c")]
    [TestCase("with w as (delete from t where current of c returning a) select * from w")]
    public async Task What_is_about_the_row_of_a_cursor_is_not_held(string sql)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync(M('Q', sql + "\0"));

        PeerMessage error = await RefusedAsync(client, upstream, 'Q');

        Assert.That(error.Field('M'), Does.Contain("what a name stands for cannot be shown to people"));
        Assert.That(Store.All, Is.Empty);
    }

    [Test]
    public async Task Values_are_shown_to_their_end([Values(256, 257, 4000)] int length)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        string value = new string('x', length - 3) + "end";
        await RunAsync(client, value);
        await ParsedAsync(client, upstream);

        Assert.That(Store.All.Single().Request.Display, Does.EndWith($"\"{value}\"]"));
    }

    [Test]
    public async Task Values_that_people_would_not_see_to_their_end_are_not_held()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await RunAsync(client, new string('x', ApprovalDisplay.MaxBytes));
        await upstream.ExpectAsync('P');
        await upstream.ExpectAsync('E');
        await upstream.ExpectAsync('S');
        await upstream.SendAsync('1', "");
        await upstream.SendAsync('E', "SERROR\0VERROR\0C34000\0Mno\0\0");
        await client.ExpectAsync('1');
        PeerMessage error = await client.ExpectAsync('E');

        Assert.That(error.Field('M'), Does.Contain("cannot be shown to people in full"));
        Assert.That(Store.All, Is.Empty);
    }

    [Test]
    public async Task What_runs_before_it_up_to_the_Sync_is_a_transaction()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        // Whatever was executed may have opened one.
        await RunAsync(client, "1", sync: false);
        await ParsedAsync(client, upstream);
        await Approvals.ApproveAsync(Ann, Store.All.Single().Id, null, CancellationToken.None);
        await upstream.ExpectAsync('B');
        await upstream.ExpectAsync('E');
        await RunAsync(client, "2");
        await upstream.ExpectAsync('P');
        await upstream.ExpectAsync('H');
        await upstream.SendAsync('2', "");
        await upstream.SendAsync('C', "DELETE 1\0");
        await upstream.SendAsync('1', "");
        foreach (char type in "2C1N")
        {
            await client.ExpectAsync(type);
        }

        Approval second = Store.All.Single(a => a.State == ApprovalState.Pending);
        Assert.That(second.Request.IsInTransaction, Is.True);
        Assert.That(second.Request.Context["transaction"], Is.EqualTo("open"));
    }

    // The upstream runs a portal once, however often it is executed.
    [Test]
    public async Task What_gives_its_rows_in_parts_needs_one_yes()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await RunAsync(client, "1", sync: false);
        await ParsedAsync(client, upstream);
        await Approvals.ApproveAsync(Ann, Store.All.Single().Id, null, CancellationToken.None);
        await upstream.ExpectAsync('B');
        await upstream.ExpectAsync('E');
        await upstream.SendAsync('2', "");
        await upstream.SendAsync('s', "");
        await client.ExpectAsync('2');
        await client.ExpectAsync('s');
        await Until.TrueAsync(() => Store.All.Single().State == ApprovalState.Executed, "what became of it");

        await client.SendAsync(M('E', "\0\0\0\0\0"));

        await upstream.ExpectAsync('E');
        Assert.That(Store.All.Length, Is.EqualTo(1));
    }

    [TestCase("deny")]
    [TestCase("sec")]
    public async Task The_rest_of_rows_passes_by_the_rules_that_hold_then(string by)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await RunAsync(client, "1", sync: false);
        await ParsedAsync(client, upstream);
        await Approvals.ApproveAsync(Ann, Store.All.Single().Id, null, CancellationToken.None);
        await upstream.ExpectAsync('B');
        await upstream.ExpectAsync('E');
        await upstream.SendAsync('2', "");
        await upstream.SendAsync('s', "");
        await client.ExpectAsync('2');
        await client.ExpectAsync('s');
        Change(config => config with { Rules = by == "deny" ? new RulesConfig() : HeldBy(new ApproverTerms(null, [by], 1)) });

        await client.SendAsync(M('E', "\0\0\0\0\0"));

        Assert.That((await upstream.ExpectAsync('E')).Text, Does.StartWith("wiregate: refused"));
        Assert.That(Store.All.Single().State, Is.EqualTo(ApprovalState.Executed), "what ran has run");
    }

    [Test]
    public async Task What_the_audit_log_does_not_take_is_not_sent_and_its_yes_is_used_up()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await HeldAsync(client);
        Gateway.Audit.FailsOperations = true;

        await Approvals.ApproveAsync(Ann, Store.All.Single().Id, null, CancellationToken.None);

        Assert.That((await client.ExpectAsync('E')).Field('C'), Is.EqualTo("58030"));
        Assert.That(await upstream.ReadToEndAsync(), Does.Not.Contain((byte)81), "nothing runs");
        await Until.TrueAsync(() => Store.All.Single().State == ApprovalState.Failed, "the approval to be used up");
        Assert.That(Store.All.Single().Detail, Does.Contain("audit log"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task What_was_not_answered_is_not_said_to_have_failed(bool isErrorSeen)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await HeldAsync(client);
        await Approvals.ApproveAsync(Ann, Store.All.Single().Id, null, CancellationToken.None);
        await upstream.ExpectAsync('Q');
        if (isErrorSeen)
        {
            await upstream.SendAsync('E', "SERROR\0VERROR\0C23505\0Mno\0\0");
            await client.ExpectAsync('E');
        }

        await upstream.DisposeAsync();

        await Until.TrueAsync(() => !Store.All.Single().State.IsOpen(), "what became of it");
        Assert.That(
            (Store.All.Single().State, Store.All.Single().Detail),
            Is.EqualTo(isErrorSeen
                ? (ApprovalState.Failed, "the upstream answered with an error")
                : (ApprovalState.Executed, "the session ended; whether it ran is not known")));
    }

    protected override GatewayConfig Hold(GatewayConfig config) => config with { Rules = HeldBy(new ApproverTerms(null, ["dba"], 1)) };

    private static RulesConfig HeldBy(ApproverTerms who) => new()
    {
        List =
        [
            new RuleConfig
            {
                Name = "held",
                Match = new MatchConfig { AllOperations = true },
                Do = Verdict.Hold,
                Hold = By(who, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(2)),
            },
        ],
    };

    private static async Task HeldAsync(ScriptedClient client)
    {
        await client.SendAsync(M('Q', $"{Sql}\0"));
        await client.ExpectAsync('N');
    }

    /// <summary>Parse, Bind and Execute with one value.</summary>
    private static Task RunAsync(ScriptedClient client, string value, bool sync = true) => client.SendAsync((byte[])
    [
        .. M('P', $"\0{Sql} where id = $1\0\0\0"),
        .. ScriptedClient.Message('B', [0, 0, 0, 0, 0, 1, .. ScriptedClient.Int32(value.Length), .. Encoding.ASCII.GetBytes(value), 0, 0]),
        .. M('E', "\0\0\0\0\0"),
        .. sync ? M('S') : [],
    ]);

    private static async Task<PeerMessage> RefusedAsync(ScriptedClient client, UpstreamPeer upstream, char asked)
    {
        Assert.That((await upstream.ExpectAsync(asked)).Text, Does.StartWith("wiregate refused"));
        await upstream.SendAsync('E', "SERROR\0VERROR\0C42601\0Mno\0\0");
        await upstream.SendAsync('Z', "I");
        PeerMessage error = await client.ExpectAsync('E');
        await client.ExpectAsync('Z');
        return error;
    }

    private static byte[] M(char type, string body = "") => ScriptedClient.Message(type, Encoding.ASCII.GetBytes(body));
}
