using System.Text;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Testing.Peers;
using WireGate.Testing.Time;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>What people are asked about waits at its Bind: there the upstream may call functions, and no transaction is open yet.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldBindTests(TransportKind transport) : HeldFixture(transport)
{
    private static readonly byte[] Parse = M('P', "s\0delete from orders where public.im(1) = 1\0\0\0");
    private static readonly byte[] Bind = M('B', "\0s\0\0\0\0\0\0\0");
    private static readonly byte[] Execute = M('E', "\0\0\0\0\0");

    [Test]
    public async Task Is_not_bound_before_the_yes_and_executed_with_it_once()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await BoundAsync(Execute);
        await upstream.ExpectAsync('E');
        await upstream.SendAsync('2', "");
        await upstream.SendAsync('C', "DELETE 1\0");
        await client.ExpectAsync('2');
        await client.ExpectAsync('C');
        await Until.TrueAsync(() => Store.All.Single().State == ApprovalState.Executed, "what became of it");

        await client.SendAsync((byte[])[.. Bind, .. Execute]);

        await client.ExpectAsync('N');
        Assert.That(Store.All.Count(a => a.State == ApprovalState.Pending), Is.EqualTo(1), "again is another operation");
    }

    [Test]
    public async Task Is_described_between_Bind_and_Execute()
    {
        (_, UpstreamPeer upstream) = await BoundAsync(M('D', "P\0"), Execute);

        await upstream.ExpectAsync('D');
        await upstream.ExpectAsync('E');
    }

    [TestCase("sync")]
    [TestCase("close")]
    [TestCase("bind")]
    [TestCase("parse")]
    [TestCase("other")]
    [TestCase("leave")]
    public async Task Nothing_comes_between_Bind_and_Execute(string what)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await BoundAsync();
        string first = Store.All.Single().Id;

        await (what switch
        {
            "sync" => client.SendAsync(M('S')),
            "close" => client.SendAsync(M('C', "P\0")),
            "bind" => client.SendAsync(Bind),
            "parse" => client.SendAsync(M('P', "\0select 1\0\0\0")),
            "other" => client.SendAsync(M('E', "p\0\0\0\0\0")),
            _ => client.DisposeAsync().AsTask(),
        });

        await Until.TrueAsync(() => Store.All.Single(a => a.Id == first).State == ApprovalState.Failed, "what became of it");
        Assert.That(
            Store.All.Single(a => a.Id == first).Detail, Is.EqualTo("it was bound and not executed; whether what it calls ran is not known"));
        if (what == "sync")
        {
            await client.SendAsync(Execute);
            await upstream.ExpectAsync('S');
            await upstream.ExpectAsync('H');
            await upstream.SendAsync('2', "");
            await upstream.SendAsync('Z', "T");
            foreach (char type in "2ZN")
            {
                await client.ExpectAsync(type);
            }
        }
    }

    [Test]
    public async Task Whom_the_rules_ask_for_when_it_is_executed_must_have_said_yes()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await BoundAsync();
        Change(config => HeldMeanwhileTests.HoldDeletes(config, "sec"));

        await client.SendAsync(Execute);

        Assert.That((await upstream.ExpectAsync('E')).Text, Does.StartWith("wiregate: refused"));
        await Until.TrueAsync(() => Store.All.Single().State == ApprovalState.Failed, "what became of it");
    }

    [Test]
    public async Task What_was_bound_unseen_is_not_held_when_it_is_executed()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[.. M('P', "s\0delete from orders where id = $1\0\0\0"), .. M('S')]);
        await AnswerAsync("PS", "1", "I");
        Change(config => config with { Rules = new RulesConfig { Default = Verdict.Allow } });
        await client.SendAsync((byte[])[.. M('B', "\0s\0\0\0\0\u0001\0\0\0\u00017\0\0"), .. M('S')]);
        await AnswerAsync("BS", "2", "T");
        Change(config => HeldMeanwhileTests.HoldDeletes(config));

        await client.SendAsync(Execute);

        Assert.That((await upstream.ExpectAsync('E')).Text, Does.StartWith("wiregate: refused"));
        Assert.That(Store.All, Is.Empty, "nobody is shown a text without its values");

        async Task AnswerAsync(string asked, string answer, string status)
        {
            foreach (char type in asked)
            {
                await upstream.ExpectAsync(type);
            }

            await upstream.SendAsync(answer[0], "");
            await upstream.SendAsync('Z', status);
            await client.ExpectAsync(answer[0]);
            await client.ExpectAsync('Z');
        }
    }

    protected override GatewayConfig Hold(GatewayConfig config) => HeldMeanwhileTests.HoldDeletes(config);

    /// <summary>It was held, approved and bound.</summary>
    private async Task<(ScriptedClient Client, UpstreamPeer Upstream)> BoundAsync(params byte[][] more)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[.. Parse, .. Bind, .. more.SelectMany(m => m)]);
        await ParsedAsync(client, upstream);
        await Approvals.ApproveAsync(Ann, Store.All.Single().Id, null, CancellationToken.None);
        await upstream.ExpectAsync('B');
        return (client, upstream);
    }

    private static byte[] M(char type, string body = "") => ScriptedClient.Message(type, Encoding.ASCII.GetBytes(body));
}
