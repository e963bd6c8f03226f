using System.Net;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;
using WireGate.Testing.Tls;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>
/// A gateway between a scripted client and a scripted upstream. Behind every test stands the same promise: each session ended once in
/// the audit log, and nothing was the gateway's own fault.
/// </summary>
internal abstract class SessionFixture(TransportKind transport)
{
    /// <summary>An address of the documentation, RFC 5737.</summary>
    protected static readonly IPEndPoint Elsewhere = new(IPAddress.Parse("192.0.2.7"), 50_000);

    private readonly List<IAsyncDisposable> _owned = [];
    private TestGateway? Running { get; set; }

    protected ScriptedUpstream Upstream { get; private set; } = null!;

    protected TestCertificate Tls { get; private set; } = null!;

    protected TestGateway Gateway => Running ??= new TestGateway(transport, [Upstream.Port]);

    [SetUp]
    public void Prepare()
    {
        Upstream = new ScriptedUpstream();
        Tls = new TestCertificate();
    }

    [TearDown]
    public async Task CheckAsync()
    {
        foreach (IAsyncDisposable owned in _owned)
        {
            await owned.DisposeAsync();
        }

        _owned.Clear();
        TestGateway? gateway = Running;
        Running = null;
        if (gateway is not null)
        {
            await gateway.DisposeAsync();
            string?[] ended = [.. gateway.Records(AuditEventKind.SessionEnded).Select(e => e.Session)];
            Assert.That(ended, Is.Unique, "a session ends once");
            Assert.That(
                gateway.Records(AuditEventKind.SessionOpened).Select(e => e.Session), Is.SubsetOf(ended), "a session that began has ended");
            Assert.That(gateway.Faults, Is.Empty);
        }

        Upstream.Dispose();
        Tls.Dispose();
    }

    /// <summary>Starts the gateway of this test with another config than the usual one.</summary>
    protected TestGateway Start(
        Func<GatewayConfig, GatewayConfig>? change = null, EndPoint? remote = null, IEnumerable<int>? ports = null,
        Func<TimeProvider, IApprovals>? approvals = null) =>
        Running = new TestGateway(transport, ports ?? [Upstream.Port], change, remote, approvals);

    protected GatewayConfig WithTls(GatewayConfig config) => WithListener(
        config, l => l with { Tls = new ServerTlsConfig(Tls.CertificatePath, Tls.KeyPath) });

    protected static GatewayConfig WithListener(GatewayConfig config, Func<ListenerConfig, ListenerConfig> change) =>
        config with { Listeners = [change(config.Listeners[0])] };

    protected static GatewayConfig WithTarget(GatewayConfig config, Func<TargetConfig, TargetConfig> change) => config with
    {
        Targets = System.Collections.Frozen.FrozenDictionary.ToFrozenDictionary([change(config.Targets["orders"])], t => t.Name),
    };

    protected async Task<ScriptedClient> ConnectAsync(int receiveBuffer = 0) =>
        Own(await ScriptedClient.ConnectAsync(Gateway.EndPoint, receiveBuffer));

    protected async Task<UpstreamPeer> AcceptAsync(ScriptedUpstream? upstream = null) => Own(await (upstream ?? Upstream).AcceptAsync());

    /// <summary>A client that has presented a good placeholder as its password, and waits for what becomes of it.</summary>
    protected async Task<ScriptedClient> PresentAsync(params (string Name, string Value)[] parameters)
    {
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync("someone", "shop", parameters);
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint().Token);
        return client;
    }

    /// <summary>A session that relays.</summary>
    /// <param name="client">What has proven itself; null: a new one.</param>
    /// <param name="upstreamKey">The cancel key that the upstream gives.</param>
    /// <param name="greeted">What the upstream is asked by the gateway itself before the client is in; null: nothing.</param>
    protected async Task<(ScriptedClient Client, UpstreamPeer Upstream)> EstablishAsync(
        ScriptedClient? client = null, byte[]? upstreamKey = null, Func<UpstreamPeer, Task>? greeted = null)
    {
        client ??= await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password), "the gateway knows the password");
        await upstream.GreetAsync(key: upstreamKey);
        await (greeted?.Invoke(upstream) ?? Task.CompletedTask);
        Assert.That((await client.ReadGreetingAsync())[^1].Type, Is.EqualTo('Z'));
        return (client, upstream);
    }

    /// <summary>The client asks something, so that the upstream has something to answer.</summary>
    protected static async Task AskAsync(ScriptedClient client, UpstreamPeer upstream)
    {
        await client.SendAsync(ScriptedClient.Message('Q', [.. "select 1\0"u8]));
        await upstream.ExpectAsync('Q');
    }

    /// <summary>What a client is refused with, and the audit record that goes with it.</summary>
    protected async Task<PeerMessage> RefusedAsync(ScriptedClient client, string sqlState, SessionEnd end)
    {
        PeerMessage error = (await client.ReadGreetingAsync())[^1];
        Assert.That(error.Field('C'), Is.EqualTo(sqlState), error.ToString());
        Assert.That(error.Field('S'), Is.EqualTo("FATAL"));
        Assert.That(await client.ReadToEndAsync(), Is.Empty, "nothing comes behind a refusal");
        AuditEvent refused = Gateway.Records(AuditEventKind.SessionRefused).Single();
        if (Gateway.Records(AuditEventKind.SessionOpened).Count > 0)
        {
            Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(end));
        }

        Assert.That(refused.End, Is.EqualTo(end));
        Assert.That(error.Field('M'), Does.Contain($"(ref {refused.Reference})"));
        return error;
    }

    /// <summary>T05: no length that a peer merely claims is allocated for.</summary>
    protected static async Task WithLittleMemoryAsync(Func<Task> attack)
    {
        // Of all threads, the test's own buffers included; a claimed length in these tests is of this order or far above.
        const int Bound = 2 << 20;
        long before = GC.GetTotalAllocatedBytes();
        await attack();
        Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(Bound));
    }

    private T Own<T>(T peer)
        where T : IAsyncDisposable
    {
        _owned.Add(peer);
        return peer;
    }
}
