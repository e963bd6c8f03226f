using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>What a trigger puts into a notification has no column by which it could be masked.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class NotificationTests(TransportKind transport) : MaskedFixture(transport)
{
    private static byte[] Notification(string payload) => ScriptedClient.Message('A', [.. ScriptedClient.Int32(7), .. Text("changes"), .. Text(payload)]);

    private static GatewayConfig ByRule(GatewayConfig config) => config with
    {
        Rules = config.Rules with
        {
            List =
            [
                .. config.Rules.List,
                new RuleConfig { Name = "masks", Match = new MatchConfig { Sql = new SqlMatchConfig { Effects = SqlEffects.Write } }, Mask = ["pii"] },
            ],
        },
    };

    private static GatewayConfig Unmasked(GatewayConfig config) => ByRule(config) with
    {
        Rules = ByRule(config).Rules with
        {
            List = [.. ByRule(config).Rules.List, new RuleConfig { Name = "lifts", Match = new MatchConfig { AllOperations = true }, Unmask = ["pii"] }],
        },
    };

    private static async Task<string> NotifiedAsync(ScriptedClient client, UpstreamPeer upstream, string payload)
    {
        await upstream.SendAsync(Notification(payload));
        PeerMessage seen = await client.ExpectAsync('A');
        Assert.That(seen.Text, Does.StartWith("\0\0\0\u0007changes\0"));
        return Encoding.UTF8.GetString(seen.Body.AsSpan(12)).TrimEnd('\0');
    }

    [Test]
    public async Task It_comes_without_its_payload_where_a_mask_names_columns()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync();

        Assert.That(await NotifiedAsync(client, upstream, "{\"ssn\":\"123-45-6789\"}"), Is.Empty);
    }

    [Test]
    public async Task It_comes_without_its_payload_where_a_rule_brings_the_mask()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync(ByRule);

        Assert.That(await NotifiedAsync(client, upstream, "123-45-6789"), Is.Empty);
    }

    [Test]
    public async Task It_comes_whole_where_the_mask_is_lifted_from_everything()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync(Unmasked);

        Assert.That(await NotifiedAsync(client, upstream, "123-45-6789"), Is.EqualTo("123-45-6789"));
    }

    [Test]
    public async Task It_is_searched_where_what_is_unsure_is()
    {
        Unsure = MaskUnsure.Detect;
        (ScriptedClient client, UpstreamPeer upstream) = await MaskedAsync(null, MaskDetector.CreditCard);
        await ReadOneAsync(client, upstream, TellCatalogAsync);
        await upstream.SendAsync(Notification("4111 1111 1111 1111"));

        Assert.That(await NotifiedAsync(client, upstream, "changed"), Is.EqualTo("changed"), "the other is not passed on");
    }
}
