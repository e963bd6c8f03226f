using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>What goes upstream in place of a refused message, and what becomes of the answer to it.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class JudgementTests(TransportKind transport) : SessionFixture(transport)
{
    private static readonly byte[] Sync = M('S');

    [SetUp]
    public void NoDrop() => Start(config => config with
    {
        Rules = new RulesConfig
        {
            List =
            [
                new RuleConfig { Name = "everything", Match = new MatchConfig { AllOperations = true }, Do = Verdict.Allow },
                new RuleConfig { Name = "no-drop", Match = new MatchConfig { Sql = new SqlMatchConfig { Statements = ["drop"] } }, Do = Verdict.Deny },
            ],
        },
    });

    [Test]
    public async Task A_refused_Query_becomes_one_that_fails_and_its_error_the_refusal()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync(M('Q', "drop table t\0"));
        PeerMessage poison = await upstream.ExpectAsync('Q');
        await upstream.SendAsync('N', "SNOTICE\0VNOTICE\0C00000\0Mhi\0\0");
        await upstream.SendAsync('E', "SERROR\0VERROR\0C42601\0Msyntax error\0\0");
        await upstream.SendAsync('Z', "E");

        await client.ExpectAsync('N');
        PeerMessage refusal = await client.ExpectAsync('E');
        Assert.That((refusal.Field('S'), refusal.Field('V'), refusal.Field('C')), Is.EqualTo(("ERROR", "ERROR", "42501")));
        Assert.That(refusal.Field('M'), Does.StartWith("denied by rule \"no-drop\" (ref "));
        Assert.That(poison.Text, Does.Match("^wiregate refused ref_[0-9A-Z]+\0$"));
        Assert.That(refusal.Field('M'), Does.Contain(poison.Text.TrimEnd('\0').Split("ref_")[1]));
        Assert.That((await client.ExpectAsync('Z')).Text, Is.EqualTo("E"), "the upstream's word on the transaction");
    }

    [Test]
    public async Task A_refused_Parse_becomes_an_Execute_that_fails_and_the_rest_of_its_group_is_not_sent()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[
            .. M('P', "\0insert into t values (1)\0\0\0"), .. M('P', "x\0drop table t\0\0\0"), .. M('B', "\0x\0\0\0\0\0\0\0"), .. M('E', "\0\0\0\0\0"),
            .. M('Q', "select 1\0"), .. M('H'), .. Sync, .. M('Q', "select 2\0")]);

        await upstream.ExpectAsync('P');
        Assert.That((await upstream.ExpectAsync('E')).Text, Does.StartWith("wiregate: refused, ref "));
        await upstream.ExpectAsync('S');
        Assert.That((await upstream.ExpectAsync('Q')).Text, Is.EqualTo("select 2\0"));
        await upstream.SendAsync((byte[])[.. M('1'), .. M('E', "SERROR\0VERROR\0C34000\0Mno portal\0\0"), .. M('Z', "I"), .. M('C', "SELECT 1\0"), .. M('Z', "I")]);

        await client.ExpectAsync('1');
        Assert.That((await client.ExpectAsync('E')).Field('C'), Is.EqualTo("42501"));
        await client.ExpectAsync('Z');
        await client.ExpectAsync('C');
        await client.ExpectAsync('Z');
    }

    [Test]
    public async Task An_error_that_ends_the_session_is_not_taken_for_the_answer_to_poison()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync(M('Q', "drop table t\0"));
        await upstream.ExpectAsync('Q');
        await upstream.RefuseAsync("57P01", "going down");
        await upstream.DisposeAsync();

        PeerMessage error = await client.ExpectAsync('E');
        Assert.That((error.Field('S'), error.Field('C'), error.Field('M')), Is.EqualTo(("FATAL", "57P01", "going down")));
        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.UpstreamClosed));
    }

    [Test]
    public async Task Poison_that_does_not_fail_ends_the_session()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[.. M('P', "\0drop table t\0\0\0"), .. Sync]);
        await upstream.ExpectAsync('E');
        await upstream.SendAsync((byte[])[.. M('1'), .. M('Z', "I")]);

        Assert.That((await client.ExpectAsync('E')).Field('S'), Is.EqualTo("FATAL"));
        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.UpstreamBrokeProtocol));
    }

    [Test]
    public async Task A_Sync_within_a_COPY_is_not_sent_since_the_upstream_would_ignore_it()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[.. Copy, .. Sync]);
        await ExpectCopyAsync(upstream);
        Assert.That((await upstream.ReadMessageAsync()).Type, Is.EqualTo('H'), "whether it is one is asked first");
        await upstream.SendAsync((byte[])[.. M('1'), .. M('2'), .. M('G', "\0\0\0")]);
        await client.ExpectAsync('1');
        await client.ExpectAsync('2');
        await client.ExpectAsync('G');
        await client.SendAsync((byte[])[.. M('d', "1\n"), .. M('c'), .. Sync]);

        await upstream.ExpectAsync('d');
        await upstream.ExpectAsync('c');
        await upstream.ExpectAsync('S');
        await upstream.SendAsync((byte[])[.. M('C', "COPY 1\0"), .. M('Z', "I")]);
        await client.ExpectAsync('C');
        await client.ExpectAsync('Z');
        await AskAsync(client, upstream);
    }

    [Test]
    public async Task A_Sync_behind_a_COPY_that_fails_is_sent()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[.. Copy, .. Sync]);
        await ExpectCopyAsync(upstream);
        await upstream.ExpectAsync('H');
        await upstream.SendAsync((byte[])[.. M('1'), .. M('E', "SERROR\0VERROR\0C42P01\0Mno table\0\0")]);

        await upstream.ExpectAsync('S');
        await upstream.SendAsync('Z', "I");
        await client.ExpectAsync('1');
        Assert.That((await client.ExpectAsync('E')).Field('C'), Is.EqualTo("42P01"), "the upstream's own");
        await client.ExpectAsync('Z');
    }

    [Test]
    public async Task A_COPY_that_is_sent_whole_with_its_Sync_goes_as_it_came()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        byte[] all = [.. Copy, .. M('d', "1\n"), .. M('c'), .. Sync];
        await client.SendAsync(all);

        Assert.That(await upstream.ReadAsync(all.Length), Is.EqualTo(all));
        await upstream.SendAsync((byte[])[.. M('1'), .. M('2'), .. M('G', "\0\0\0"), .. M('C', "COPY 1\0"), .. M('Z', "I")]);
        foreach (char type in "12GCZ")
        {
            await client.ExpectAsync(type);
        }

        await AskAsync(client, upstream);
    }

    [Test]
    public async Task A_Parse_of_a_name_in_use_fails_and_what_the_name_stood_for_before_runs()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[.. M('P', "s\0select 1\0\0\0"), .. Sync]);
        await upstream.ExpectAsync('P');
        await upstream.ExpectAsync('S');
        await upstream.SendAsync((byte[])[.. M('1'), .. M('Z', "I")]);
        await client.ExpectAsync('1');
        await client.ExpectAsync('Z');
        byte[] pipeline = [
            .. M('P', "s\0select 2\0\0\0"), .. M('B', "\0s\0\0\0\0\0\0\0"), .. M('E', "\0\0\0\0\0"), .. Sync,
            .. M('B', "\0s\0\0\0\0\0\0\0"), .. M('E', "\0\0\0\0\0"), .. Sync];
        await client.SendAsync(pipeline);

        Assert.That(await upstream.ReadAsync(pipeline.Length), Is.EqualTo(pipeline));
        await upstream.SendAsync((byte[])[
            .. M('E', "SERROR\0VERROR\0C42P05\0Min use\0\0"), .. M('Z', "I"), .. M('2'), .. M('D', "\0\0"), .. M('C', "SELECT 1\0"), .. M('Z', "I")]);
        foreach (char type in "EZ2DCZ")
        {
            await client.ExpectAsync(type);
        }
    }

    private static byte[] Copy => [.. M('P', "\0copy t from stdin\0\0\0"), .. M('B', "\0\0\0\0\0\0\0\0"), .. M('E', "\0\0\0\0\0")];

    private static byte[] M(char type, string body = "") => ScriptedClient.Message(type, Encoding.ASCII.GetBytes(body));

    private static async Task ExpectCopyAsync(UpstreamPeer upstream)
    {
        foreach (char type in "PBE")
        {
            await upstream.ExpectAsync(type);
        }
    }
}
