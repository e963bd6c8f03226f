using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>The gateway stops: a session ends where no transaction of its is open, and nothing that it asked for is lost before.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class DrainTests(TransportKind transport) : SessionFixture(transport)
{
    private static readonly byte[] Flush = ScriptedClient.Message('H');
    private static readonly byte[] Sync = ScriptedClient.Message('S');

    [Test]
    public async Task A_session_that_waits_ends_at_once()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await Gateway.DrainAsync();
        await FarewellAsync(client);
        Assert.That(await upstream.ReadToEndAsync(), Is.Empty);
    }

    [Test]
    public async Task What_runs_is_answered_whole()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await AskAsync(client, upstream);
        await Gateway.DrainAsync();
        byte[] rows = [.. Enumerable.Range(0, 40).SelectMany(_ => ScriptedClient.Message('D', new byte[10_000]))];
        await upstream.SendAsync(rows);
        await AnswerAsync(upstream, 'I');
        Assert.That(await client.ReadAsync(rows.Length), Is.EqualTo(rows));
        await AnsweredAsync(client, 'I');
        await FarewellAsync(client);
    }

    [TestCase('T')]
    [TestCase('E')]
    public async Task A_transaction_goes_on_to_its_end(char status)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await AskAsync(client, upstream);
        await AnswerAsync(upstream, status);
        await AnsweredAsync(client, status);
        await Gateway.DrainAsync();
        for (int i = 0; i < 2; i++)
        {
            await AskAsync(client, upstream);
            await AnswerAsync(upstream, i == 0 ? status : 'I');
            await AnsweredAsync(client, i == 0 ? status : 'I');
        }

        await FarewellAsync(client);
    }

    [Test]
    public async Task Whatever_was_asked_ahead_is_answered()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await AskAsync(client, upstream);
        await AskAsync(client, upstream);
        await Gateway.DrainAsync();
        await AnswerAsync(upstream, 'I');
        await AnsweredAsync(client, 'I');
        await AnswerAsync(upstream, 'I');
        await AnsweredAsync(client, 'I');
        await FarewellAsync(client);
    }

    [Test]
    public async Task What_has_run_and_is_not_in_force_before_its_Sync_gets_that()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])
        [
            .. ScriptedClient.Message('P', [.. "\0insert into t values (1)\0"u8, 0, 0]), .. ScriptedClient.Message('B', [0, 0, 0, 0, 0, 0, 0, 0]),
            .. ScriptedClient.Message('E', [0, 0, 0, 0, 0]), .. Flush,
        ]);
        foreach (char type in "PBEH")
        {
            await upstream.ExpectAsync(type);
        }

        await upstream.SendAsync('1', "");
        await upstream.SendAsync('2', "");
        await upstream.SendAsync('C', "INSERT 0 1\0");
        foreach (char type in "12C")
        {
            await client.ExpectAsync(type);
        }

        await Gateway.DrainAsync();
        await client.SendAsync(Sync);
        await upstream.ExpectAsync('S');
        await upstream.SendAsync('Z', "I");
        await client.ExpectAsync('Z');
        await FarewellAsync(client);
    }

    [Test]
    public async Task A_transaction_that_does_not_end_is_cut_when_the_time_is_over()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await AskAsync(client, upstream);
        await AnswerAsync(upstream, 'T');
        await AnsweredAsync(client, 'T');
        await Gateway.DrainAsync();
        Assert.That(Gateway.Records(AuditEventKind.SessionEnded), Is.Empty);
        Gateway.Sessions.KillAll(SessionEnd.Shutdown);
        await FarewellAsync(client);
    }

    [Test]
    public async Task Who_has_not_come_in_yet_is_not_waited_for()
    {
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        await Gateway.DrainAsync();
        await FarewellAsync(client);
    }

    private static async Task AnswerAsync(UpstreamPeer upstream, char status)
    {
        await upstream.SendAsync('C', "SELECT 1\0");
        await upstream.SendAsync('Z', $"{status}");
    }

    private static async Task AnsweredAsync(ScriptedClient client, char status)
    {
        await client.ExpectAsync('C');
        Assert.That((await client.ExpectAsync('Z')).Body, Is.EqualTo((byte[])[(byte)status]));
    }

    private async Task FarewellAsync(ScriptedClient client)
    {
        IReadOnlyList<PeerMessage> last = await client.ReadGreetingAsync();
        Assert.That((last[^1].Field('S'), last[^1].Field('C')), Is.EqualTo(("FATAL", "57P01")));
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.Shutdown));
    }
}
