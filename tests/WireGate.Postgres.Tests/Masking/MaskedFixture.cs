using System.Collections.Frozen;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Postgres.Tests.Sessions;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Masking;

/// <summary>A session with a mask upon the column ssn of hr.people, between a scripted client and a scripted upstream.</summary>
internal abstract class MaskedFixture(TransportKind transport) : SessionFixture(transport)
{
    protected const int People = 20_000;

    protected static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + '\0');

    protected static byte[] Int16(int value) => [(byte)(value >> 8), (byte)value];

    protected static byte[] Row(params string?[] values) => ScriptedClient.Message('D', [.. Int16(values.Length), .. values.SelectMany(v =>
        v is null ? ScriptedClient.Int32(-1) : [.. ScriptedClient.Int32(Encoding.UTF8.GetByteCount(v)), .. Encoding.UTF8.GetBytes(v)])]);

    protected static byte[] Description(int relation, int column) => ScriptedClient.Message(
        'T', [.. Int16(1), .. Text("ssn"), .. ScriptedClient.Int32(relation), .. Int16(column), .. ScriptedClient.Int32(25), .. Int16(-1), .. ScriptedClient.Int32(-1), .. Int16(0)]);

    protected static byte[] Done(string tag) => ScriptedClient.Message('C', Text(tag));

    protected static byte[] Ready => ScriptedClient.Message('Z', (byte)'I');

    protected static byte[] Extended(string portal) =>
    [
        .. ScriptedClient.Message('E', [.. Text(portal), .. ScriptedClient.Int32(0)]), .. ScriptedClient.Message('S'),
    ];

    protected MaskUnsure Unsure { get; set; }

    [SetUp]
    public void BeSure() => Unsure = MaskUnsure.Deny;

    protected async Task<(ScriptedClient Client, UpstreamPeer Upstream)> MaskedAsync(Func<GatewayConfig, GatewayConfig>? change = null, params MaskDetector[] detect)
    {
        Assert.That(ColumnPattern.TryParse("hr.people.ssn", out ColumnPattern? pattern));
        Start(c => (change?.Invoke(c) ?? WithTarget(c, Masked)) with
        {
            Masks = new[] { new MaskConfig { Name = "pii", Columns = [pattern!], Detect = [.. detect], With = MaskStyle.Last4, Unsure = Unsure } }.ToFrozenDictionary(m => m.Name),
        });
        return await EstablishAsync(await PresentAsync("orders"), greeted: TellSearchPathAsync);
    }

    protected async Task<ScriptedClient> PresentAsync(string target)
    {
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync($"someone@{target}", "shop");
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint(p => p with { Targets = [target] }).Token);
        return client;
    }

    protected static TargetConfig Masked(TargetConfig target) => target with { Mask = ["pii"] };

    /// <summary>The same upstream by another login, where nothing is masked.</summary>
    protected static GatewayConfig WithOther(GatewayConfig config)
    {
        TargetConfig orders = config.Targets["orders"];
        return config with
        {
            Targets = new[] { Masked(orders), orders with { Name = "other", Logins = [orders.Logins[0] with { Name = "rw", User = "app_rw" }] } }
                .ToFrozenDictionary(t => t.Name),
            Grants = [.. config.Grants.Select(g => g with { Targets = ["orders", "other"] })],
        };
    }

    /// <summary>Where names are looked for matters where something is masked.</summary>
    protected static async Task TellSearchPathAsync(UpstreamPeer upstream)
    {
        Assert.That((await upstream.ExpectAsync('Q')).Text, Does.Contain("current_schemas"));
        await upstream.SendAsync((byte[])[.. Row("hr", "hr, later", "app_ro"), .. Done("SELECT 1"), .. Ready]);
    }

    /// <summary>The gateway asks for the catalog on a connection of its own.</summary>
    protected async Task TellCatalogAsync()
    {
        UpstreamPeer catalog = await AcceptAsync();
        await catalog.ReadStartupAsync();
        Assert.That(await catalog.AuthenticateAsync(TestGateway.Password));
        await catalog.GreetAsync();
        await catalog.ExpectAsync('Q');
        await catalog.SendAsync((byte[])
        [
            .. Done("SET"), .. Row($"{People}", "hr", "people"), .. Done("SELECT 1"),
            .. Row($"{People}", "1", "id", "23", "f"), .. Row($"{People}", "2", "ssn", "25", "f"), .. Done("SELECT 2"),
            .. Done("SELECT 0"), .. Done("SELECT 0"), .. Done("SELECT 0"), .. Done("SELECT 0"), .. Ready,
        ]);
    }

    protected static async Task ReadOneAsync(ScriptedClient client, UpstreamPeer upstream, Func<Task>? tellCatalog, Func<Task>? tellCatalogAgain = null)
    {
        await client.SendAsync(ScriptedClient.Message('Q', Text("select ssn from hr.people")));
        await (tellCatalog?.Invoke() ?? Task.CompletedTask);
        await upstream.ExpectAsync('Q');
        await upstream.SendAsync((byte[])[.. Description(People, 2), .. Row("123-45-6789"), .. Done("SELECT 1"), .. Ready]);
        await (tellCatalogAgain?.Invoke() ?? Task.CompletedTask);
        Assert.That(await ReadAsync(client), Does.Contain("****6789"));
    }

    protected static async Task<string> ReadAsync(ScriptedClient client)
    {
        var all = new StringBuilder();
        PeerMessage message;
        do
        {
            message = await client.ReadMessageAsync();
            all.Append(message);
        }
        while (message.Type != 'Z');
        return all.ToString();
    }
}
