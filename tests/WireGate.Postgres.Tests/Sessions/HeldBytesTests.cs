using System.Collections.Immutable;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>What a session keeps to be shown to people has an end.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HeldBytesTests(TransportKind transport) : SessionFixture(transport)
{
    private const int Each = 64_000, Fit = 260;
    // What is longer than people can be shown is not asked about; what is not kept has another reason.
    private const string Kept = "cannot be shown to people in full";

    [SetUp]
    public void HoldAll() => Start(config => config with
    {
        Rules = new RulesConfig
        {
            List =
            [
                new RuleConfig
                {
                    Name = "held",
                    Match = new MatchConfig { AllOperations = true },
                    Do = Verdict.Hold,
                    Hold = new HoldTerms(ImmutableArray.Create(new ApproverTerms(null, ["dba"], 1)), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1)),
                },
            ],
        },
    });

    [Test]
    public async Task Beyond_what_a_session_may_keep_nothing_is_kept_until_something_is_closed()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        for (int i = 0; i < Fit; i++)
        {
            await ParseAsync(client, upstream, $"s{i}");
        }

        await client.SendAsync(Parse("more"));
        PeerMessage refusal = await RefusedAsync(client, upstream, "ES");
        Assert.That(refusal.Field('C'), Is.EqualTo("54000"));
        Assert.That(refusal.Field('M'), Does.Contain("more than 16777216 bytes").And.Contain("close some"));

        foreach (string name in (string[])["s0", "s1"])
        {
            await client.SendAsync((byte[])[.. M('C', $"S{name}\0"), .. M('S')]);
            await AnswerAsync(client, upstream, "CS", "3Z");
        }

        await ParseAsync(client, upstream, "more");
        Assert.That(await RunAsync(client, upstream, "more"), Does.Contain(Kept));
    }

    [Test]
    public async Task What_a_name_stood_for_before_is_not_counted()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        for (int i = 0; i < 2 * Fit; i++)
        {
            await ParseAsync(client, upstream, "");
        }

        Assert.That(await RunAsync(client, upstream, ""), Does.Contain(Kept));
    }

    [Test]
    public async Task What_failed_is_not_counted()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        for (int i = 0; i < 2 * Fit; i++)
        {
            await client.SendAsync(Parse($"s{i}"));
            await RefusedAsync(client, upstream, "PS");
        }

        await ParseAsync(client, upstream, "");
        Assert.That(await RunAsync(client, upstream, ""), Does.Contain(Kept));
    }

    private static byte[] Parse(string name) =>
        [.. M('P', $"{name}\0insert into t values (1) /* {name} {new string('x', Each - 40)} */\0\0\0"), .. M('S')];

    private static async Task ParseAsync(ScriptedClient client, UpstreamPeer upstream, string name)
    {
        await client.SendAsync(Parse(name));
        await AnswerAsync(client, upstream, "PS", "1Z");
    }

    private static async Task<PeerMessage> RefusedAsync(ScriptedClient client, UpstreamPeer upstream, string asked)
    {
        foreach (char type in asked)
        {
            await upstream.ExpectAsync(type);
        }

        await upstream.SendAsync('E', "SERROR\0VERROR\0C42601\0Mno\0\0");
        await upstream.SendAsync('Z', "I");
        PeerMessage error = await client.ExpectAsync('E');
        await client.ExpectAsync('Z');
        return error;
    }

    private static async Task AnswerAsync(ScriptedClient client, UpstreamPeer upstream, string asked, string answers)
    {
        foreach (char type in asked)
        {
            await upstream.ExpectAsync(type);
        }

        foreach (char type in answers)
        {
            await upstream.SendAsync(type, type == 'Z' ? "I" : "");
            await client.ExpectAsync(type);
        }
    }

    /// <returns>Why it does not run.</returns>
    private static async Task<string?> RunAsync(ScriptedClient client, UpstreamPeer upstream, string name)
    {
        await client.SendAsync((byte[])[.. M('B', $"\0{name}\0\0\0\0\0\0\0"), .. M('E', "\0\0\0\0\0"), .. M('S')]);
        Assert.That((await upstream.ExpectAsync('E')).Text, Does.StartWith("wiregate: refused"));
        await upstream.ExpectAsync('S');
        await upstream.SendAsync('E', "SERROR\0VERROR\0C34000\0Mno portal\0\0");
        await upstream.SendAsync('Z', "I");
        PeerMessage error = await client.ExpectAsync('E');
        await client.ExpectAsync('Z');
        return error.Field('M');
    }

    private static byte[] M(char type, string body = "") => ScriptedClient.Message(type, Encoding.ASCII.GetBytes(body));
}
