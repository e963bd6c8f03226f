using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>What is held while something else is under way.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldMeanwhileTests(TransportKind transport) : HeldFixture(transport)
{
    [Test]
    public async Task Nobody_is_asked_within_a_COPY_and_nothing_of_it_is_sent()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync((byte[])[.. M('Q', "copy orders from stdin\0"), .. M('Q', "delete from orders\0")]);
        await upstream.ExpectAsync('Q');
        await upstream.ExpectAsync('H');
        await upstream.SendAsync('G', "\0\0\0");
        await client.ExpectAsync('G');

        Assert.That((await upstream.ExpectAsync('Q')).Text, Does.StartWith("wiregate refused"));
        Assert.That(Store.All, Is.Empty);
    }

    [TestCase("delete from orders", false)]
    [TestCase("rollback; delete from orders", true)]
    public async Task Nobody_is_asked_about_what_a_failed_transaction_refuses(string sql, bool isAsked)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await AskAsync(client, upstream);
        await upstream.SendAsync('E', "SERROR\0VERROR\0C22012\0Mno\0\0");
        await upstream.SendAsync('Z', "E");
        await client.ExpectAsync('E');
        await client.ExpectAsync('Z');

        await client.SendAsync(M('Q', $"{sql}\0"));

        if (isAsked)
        {
            await client.ExpectAsync('N');
            return;
        }

        Assert.That((await upstream.ExpectAsync('Q')).Text, Does.StartWith("wiregate refused"));
        await upstream.SendAsync('E', "SERROR\0VERROR\0C42601\0Mno\0\0");
        await upstream.SendAsync('Z', "E");
        PeerMessage error = await client.ExpectAsync('E');
        Assert.That(error.Field('C'), Is.EqualTo("25P02"));
        Assert.That(error.Field('M'), Does.StartWith("current transaction is aborted, commands ignored until end of transaction block"));
        Assert.That(Store.All, Is.Empty);
    }

    [Test]
    public async Task A_failed_transaction_that_was_rolled_back_since_is_over()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await AskAsync(client, upstream);
        await upstream.SendAsync('E', "SERROR\0VERROR\0C22012\0Mno\0\0");
        await upstream.SendAsync('Z', "E");
        await client.SendAsync((byte[])[.. M('P', "\0rollback\0\0\0"), .. M('B', "\0\0\0\0\0\0\0\0"), .. M('E', "\0\0\0\0\0"), .. M('Q', "delete from orders\0")]);
        foreach (char type in "PBEH")
        {
            await upstream.ExpectAsync(type);
        }

        await upstream.SendAsync('1', "");
        await upstream.SendAsync('2', "");
        await upstream.SendAsync('C', "ROLLBACK\0");
        foreach (char type in "EZ12CN")
        {
            await client.ExpectAsync(type);
        }
    }

    protected override GatewayConfig Hold(GatewayConfig config) => HoldDeletes(config);

    /// <summary>Deletes are held; all else is allowed.</summary>
    internal static GatewayConfig HoldDeletes(GatewayConfig config, string group = "dba") => config with
    {
        Rules = config.Rules with
        {
            List =
            [
                .. config.Rules.List,
                new RuleConfig
                {
                    Name = "held",
                    Match = new MatchConfig { Sql = new SqlMatchConfig { Statements = ["delete"] } },
                    Do = Verdict.Hold,
                    Hold = By(new ApproverTerms(null, [group], 1), TimeSpan.FromMinutes(10)),
                },
            ],
        },
    };

    private static byte[] M(char type, string body = "") => ScriptedClient.Message(type, Encoding.ASCII.GetBytes(body));
}
