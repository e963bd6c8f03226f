using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>What calls functions that nobody knows may run when it is bound; and what comes within a COPY. Everything is allowed.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class BoundCallTests(TransportKind transport) : SessionFixture(transport)
{
    [SetUp]
    public void AllowAll() => Start();

    [TestCase("select public.im(1)", 1)]
    [TestCase("select 1", 0)]
    public async Task What_may_run_when_it_is_bound_is_written_down_before(string sql, int records)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[.. M('P', $"\0{sql}\0\0\0"), .. M('B', "\0\0\0\0\0\0\0\0"), .. M('S')]);
        foreach (char type in "PBS")
        {
            await upstream.ExpectAsync(type);
        }

        Assert.That(Gateway.Audit.Operations.Count(o => o.GetProperty("event").GetString() == "bind"), Is.EqualTo(records));
    }

    [TestCase('Q', "select 1\0")]
    [TestCase('P', "\0select 1\0\0\0")]
    [TestCase('E', "\0\0\0\0\0")]
    public async Task What_comes_within_a_COPY_that_is_not_ended_ends_the_session(char type, string body)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync(M('Q', "copy orders from stdin\0"));
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync('G', "\0\0\0");
        await client.ExpectAsync('G');

        await client.SendAsync((byte[])[.. M('d', "1\n"), .. M(type, body)]);

        // What runs there is cancelled.
        await using (UpstreamPeer cancel = await AcceptAsync())
        {
            await cancel.ReadPacketAsync();
        }

        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.ClientBrokeProtocol));
    }

    private static byte[] M(char type, string body = "") => ScriptedClient.Message(type, Encoding.ASCII.GetBytes(body));
}
