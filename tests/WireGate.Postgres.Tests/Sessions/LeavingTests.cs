using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Postgres.Relaying;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>A client that leaves while nobody reads what it sends. On epoll, which tells of it all the same.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class LeavingTests(TransportKind transport) : HeldFixture(transport)
{
    [Test]
    public async Task Ends_its_session_while_what_is_held_waits_for_the_answer_to_what_came_before()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[.. M('Q', "select pg_sleep(25)\0"), .. M('Q', "delete from orders\0")]);
        await upstream.ExpectAsync('Q');
        await upstream.ExpectAsync('H');

        await EndsAsync(client);

        Assert.That(Store.All, Is.Empty);
    }

    [Test]
    public async Task Ends_its_session_while_it_is_not_known_whether_a_COPY_begins()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[.. M('P', "\0copy orders from stdin\0\0\0"), .. M('B', "\0\0\0\0\0\0\0\0"), .. M('E', "\0\0\0\0\0"), .. M('S')]);
        foreach (char type in "PBEH")
        {
            await upstream.ExpectAsync(type);
        }

        await EndsAsync(client);
    }

    [Test]
    public async Task Ends_its_session_while_more_is_unanswered_than_is_remembered()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        byte[] describe = M('D', "S\0");
        await client.SendAsync(Enumerable.Repeat(describe, PendingReplies.Most + 1).SelectMany(m => m).ToArray());
        await upstream.ReadAsync(PendingReplies.Most * describe.Length);

        await EndsAsync(client);
    }

    [Test]
    public async Task Leaves_a_session_to_its_end_that_waited_before()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[.. M('P', "\0copy orders from stdin\0\0\0"), .. M('B', "\0\0\0\0\0\0\0\0"), .. M('E', "\0\0\0\0\0"), .. M('S')]);
        foreach (char type in "PBEH")
        {
            await upstream.ExpectAsync(type);
        }

        foreach (char type in "12")
        {
            await upstream.SendAsync(type, "");
        }

        await upstream.SendAsync('C', "COPY 0\0");
        await upstream.ExpectAsync('S');
        await client.SendAsync(M('X'));
        await client.DisposeAsync();

        await upstream.ExpectAsync('X');
    }

    protected override GatewayConfig Hold(GatewayConfig config) => HeldMeanwhileTests.HoldDeletes(config);

    private async Task EndsAsync(ScriptedClient client)
    {
        await client.DisposeAsync();
        // What runs there is cancelled.
        await using (UpstreamPeer cancel = await AcceptAsync())
        {
            await cancel.ReadPacketAsync();
        }

        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.ClientClosed));
    }

    private static byte[] M(char type, string body = "") => ScriptedClient.Message(type, Encoding.ASCII.GetBytes(body));
}
