using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>What a client is told of a result that is cut off while the upstream goes on is what is so.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class CutOffResultTests(TransportKind transport) : MaskedFixture(transport)
{
    private static byte[] Unforeseen => ScriptedClient.Message('T', [.. Int16(2), .. Column, .. Column]);

    private static byte[] Column => [.. Text("x"), .. ScriptedClient.Int32(0), .. Int16(0), .. ScriptedClient.Int32(25), .. Int16(-1), .. ScriptedClient.Int32(-1), .. Int16(0)];

    private static byte[] InTransaction => ScriptedClient.Message('Z', (byte)'T');

    private static byte[] Query(string sql) => ScriptedClient.Message('Q', Text(sql));

    private static byte[] Error => ScriptedClient.Message('E', Encoding.UTF8.GetBytes("SERROR\0VERROR\0C42601\0Msyntax\0\0"));

    private static byte[] Bound(string sql, bool isDescribed = true) =>
    [
        .. ScriptedClient.Message('P', [.. Text(""), .. Text(sql), .. Int16(0)]),
        .. ScriptedClient.Message('B', [.. Text(""), .. Text(""), .. Int16(0), .. Int16(0), .. Int16(0)]),
        .. isDescribed ? ScriptedClient.Message('D', [(byte)'P', .. Text("")]) : [],
        .. ScriptedClient.Message('E', [.. Text(""), .. ScriptedClient.Int32(0)]),
    ];

    private static async Task<PeerMessage> ExpectUpToAsync(ScriptedPeer peer, char last)
    {
        PeerMessage message;
        do
        {
            message = await peer.ReadMessageAsync();
        }
        while (message.Type != last);
        return message;
    }

    private async Task<string> EndedAsync(ScriptedClient client)
    {
        var seen = new StringBuilder();
        PeerMessage message;
        do
        {
            message = await client.ReadMessageAsync();
            seen.Append(message);
        }
        while (message.Field('S') != "FATAL" || message.Type != 'E');
        Assert.That(message.Field('C'), Is.EqualTo("08007"));
        // What still runs is cancelled.
        await (await AcceptAsync()).DisposeAsync();
        AuditEvent end = await Gateway.EndAsync();
        Assert.That(end.End, Is.EqualTo(SessionEnd.OutcomeUnknown));
        Assert.That(message.Field('M'), Is.EqualTo(end.Detail).And.Match("^masking: .*\\(ref [0-9A-Z]{6}\\)$"));
        return seen.ToString();
    }

    [TestCase("update hr.people set id = 1 returning id")]
    [TestCase("select id from hr.people for update")]
    [TestCase("commit; select id from hr.people")]
    [TestCase("update hr.people set id = 1; select id from hr.people")]
    public async Task A_write_whose_rows_are_cut_off_ends_the_session_with_08007(string sql)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync(Query(sql));
        await TellCatalogAsync();
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. Row("1"), .. Done("DONE"), .. Ready]);

        Assert.That(await EndedAsync(client), Does.Not.Contain("42501").And.Not.Contain("Z("));
    }

    [Test]
    public async Task A_write_before_it_in_the_same_group_ends_the_session()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync((byte[])[.. Bound("update hr.people set id = 1", false), .. Bound("select id from hr.people"), .. ScriptedClient.Message('S')]);
        await TellCatalogAsync();
        await ExpectUpToAsync(upstream, 'S');
        await upstream.SendAsync((byte[])
        [
            .. ScriptedClient.Message('1'), .. ScriptedClient.Message('2'), .. Done("UPDATE 1"),
            .. ScriptedClient.Message('1'), .. ScriptedClient.Message('2'), .. Unforeseen, .. Row("1", "2"), .. Done("SELECT 1"), .. Ready,
        ]);

        await EndedAsync(client);
    }

    [Test]
    public async Task A_write_behind_it_in_the_same_group_ends_the_session()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync((byte[])[.. Bound("select id from hr.people"), .. Bound("update hr.people set id = 1", false), .. ScriptedClient.Message('S')]);
        await TellCatalogAsync();
        await ExpectUpToAsync(upstream, 'S');
        await upstream.SendAsync((byte[])[.. ScriptedClient.Message('1'), .. ScriptedClient.Message('2'), .. Unforeseen, .. Row("1", "2")]);

        await EndedAsync(client);
    }

    [Test]
    public async Task What_follows_a_cut_off_result_up_to_Sync_does_not_run()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync((byte[])[.. Bound("select id from hr.people"), .. ScriptedClient.Message('H')]);
        await TellCatalogAsync();
        await ExpectUpToAsync(upstream, 'H');
        await upstream.SendAsync((byte[])[.. ScriptedClient.Message('1'), .. ScriptedClient.Message('2'), .. Unforeseen, .. Row("1", "2"), .. Done("SELECT 1")]);
        Assert.That((await ExpectUpToAsync(client, 'E')).Field('C'), Is.EqualTo("42501"));
        await client.SendAsync((byte[])[.. Bound("update hr.people set id = 1", false), .. ScriptedClient.Message('S')]);

        Assert.That((await upstream.ReadMessageAsync()).Type, Is.EqualTo('S'));
        await upstream.SendAsync(Ready);
        await client.ExpectAsync('Z');
    }

    [Test]
    public async Task A_transaction_in_which_a_result_is_cut_off_fails_at_the_upstream_too()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync(Query("select id from hr.people"));
        await TellCatalogAsync();
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. Row("1"), .. Done("SELECT 1"), .. InTransaction]);
        Assert.That((await upstream.ExpectAsync('Q')).Text, Does.Contain("refused"));
        await upstream.SendAsync((byte[])[.. Error, .. ScriptedClient.Message('Z', (byte)'E')]);

        Assert.That(await ReadAsync(client), Does.Match("^E\\(.*C42501.*Z\\(E\\)$").And.Not.Contain("42601"));
        await client.SendAsync(Query("rollback"));
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. Done("ROLLBACK"), .. Ready]);
        Assert.That(await ReadAsync(client), Does.Contain("ROLLBACK").And.EndWith("Z(I)"));
    }

    [Test]
    public async Task A_transaction_that_goes_on_meanwhile_ends_with_the_session()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();
        await client.SendAsync((byte[])[.. Query("select id from hr.people"), .. Query("commit")]);
        await TellCatalogAsync();
        await upstream.ExpectAsync('Q');
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. Row("1"), .. Done("SELECT 1"), .. InTransaction]);

        Assert.That(await EndedAsync(client), Does.StartWith("E(").And.Contain("42501").And.Not.Contain("Z("));
    }
}
