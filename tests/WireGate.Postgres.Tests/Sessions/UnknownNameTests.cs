using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>A refusal says what was asked for, also where that is a name alone.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class UnknownNameTests(TransportKind transport) : SessionFixture(transport)
{
    private const string Nothing = "unknown: unknown; a name that nothing defined in this session";

    [SetUp]
    public void ReadsOnly() => Start(config => config with
    {
        Rules = new RulesConfig
        {
            List =
            [
                new RuleConfig { Name = "ends", Match = new MatchConfig { Sql = new SqlMatchConfig { Statements = ["close", "deallocate"] } }, Do = Verdict.Deny },
                new RuleConfig
                {
                    Name = "reads",
                    Match = new MatchConfig { Sql = new SqlMatchConfig { Effects = SqlEffects.Read, Statements = ["select", "execute", "fetch", "prepare"] } },
                    Do = Verdict.Allow,
                },
            ],
        },
    });

    [TestCase("execute nobody", $"execute: nobody | {Nothing}")]
    [TestCase("fetch nobody", $"fetch: nobody | {Nothing}")]
    [TestCase("move nobody", $"move: nobody | {Nothing}")]
    [TestCase("close nobody", "close: nobody")]
    [TestCase("close \"a\nb\"", "close: a\\u{a}b")]
    [TestCase("deallocate all", "deallocate")]
    [TestCase("deallocate nobody", "deallocate: nobody")]
    [TestCase("prepare s as delete from t; execute s", "prepare, delete: write t | execute: s | delete: write t")]
    public async Task A_refusal_tells_what_a_name_was_asked_for(string sql, string detail)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await client.SendAsync(ScriptedClient.Message('Q', Encoding.UTF8.GetBytes($"{sql}\0")));
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync('E', "SERROR\0VERROR\0C42601\0Msyntax error\0\0");
        await upstream.SendAsync('Z', "I");

        PeerMessage refusal = await client.ExpectAsync('E');
        Assert.That(refusal.Field('C'), Is.EqualTo("42501"));
        Assert.That(refusal.Field('D'), Is.EqualTo(detail));
    }
}
