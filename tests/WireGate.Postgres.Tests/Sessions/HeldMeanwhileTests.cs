using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>What is held while something else is under way. On epoll: over streams the two directions share no thread.</summary>
[TestFixture(TransportKind.Epoll)]
internal sealed class HeldMeanwhileTests(TransportKind transport) : HeldFixture(transport)
{
    [TestCase(false)]
    [TestCase(true)]
    public async Task Nobody_is_asked_within_a_COPY_and_nothing_of_it_is_sent(bool isAtOnce)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        byte[] copy = M('Q', "copy orders from stdin\0"), held = M('Q', "delete from orders\0");
        await client.SendAsync(isAtOnce ? [.. copy, .. held] : copy);
        await upstream.ExpectAsync('Q');
        if (isAtOnce)
        {
            await upstream.ExpectAsync('H');
        }

        await upstream.SendAsync('G', "\0\0\0");
        await client.ExpectAsync('G');
        if (!isAtOnce)
        {
            await client.SendAsync(held);
            await upstream.ExpectAsync('H');
        }

        Assert.That((await upstream.ExpectAsync('Q')).Text, Does.StartWith("wiregate refused"));
        Assert.That(Store.All, Is.Empty);
    }

    protected override GatewayConfig Hold(GatewayConfig config) => HoldDeletes(config);

    /// <summary>Deletes are held; all else is allowed.</summary>
    internal static GatewayConfig HoldDeletes(GatewayConfig config) => config with
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
                    Hold = By(new ApproverTerms(null, ["dba"], 1), TimeSpan.FromMinutes(10)),
                },
            ],
        },
    };

    private static byte[] M(char type, string body = "") => ScriptedClient.Message(type, Encoding.ASCII.GetBytes(body));
}
